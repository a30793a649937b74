"""A run that no session can have measured is refused with one line before it is judged."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import msgspec
import pytest

from speedscore.record.measurement import Measurement
from speedscore.record.run_record import Certificate, Check, RunRecord
from speedscore.scoring.evidence.evidence import EvidenceError, NamedRun, check_runs
from speedscore.scoring.evidence.run_checks import find_problem
from tests.scoring.sample_probes import exported, probed_run
from tests.scoring.sample_runs import make_run, measured_case, skipped_case

TODAY = datetime.date(2026, 11, 26)


def run_with(**fields: Any) -> RunRecord:
    return make_run(measured_case("beta", 1.0), msgspec.structs.replace(measured_case("alpha", 1.0), **fields))


def created(when: str) -> RunRecord:
    return msgspec.structs.replace(run_with(), created=when)


def certificate(*, error: float, tolerance: float = 1e-5) -> Certificate:
    check = Check(quantity="loss", tensor="", error=error, tolerance=tolerance)
    return Certificate(reference="by hand", checks=(check,))


def memory(*samples: float) -> tuple[Measurement, ...]:
    return (Measurement(name="peak_resident_bytes", unit="bytes", better="lower", samples=samples),)


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (make_run(measured_case("alpha", 1e308)), "a round of alpha-mlp-cpu took 1e+308 s; expected 1e-12 to 1e+09"),
        (make_run(measured_case("alpha", 5e-324)), "a round of alpha-mlp-cpu took 4.94066e-324 s"),
        (run_with(measurements=memory(1.0, 1e308)), "peak_resident_bytes of alpha-mlp-cpu has a sample of 1e+308"),
        (run_with(measurements=memory(5e-324)), "has a sample of 4.94066e-324; expected 0 or 1e-18 to 1e+24"),
        (run_with(certificate=certificate(error=-1e300)), "the certificate of alpha-mlp-cpu has an error below zero"),
        (created("2031-01-01T00:00:00+00:00"), "made on 2031-01-01, after today, 2026-11-26"),
        (created("yesterday"), "its date 'yesterday' is none; expected ISO 8601"),
        (probed_run(msgspec.structs.replace(exported("mlp"), occasion=" ")), "' ' is none; expected ISO 8601"),
        (run_with(framework="w" * 61), "has 61 characters; expected at most 60"),
        (run_with(ecosystem=" "), "does not say of which framework, ecosystem and model it is"),
        (run_with(framework="beta", ecosystem="other"), "beta is of beta in one case and of other in another"),
        (
            run_with(framework="beta", ecosystem="beta", nodeid="x"),
            "beta mlp cpu training float32 stands in the run twice",
        ),
    ],
    ids=itertools.count(),
)
def test_what_cannot_have_been_measured_is_named(run: RunRecord, problem: str) -> None:
    found = find_problem(run, today=TODAY)
    assert problem in found
    assert "\n" not in found
    with pytest.raises(EvidenceError, match=r"^run.json: "):
        check_runs([NamedRun(name="run.json", record=run)], today=TODAY)


@pytest.mark.parametrize(
    "run",
    [
        run_with(measurements=memory(0.0, 1e12)),
        run_with(certificate=certificate(error=0.0, tolerance=0.0)),
        created("2026-11-27T10:00:00+14:00"),
        created("2024-01-01T10:00:00Z"),
        make_run(measured_case("alpha", 1e-9), skipped_case("alpha", reason="no such device", device="gpu")),
    ],
)
def test_what_can_have_been_measured_is_judged(run: RunRecord) -> None:
    assert find_problem(run, today=TODAY) == ""
