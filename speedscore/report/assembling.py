"""Puts the views and the details of a report together; which views there are stands here."""

from __future__ import annotations

from collections.abc import Callable

from speedscore.report.blocks import Detail, Report, View
from speedscore.report.content import Content
from speedscore.report.details.cases import case_details
from speedscore.report.details.claims import claim_details
from speedscore.report.details.facts import fact_details
from speedscore.report.details.findings import finding_details
from speedscore.report.details.layers import layer_details
from speedscore.report.details.probes import probe_details
from speedscore.report.details.runs import run_details
from speedscore.report.details.scores import score_details
from speedscore.report.ecosystems import all_series
from speedscore.report.views import (
    capabilities,
    claims,
    history,
    layers,
    mistakes,
    overview,
    performance,
    production,
    runs,
)

VIEWS: tuple[Callable[[Content], View | None], ...] = (
    overview.view,
    performance.view,
    capabilities.view,
    production.view,
    mistakes.view,
    claims.view,
    layers.view,
    history.view,
    runs.view,
)
"""In the order of the tabs."""
DETAILS: tuple[Callable[[Content], tuple[Detail, ...]], ...] = (
    score_details,
    finding_details,
    fact_details,
    claim_details,
    layer_details,
    probe_details,
    case_details,
    run_details,
)
"""What links lead to."""


def assemble(content: Content) -> Report:
    """Everything that the page holds."""
    return Report(
        title=_title(content),
        subtitle=_subtitle(content),
        views=tuple(view for make in VIEWS if (view := make(content)) is not None),
        details=tuple(detail for make in DETAILS for detail in make(content)),
        series=all_series(content),
        card=content.card(),
    )


def _title(content: Content) -> str:
    names = [card.name for card in content.scores.cards]
    return f"speedscore: {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"speedscore: {names[0]}"


def _subtitle(content: Content) -> str:
    facts = f"facts of {content.scores.snapshot}"
    runs = content.scores.runs
    if not runs:
        return f"{facts}; nothing was measured"
    machines = " and ".join(dict.fromkeys(run.machine for run in runs if run.machine)) or "an unnamed machine"
    older = f"; {len(content.left_out)} older or other runs as history" if content.left_out else ""
    return f"{', '.join(run.name for run in runs)}; preset {runs[0].preset} on {machines}; {facts}{older}"
