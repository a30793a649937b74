"""What a report is made of in tests: the sample runs, and small made-up facts without any run."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from speedscore.record.run_file import load_run
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.report.blocks import Report
from speedscore.report.content import Content, Judging, make_content
from speedscore.report.reading import GivenRuns
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.facts.fact import Fact
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.facts.statement import Statement
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.score_report import build_report
from tests.places import ROOT
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_snapshot
from tests.scoring.sample_runs import make_run

RUNS = ROOT / "fixtures" / "runs"
CAPABILITIES = RUNS / "2026-11-26-capabilities.json"
# Of one device, so that what stands in the page once is what these tests look for.
SAMPLE_RUNS = tuple(RUNS / f"2026-11-{name}.json" for name in ("28-cpu-smoke", "26-probes", "26-probes-tensorflow"))


def sample_content(rubric: Rubric = RUBRIC, *, runs: Iterable[Path] = SAMPLE_RUNS) -> Content:
    """Of the runs that come with the package, and its facts."""
    given = GivenRuns(runs=tuple(NamedRun(name=str(path), record=load_run(path)) for path in runs))
    return make_content(given, Judging(rubric, month="2026-11"))


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
    *facts: Fact,
    rubric: Rubric = RUBRIC,
    statements: Sequence[Statement] = (),
    layers: Sequence[Snapshot] = (),
    cases: Sequence[CaseResult] = (),
    run_name: str = "run.json",
) -> Content:
    """Of made-up facts and statements, a snapshot a framework; of ``layers``, and of a run that holds ``cases``."""
    made = [
        make_snapshot(
            *(fact for fact in facts if fact.framework == framework),
            framework=framework,
            statements=tuple(each for each in statements if each.framework == framework),
        )
        for framework in dict.fromkeys(fact.framework for fact in facts)
    ]
    runs = (NamedRun(name=run_name, record=make_run(*cases)),) if cases else ()
    evidence = make_evidence(*made, *layers, runs=runs, rubric=rubric)
    return Content(
        runs=runs,
        rubric=rubric,
        evidence=evidence,
        scores=build_report(rubric, evidence, frameworks=evidence.frameworks()),
    )


def content_of_run(run: RunRecord) -> Content:
    """Of one run as it stands, and no facts."""
    return msgspec.structs.replace(content_of(cases=run.cases), runs=(NamedRun(name="run.json", record=run),))
