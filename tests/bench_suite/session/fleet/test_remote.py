"""What a machine makes of a block: the same as a session there would, told as it becomes known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.matrix.devices import DetectedDevice
from speedscore.bench_suite.measuring.outcomes import OUT_OF_TIME
from speedscore.bench_suite.session.fleet.messages import Known, Message, Request, Said
from speedscore.bench_suite.session.fleet.remote import measure_cases
from speedscore.bench_suite.session.running.machine import Machine
from speedscore.bench_suite.workloads.table import MODELS
from speedscore.record.phases import DeviceName
from speedscore.record.run_record import CaseResult
from tests.bench_suite.measuring.fakes import PRESET, FakeWorkers, Sample
from tests.clocks import FakeClock


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two frameworks that need nothing."""
    for name in ("first", "second"):
        framework = Framework(name, builder="no.package:build", ecosystem="sample", extra="", packages=())
        monkeypatch.setitem(FRAMEWORKS, name, framework)
    module = "tests.bench_suite.sample_framework.mlp"
    line = msgspec.structs.replace(MODELS["mlp"], implementations={"first": module, "second": module})
    monkeypatch.setitem(MODELS, "mlp", line)


class Elsewhere:
    def __init__(self, *, rounds: dict[str, Iterator[Sample]] | None = None, absent: str = "") -> None:
        self.clock = FakeClock(now=100.0)
        self.workers = FakeWorkers(self.clock, rounds)
        self.told: list[Message] = []
        found = DetectedDevice(found=() if absent else ("one",), looked_for=absent)
        self._machine = Machine(
            environment={},
            detectors={device: lambda: found for device in get_args(DeviceName)},
            busy_processors=lambda _: 0.0,
            clock=self.clock,
        )

    def measure(self, **asked: Any) -> dict[str, CaseResult]:
        cases = {name: Case(name, "mlp", "cpu", "training") for name in ("first", "second")}
        request = Request(cases, PRESET, seed=1, environment={}, **{"processes": 2} | asked)
        results = measure_cases(request, machine=self._machine, open_workers=self.workers.open, tell=self.told.append)
        assert [result.nodeid for result in results] == list(cases)
        return {result.nodeid: result for result in results}

    @property
    def known(self) -> list[dict[str, CaseResult]]:
        return [{case.nodeid: case for case in each.cases} for each in self.told if isinstance(each, Known)]


def test_what_is_measured_is_told_after_each_process_and_at_the_end() -> None:
    elsewhere = Elsewhere()
    results = elsewhere.measure()
    after_one, at_the_end = elsewhere.known
    assert {(case.status, case.stopped) for case in after_one.values()} == {("measured", "interrupted")}
    assert {each.process for each in after_one["first"].rounds} == {0}
    assert at_the_end == results
    assert {each.process for each in results["first"].rounds} == {0, 1}
    assert [each.line.partition(":")[0] for each in elsewhere.told if isinstance(each, Said)] == [
        "training first",
        "training second",
    ]


def test_a_case_that_fails_there_costs_no_other_and_says_why() -> None:
    results = Elsewhere(rounds={"second": iter([RuntimeError("fell over: the last lines of its log")])}).measure()
    assert results["first"].status == "measured"
    assert (results["second"].status, results["second"].reason) == ("failed", "fell over: the last lines of its log")


def test_a_device_that_is_not_there_starts_nothing() -> None:
    elsewhere = Elsewhere(absent="a file")
    reasons = {(case.status, case.reason) for case in elsewhere.measure().values()}
    assert reasons == {("skipped", "no cpu: found none of what was looked for: a file")}
    assert not elsewhere.workers.opened


def test_a_budget_is_for_this_block_alone() -> None:
    in_time, too_late = (Elsewhere().measure(budget_seconds=seconds) for seconds in (3600.0, 1.0))
    assert {case.status for case in in_time.values()} == {"measured"}
    assert {case.reason for case in too_late.values()} >= {OUT_OF_TIME}
