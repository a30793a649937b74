"""What a report is made of in tests: the sample runs, and small made-up facts without any run."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from speedscore.record.run_file import load_run
from speedscore.record.run_record import RunRecord
from speedscore.report.blocks import Report
from speedscore.report.content import Content, make_content
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.facts.fact import Fact
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.score_report import build_report
from tests.places import ROOT
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_snapshot

SAMPLE_RUNS = tuple(sorted((ROOT / "fixtures" / "runs").glob("*.json")))


def sample_content(rubric: Rubric = RUBRIC, *, runs: Iterable[Path] = SAMPLE_RUNS) -> Content:
    """Of the runs that come with the package, and its facts."""
    return make_content(rubric, [NamedRun(name=path.name, record=load_run(path)) for path in runs], month="2026-11")


@functools.cache
def shared_content() -> Content:
    """The same, made once for all tests that only read it."""
    return sample_content()


@functools.cache
def shared_report() -> Report:
    """What the page of the sample runs is made of, made once for all tests that only read it."""
    # It imports what draws, which not every test of this module's users needs.
    from speedscore.report.assembling import assemble

    return assemble(shared_content())


def content_of(
    *facts: Fact, rubric: Rubric = RUBRIC, snapshots: tuple[Snapshot, ...] = (), run: RunRecord | None = None
) -> Content:
    """Of made-up facts, a snapshot a framework, and of ``run``."""
    frameworks = dict.fromkeys(fact.framework for fact in facts)
    made = [
        make_snapshot(*(fact for fact in facts if fact.framework == framework), framework=framework)
        for framework in frameworks
    ]
    runs = (NamedRun(name="run.json", record=run),) if run is not None else ()
    evidence = make_evidence(*made, *snapshots, runs=runs, rubric=rubric)
    return Content(
        runs=runs,
        left_out=(),
        rubric=rubric,
        evidence=evidence,
        scores=build_report(rubric, evidence, frameworks=evidence.frameworks()),
    )
