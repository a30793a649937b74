"""From what came of a gate, or why it could not run, to its report. It measures, writes and prints nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from speedscore.gate.checkouts.worktrees import SourceTree, commits_missing_in_head
from speedscore.gate.loop.outcome import GateOutcome
from speedscore.gate.pairs.plan import arguments_beside_base
from speedscore.gate.reporting.report import SCHEMA_VERSION, GateExit, GateReport, SideReport, conclude, conclude_canary
from speedscore.gate.reporting.reproducing import command_alone
from speedscore.gate.request import GateRequest
from speedscore.host.fields import Scalar
from speedscore.verdicts.settings import Settings


class GateContext(msgspec.Struct, frozen=True):
    """What one gate was asked for, and the two checkouts that it compares."""

    config: pytest.Config
    request: GateRequest
    settings: Settings
    base: SourceTree
    head: SourceTree
    packages: tuple[dict[str, str], dict[str, str]] = ({}, {})
    """Versions of those that differ between base and head."""


def blank_report(context: GateContext, *, environment: dict[str, Scalar], warnings: Sequence[str] = ()) -> GateReport:
    """What is known of a gate before anything is measured. Its exit code and its headline say nothing yet."""
    base, head = (
        SideReport(description=tree.description, commit=tree.commit, dirty=tree.dirty, packages=versions)
        for tree, versions in zip((context.base, context.head), context.packages, strict=True)
    )
    general = context.settings.for_case("", "")
    return GateReport(
        schema_version=SCHEMA_VERSION,
        created=now_text(),
        base=base,
        head=head,
        seconds=0.0,
        exit_code=GateExit.CANNOT_RUN,
        headline="",
        time=general.time,
        memory=general.memory,
        canary=context.request.canary or None,
        warnings=(*warnings, *_warnings(context)),
        environment=environment,
        part="" if context.request.part is None else str(context.request.part),
        arguments=arguments_beside_base(context.config, context.head),
        folder=_folder(context),
    )


def report_of(outcome: GateOutcome, context: GateContext, blank: GateReport, *, seconds: float) -> GateReport:
    """The blank report, filled in."""
    code, headline = _conclude(context.request, outcome)
    base, head = (
        msgspec.structs.replace(side, python=python)
        for side, python in zip((blank.base, blank.head), outcome.pythons, strict=True)
    )
    report = msgspec.structs.replace(
        blank,
        created=now_text(),
        base=base,
        head=head,
        looks=outcome.looks,
        early_looks=outcome.early_looks,
        verdicts=outcome.verdicts,
        claims=outcome.claims,
        reasons=outcome.reasons,
        missing=outcome.missing,
        skipped=outcome.skipped,
        left_out=outcome.left_out,
        warnings=(*outcome.warnings, *blank.warnings),
        cut_off=outcome.cut_off,
        pairs=outcome.pairs,
        all_cases=outcome.all_cases,
        seconds=seconds,
        exit_code=code,
        headline=headline,
    )
    return msgspec.structs.replace(report, reproduce=commands(report))


def commands(report: GateReport) -> dict[str, str]:
    """By case that regressed, what gates it alone; none for a canary."""
    if report.canary is not None:
        return {}
    regressed = dict.fromkeys(verdict.case for verdict in report.verdicts if verdict.outcome == "regressed")
    return {case: command for case in regressed if (command := command_alone(report, case))}


def _folder(context: GateContext) -> str:
    """Where the command that gates one case is started, in a clone."""
    folder = os.path.relpath(context.config.rootpath.resolve(), context.head.root.resolve())
    return "" if folder == os.curdir else folder


def _warnings(context: GateContext) -> list[str]:
    missing = commits_missing_in_head(context.head, context.base)
    if not missing:
        return []
    return [
        f"base has {missing} commits that head lacks, and what they changed counts against head: rebase, or gate "
        f"against $(git merge-base HEAD {context.request.base})"
    ]


def _conclude(request: GateRequest, outcome: GateOutcome) -> tuple[GateExit, str]:
    if request.canary:
        return conclude_canary(outcome.verdicts, request.canary)
    return conclude(
        outcome.verdicts,
        outcome.missing,
        inconclusive_passes=request.inconclusive_passes,
        cut_off=outcome.cut_off,
        nothing=outcome.nothing,
        left_out=len(outcome.left_out),
        claims=outcome.claims,
    )


def cannot_run(headline: str, config: pytest.Config, *, seconds: float) -> GateReport:
    """The report of a gate that has no more than that to say."""
    return GateReport(
        schema_version=SCHEMA_VERSION,
        created=now_text(),
        base=SideReport(description=str(config.getoption("speedscore_gate") or config.rootpath)),
        head=SideReport(description=str(config.rootpath)),
        seconds=seconds,
        exit_code=GateExit.CANNOT_RUN,
        headline=headline,
        part=config.getoption("speedscore_gate_part") or "",
    )


def now_text() -> str:
    """This moment in UTC, as reports write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
