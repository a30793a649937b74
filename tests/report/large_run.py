"""A saved run as large as a page must carry: 500 measured cases, each with all that a session saves of one."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from speedscore.record.phases import MODEL_PHASES
from speedscore.record.ratios import find_ratios
from speedscore.record.run_file import load_run
from speedscore.record.run_record import CaseResult, Round, RunRecord
from tests.places import ROOT

FRAMEWORKS = 10
MODELS = 10
PROCESSES = 2
ROUNDS = 50
"""In each process."""


def large_run() -> RunRecord:
    """Ten frameworks with ten models in all of their phases. What a case saves beside its rounds is a real case's."""
    run = load_run(ROOT / "fixtures" / "runs" / "2026-11-28-cpu-smoke.json")
    cases = tuple(_cases(run, random.Random(0)))
    return msgspec.structs.replace(run, cases=cases, ratios=find_ratios(cases), probes=())


def _cases(run: RunRecord, drawn: random.Random) -> Iterator[CaseResult]:
    measured = [case for case in run.cases if case.status == "measured"]
    for phase in MODEL_PHASES:
        like = next(case for case in measured if case.phase == phase)
        for model in range(MODELS):
            for framework in range(FRAMEWORKS):
                name = f"framework-{framework}-model-{model}-cpu"
                yield msgspec.structs.replace(
                    like,
                    id=name,
                    nodeid=f"bench_suite/test_{phase}.py::test_{phase}[{name}]",
                    framework=f"framework-{framework}",
                    ecosystem=f"ecosystem-{framework}",
                    model=f"model-{model}",
                    rounds=_rounds(drawn, seconds=0.01 * (1 + framework) * (1 + model)),
                )


def _rounds(drawn: random.Random, *, seconds: float) -> tuple[Round, ...]:
    """As a clock gives them: 16 digits each."""
    return tuple(
        Round(seconds * drawn.lognormvariate(0.0, 0.05), turn=turn, process=process)
        for process in range(PROCESSES)
        for turn in range(ROUNDS)
    )
