"""What the views read: the saved runs, the scores made from them, and the history beside them.

It gathers records that other packages have made and checked; it computes nothing itself and writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from speedscore.history.asking.changes import HistoryReport, history_of
from speedscore.record.phases import DEVICES, PHASES
from speedscore.record.run_record import CaseResult
from speedscore.report.choosing import choose_runs
from speedscore.report.reading import GivenRuns
from speedscore.scoring.cards import json as card_json
from speedscore.scoring.cards import wording
from speedscore.scoring.claims.claim_files import shipped_claims
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.evidence.shipped import gather_evidence, read_snapshots
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.score_report import ScoreReport, build_report


class Judging(msgspec.Struct, frozen=True):
    """By what the runs are scored."""

    rubric: Rubric
    facts: tuple[Path, ...] = ()
    """Folders beside the shipped one."""
    month: str | None = None
    """Of the snapshot; None for the newest."""
    departures: tuple[str, ...] = ()
    """What of the rubric is not the package's own."""


class Content(msgspec.Struct, frozen=True):
    """Everything that may be shown."""

    runs: tuple[NamedRun, ...]
    """Those that are scored."""
    rubric: Rubric
    evidence: Evidence
    scores: ScoreReport
    left_out: tuple[tuple[NamedRun, str], ...] = ()
    """Runs that are history, each with the reason why it is not scored; the newest first."""
    history: HistoryReport | None = None
    """Of all runs; None where there is one."""
    pages: dict[str, str] = {}
    """Run → its own page beside this one, where there is one."""

    @property
    def cases(self) -> tuple[tuple[NamedRun, CaseResult], ...]:
        """Every selected case with its run, in the order of devices, precisions, phases and models."""
        phases, devices = list(PHASES), list(DEVICES)
        return tuple(
            sorted(
                ((run, case) for run in self.runs for case in run.record.cases),
                key=lambda pair: (
                    devices.index(pair[1].device),
                    pair[1].place,
                    phases.index(pair[1].phase),
                    pair[1].model,
                ),
            )
        )

    @property
    def frameworks(self) -> tuple[str, ...]:
        """Every line of the matrix that a run selected, measured ones first, those of the history last, each once."""
        measured = [case.framework for _, case in self.cases if case.status == "measured"]
        asked = [probe.framework for run in self.runs for probe in run.record.probes]
        once = [each.series.framework for each in self.history.series] if self.history else []
        return tuple(
            filter(None, dict.fromkeys([*measured, *(case.framework for _, case in self.cases), *asked, *once]))
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Where scores and facts come from: what was known when, and the runs that are scored."""
        return (wording.known_by(self.scores), *(run.name for run in self.scores.runs))

    def card(self) -> dict[str, Any]:
        """The score card as ``speedscore card --format json`` prints it."""
        document: dict[str, Any] = json.loads(card_json.render(self.scores, width=0))
        return document


def make_content(given: GivenRuns, judging: Judging, *, pages: Mapping[str, str] | None = None) -> Content:
    """Score the runs that can be scored together, put them beside the facts, and all of them into a history.

    ``pages`` name the runs' own pages. Raises FactError and EvidenceError.
    """
    rubric = judging.rubric
    chosen = choose_runs(given.runs)
    evidence = gather_evidence(rubric, read_snapshots(rubric, judging.facts), month=judging.month, runs=chosen.scored)
    everybody = evidence.measured_frameworks() or evidence.frameworks()
    return Content(
        runs=chosen.scored,
        left_out=chosen.left_out,
        rubric=rubric,
        evidence=evidence,
        scores=build_report(
            rubric, evidence, frameworks=everybody, departures=judging.departures, claims=shipped_claims()
        ),
        # Of one run there is none.
        history=history_of(given.saved, given.marks) if len(given.saved) > 1 else None,
        pages=dict(pages or {}),
    )
