"""A case in a gate is measured by its own test, by a worker that is stopped whenever nobody asks it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.matrix.devices import DetectedDevice
from speedscore.bench_suite.measuring.outcomes import CACHES_UNTOLD, NOTHING_FROM_CACHES
from speedscore.bench_suite.session.running.machine import Detectors
from speedscore.bench_suite.session.running.paired_case import MOST_ROUNDS, NO_EXTRA_COMPILATION, measure_paired_case
from speedscore.bench_suite.session.virtual_clock import VirtualClock
from speedscore.bench_suite.workers.handle import WorkerLost
from speedscore.bench_suite.workers.protocol import Build, Describe, Prepare, Request, TimeRound
from speedscore.record.phases import MODEL_ROLES, DeviceName, Phase, Role
from tests.bench_suite.measuring.fakes import PREPARING_SECONDS, PRESET, FakeWorkers, steady
from tests.bench_suite.sample_session import Matrix
from tests.clocks import FakeClock
from tests.places import HELPERS

STEP_SECONDS = 0.002


class Pairing:
    """The gate's word, where the other side offers ``other`` steps and the larger number is taken."""

    def __init__(self, *, other: int = 1, extra_work: float = 0.0, known: int | None = None) -> None:
        self.extra_work = extra_work
        self.known = known
        self.offered: list[int] = []
        self._other = other

    def agree(self, steps: int, /) -> int:
        self.offered.append(steps)
        return max(steps, self._other)


class Benchmark:
    """As much of the fixture as is used, with three rounds."""

    def __init__(self, clock: VirtualClock, pairing: Pairing, after_round: Callable[[], None]) -> None:
        self.pairing = pairing
        self.extra_info: dict[str, Any] = {}
        self.rounds = 0
        self.seconds: list[float] = []
        self._clock = clock
        self._after_round = after_round

    def pedantic(self, target: Callable[[], None], *, rounds: int, iterations: int) -> None:
        assert iterations == 1
        self.rounds = rounds
        for _ in range(min(rounds, 3)):
            self._clock.read()
            target()
            self.seconds.append(self._clock.read())
            self._after_round()


class Side:
    """Measures cases as a gate's side does, with workers that are made up; nobody is awake between rounds."""

    def __init__(self) -> None:
        self.workers = FakeWorkers(FakeClock())
        self.workers.steps_per_round = 5
        self.workers.from_cache = True
        self.detectors: Detectors = {
            device: lambda: DetectedDevice(found=("one",), looked_for="") for device in get_args(DeviceName)
        }

    def measure(self, phase: Phase = "training", device: DeviceName = "cpu", **pairing: Any) -> Benchmark:
        clock = VirtualClock()
        benchmark: Any = Benchmark(clock, Pairing(**pairing), self.check_nobody_is_awake)
        framework = "jax"
        names = (framework, *(f"{framework} {role}" for role in MODEL_ROLES))
        self.workers.rounds = {name: steady(STEP_SECONDS) for name in names}
        try:
            measure_paired_case(
                Case(framework, "mlp", device, phase),
                preset=PRESET,
                clock=clock,
                benchmark=benchmark,
                open_workers=self.workers.open,
                detectors=self.detectors,
            )
        finally:
            assert not self.workers.alive
        measured: Benchmark = benchmark
        return measured

    def check_nobody_is_awake(self) -> None:
        assert all(worker.frozen for worker in self.workers.alive)

    @property
    def measured_steps(self) -> set[int]:
        return {request.steps for request in self.workers.asked if isinstance(request, TimeRound)}


@pytest.fixture
def side(monkeypatch: pytest.MonkeyPatch) -> Side:
    monkeypatch.setitem(FRAMEWORKS, "jax", msgspec.structs.replace(FRAMEWORKS["jax"], packages=(), declined={}))
    return Side()


@pytest.mark.parametrize("role", MODEL_ROLES)
def test_rounds_are_those_of_one_worker(side: Side, role: Role) -> None:
    benchmark = side.measure(role, other=7)
    assert benchmark.seconds == [STEP_SECONDS] * 3
    assert benchmark.rounds == MOST_ROUNDS
    assert len(side.workers.started) == 1
    assert benchmark.pairing.offered == [5]
    assert [request for request in side.workers.asked if isinstance(request, TimeRound)] == [TimeRound(role, 7)] * 3


def test_the_fixture_is_told_what_to_compare(side: Side) -> None:
    told = side.measure().extra_info
    del told["speedscore_stages_seconds"]
    assert told == {
        "speedscore_identity": {
            "workload.batch": 4,
            "preset": "smoke",
            "precision": "float32",
            "platform": "cpu",
            "threads": 2,
            "certificate": "made up",
        },
        "speedscore_counts": {"xla_flops": 12},
        "speedscore_memory_bytes": 7,
    }
    assert side.measure("compilation", "gpu").extra_info["speedscore_memory_bytes"] == 9


def test_where_the_seconds_went_is_told_from_the_worker_s_own_account(side: Side) -> None:
    """By the names of a gate; of a compilation they are what a round is made of."""
    stages = side.measure().extra_info["speedscore_stages_seconds"]
    assert list(stages) == ["import", "trace", "first step"]
    assert "speedscore_round_stages_seconds" not in side.measure().extra_info
    compiled = side.measure("compilation").extra_info
    assert compiled["speedscore_round_stages_seconds"] == {"trace": stages["trace"], "first step": stages["first step"]}


def test_steps_that_are_known_are_offered_again(side: Side) -> None:
    assert side.measure(known=11).pairing.offered == [11]


@pytest.mark.parametrize(
    ("steps", "extra_work", "other", "measured"),
    [(5, 0.05, 1, 21), (5, 0.1, 1, 11), (19, 0.0, 1, 19), (21, 0.0, 1, 40), (21, 0.05, 1, 42), (3, 0.05, 60, 63)],
)
def test_a_canary_takes_whole_steps_and_lets_their_time_pass(
    side: Side, steps: int, extra_work: float, other: int, measured: int
) -> None:
    side.workers.steps_per_round = steps
    benchmark = side.measure(extra_work=extra_work, other=other)
    assert side.measured_steps == {measured}
    assert benchmark.seconds == pytest.approx([STEP_SECONDS * (1 + extra_work)] * 3)


def test_a_compilation_is_timed_once_from_empty_caches(side: Side) -> None:
    benchmark = side.measure("compilation")
    assert (benchmark.seconds, benchmark.rounds) == ([PREPARING_SECONDS], 1)
    assert len(side.workers.started) == 1
    assert not benchmark.pairing.offered


@pytest.mark.parametrize("compiles", [True, False])
def test_a_warm_compilation_has_the_caches_of_a_worker_before_it(side: Side, compiles: bool) -> None:
    side.workers.compiles = compiles
    side.workers.from_cache = True if compiles else None
    benchmark = side.measure("warm_compilation")
    assert (benchmark.seconds, benchmark.rounds) == ([PREPARING_SECONDS / 2], 1)
    assert len(side.workers.started) == 2
    assert [worker.process for worker in side.workers.started] == [0, 1], "of one pair: it has the first one's caches"


def test_a_warm_compilation_that_took_nothing_from_the_caches_fails(side: Side) -> None:
    side.workers.from_cache = False
    with pytest.raises(pytest.fail.Exception, match=NOTHING_FROM_CACHES):
        side.measure("warm_compilation")


def test_a_warm_compilation_of_which_nobody_knows_whether_it_was_warm_is_skipped(side: Side) -> None:
    side.workers.from_cache = None
    with pytest.raises(pytest.skip.Exception, match=CACHES_UNTOLD):
        side.measure("warm_compilation")


@pytest.mark.parametrize("phase", ["compilation", "warm_compilation"])
def test_nothing_can_be_added_to_a_compilation(side: Side, phase: Phase) -> None:
    with pytest.raises(pytest.skip.Exception, match=NO_EXTRA_COMPILATION):
        side.measure(phase, extra_work=0.05)
    assert not side.workers.started


def test_two_processes_take_no_turns_on_what_serves_one(side: Side) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"two processes cannot share a TPU.*compare saved runs"):
        side.measure(device="tpu")
    assert not side.workers.started


def test_what_is_known_to_be_absent_starts_nothing(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    side.detectors = {**side.detectors, "gpu": lambda: DetectedDevice(found=(), looked_for="a card")}
    with pytest.raises(pytest.skip.Exception, match="no gpu: found none of what was looked for: a card"):
        side.measure(device="gpu")
    declines = msgspec.structs.replace(FRAMEWORKS["jax"], declined={"cpu": "jax has none"})
    monkeypatch.setitem(FRAMEWORKS, "jax", declines)
    with pytest.raises(pytest.skip.Exception, match="jax has none"):
        side.measure()
    assert not side.workers.opened


@pytest.mark.parametrize(
    ("phase", "breaks_at"),
    [
        *((phase, request) for phase in ("training", "warm_compilation") for request in (Build, Prepare, Describe)),
        ("training", TimeRound),
    ],
)
def test_whatever_happens_the_worker_is_gone(side: Side, phase: Phase, breaks_at: type[Request]) -> None:
    side.workers.errors = {breaks_at: WorkerLost("died")}
    with pytest.raises(pytest.fail.Exception, match="jax-mlp-cpu: died"):
        side.measure(phase)
    side.workers.errors = {breaks_at: DeviceUnavailable("no such card")}
    with pytest.raises(pytest.skip.Exception, match="no such card"):
        side.measure(phase)
    side.workers.errors = {breaks_at: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        side.measure(phase)


def test_a_worker_is_asked_for_what_the_preset_says(side: Side) -> None:
    side.measure()
    (prepare,) = (request for request in side.workers.asked if isinstance(request, Prepare))
    assert prepare == Prepare("training", round_seconds=PRESET.round_seconds, warm_up=PRESET.warm_up)


def test_in_a_gate_cases_are_measured_by_their_tests_and_nothing_is_saved(matrix: Matrix) -> None:
    matrix.make("training", "compilation", good="healthy", bad="wrong", off="unavailable")
    shutil.copy(HELPERS / "sample_gate_side.py", matrix.folder / "speedscore_gate_side.py")
    result = matrix.run("-p", "speedscore_gate_side", "-rs", "-k", "good or test_training", "--require-device", "tpu")
    # Three phases of one framework and one of two others, on three devices.
    result.assert_outcomes(passed=3, failed=1, skipped=11, deselected=12)
    result.stdout.fnmatch_lines(["*certificate*", "*this build of the sample framework has none*"])
    result.stdout.fnmatch_lines(["*two processes cannot share a TPU*"])
    result.stdout.no_fnmatch_line("*the run is saved*")
    result.stdout.no_fnmatch_line("*require-device*")
    assert not list(matrix.folder.glob(".benchmarks/**/*.json"))
    found = json.loads((matrix.folder / "seen.json").read_text())
    assert found["left"] == 0
    good = {nodeid.partition("::")[2]: seen for nodeid, seen in found["tests"].items() if "good" in nodeid}
    assert good["test_training[good-mlp-cpu]"]["states"] == [["stopped"]] * 3
    assert all(seconds > 0 for seconds in good["test_training[good-mlp-cpu]"]["seconds"])
    for phase in ("test_compilation", "test_warm_compilation"):
        seen = good[f"{phase}[good-mlp-cpu]"]
        assert seen["states"] == [[]]
        assert len(seen["seconds"]) == 1
    for seen in good.values():
        told = seen["told"]
        assert told["speedscore_counts"]["graph_breaks"] == 3
        assert told["speedscore_memory_bytes"] > 0
        assert told["speedscore_identity"]["platform"] == "cpu"
        assert told["speedscore_identity"]["preset"] == told["speedscore_identity"]["workload.preset"] == "smoke"
