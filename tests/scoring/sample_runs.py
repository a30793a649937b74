"""Small saved runs for tests of scoring, built from the record's own structs. No framework runs here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from speedscore.host.peaks import Precision
from speedscore.record.measurement import Measurement
from speedscore.record.phases import FLOAT32, DeviceName, Phase
from speedscore.record.run_record import CaseResult, RunRecord
from tests.sample_runs import a_case, a_run

ANNOUNCING = """
import pathlib
from speedscore.record.run_file import load_run

def pytest_sessionfinish(session):
    path = pathlib.Path("run.json")
    if path.exists():
        hook = session.config.hook.pytest_speedscore_run
        hook(config=session.config, run=load_run(path), run_path=str(path.absolute()))
"""
"""A conftest that announces ``run.json`` as the measuring half would."""


def measured_case(
    framework: str,
    seconds: float | Sequence[float],
    *,
    ecosystem: str = "",
    model: str = "mlp",
    phase: Phase = "training",
    device: DeviceName = "cpu",
    precision: Precision = FLOAT32,
    extra: Iterable[Measurement] = (),
    processes: int = 1,
) -> CaseResult:
    """A measured case; ``seconds`` are the rounds of each process, or the one value of three equal rounds."""
    rounds = (seconds,) * 3 if isinstance(seconds, float) else tuple(seconds)
    case_id = f"{framework}-{model}-{device}" if precision == FLOAT32 else f"{framework}-{model}-{precision}-{device}"
    return a_case(
        framework,
        [rounds] * processes,
        phase=phase,
        model=model,
        extra=extra,
        id=case_id,
        nodeid=f"bench_suite/test_{phase}.py::test_{phase}[{case_id}]",
        ecosystem=ecosystem or framework,
        device=device,
        precision=precision,
        occasion="",
        stopped="",
        workload={"batch": 8, "cut": "depth", "preset": "smoke"},
    )


def skipped_case(
    framework: str, *, reason: str, model: str = "mlp", phase: Phase = "training", device: DeviceName = "cpu"
) -> CaseResult:
    case_id = f"{framework}-{model}-{device}"
    return CaseResult(
        id=case_id,
        nodeid=f"bench_suite/test_{phase}.py::test_{phase}[{case_id}]",
        framework=framework,
        ecosystem=framework,
        model=model,
        device=device,
        phase=phase,
        precision="float32",
        status="skipped",
        reason=reason,
    )


def make_run(*cases: CaseResult, preset: str = "smoke", in_process: bool = False) -> RunRecord:
    """A run whose cases stay without an occasion, so that several runs may hold the same ones."""
    run = a_run(preset=preset, in_process=in_process, environment={"cpu.model": "Test Processor"})
    return msgspec.structs.replace(run, created="2026-11-22T12:00:00+00:00", seed=0, cases=tuple(cases))


def two_frameworks() -> RunRecord:
    """JAX against both variants of PyTorch in every phase, in two processes, with one skip on another device."""
    cases = []
    for model, factor in (("mlp", 1.0), ("resnet50", 20.0), ("gpt", 5.0)):
        timed: tuple[tuple[Phase, float, float, float], ...] = (
            ("training", 0.010, 0.012, 0.008),
            ("inference", 0.002, 0.003, 0.0025),
            ("compilation", 1.5, 0.1, 9.0),
        )
        for phase, own, eager, compiled in timed:
            cases += [
                measured_case(framework, seconds * factor, ecosystem=ecosystem, model=model, phase=phase, processes=2)
                for framework, ecosystem, seconds in (
                    ("jax", "jax", own),
                    ("torch", "pytorch", eager),
                    ("torch-compile", "pytorch", compiled),
                )
            ]
    cases.append(skipped_case("jax", reason="no GPU found", device="gpu"))
    return make_run(*cases)
