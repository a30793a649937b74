"""Our own cases in a gate: played live, by a worker that is stopped whenever nobody asks it, and with nothing saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.matrix.devices import PROBES, DeviceProbe
from speedscore.bench_suite.measuring.block import NOTHING_FROM_CACHES
from speedscore.bench_suite.session import playing
from speedscore.bench_suite.session.playing import MOST_ROUNDS, NO_EXTRA_COMPILATION, play_case
from speedscore.bench_suite.session.virtual_clock import VirtualClock
from speedscore.bench_suite.workers.handle import WorkerLost
from speedscore.bench_suite.workers.protocol import (
    Build,
    Built,
    Describe,
    Described,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Reply,
    Request,
)
from speedscore.bench_suite.workloads.presets import find_preset
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.phases import DeviceName, Phase, Role
from speedscore.record.run_record import Certificate, Check
from tests.bench_suite.sample_session import Matrix

STEP_SECONDS = 0.002
COLD_SECONDS, WARM_SECONDS = 8.0, 3.0


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


class Worker:
    """Writes down what it is asked. Its first process finds empty caches."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.awake = True
        self.closed = False
        self.number = len(stage.workers)

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:
        assert limit_seconds == find_preset("smoke").limit_seconds
        self.awake = True
        self.stage.asked.append(request)
        if isinstance(request, self.stage.breaks_at):
            raise self.stage.error
        match request:
            case Build(setting):
                self.stage.caches.append(setting.caches)
                return Built(workload={"batch": 4}, flops={})
            case Prepare():
                return self._prepare()
            case Measure():
                return Measured(seconds=STEP_SECONDS)
            case Describe():
                return Described(
                    program=ProgramDescription(platform="cpu", threads=2, variant="x"), worker=WorkerDescription()
                )
        raise AssertionError(request)

    def _prepare(self) -> Prepared:
        return Prepared(
            stages_seconds={},
            first_step_seconds=1.0,
            time_to_first_step_seconds=WARM_SECONDS if self.number else COLD_SECONDS,
            memory_bytes={"static_plan_bytes": 1, "peak_rss_running_bytes": 7, "allocator_peak_bytes": 9},
            certificate=Certificate("made up", (Check("loss", "", 0.1, 1.0),)),
            steps_per_round=self.stage.steps,
            counts={"xla_flops": 12},
            from_cache=self.stage.from_cache and self.number > 0,
        )

    def freeze(self) -> None:
        self.awake = False

    def close(self) -> None:
        self.closed = True
        self.awake = False


class Stage:
    """Plays cases with workers that are made up, and looks after each round for one that is awake."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self.asked: list[Request] = []
        self.caches: list[str] = []
        self.steps = 5
        self.from_cache: bool | None = True
        self.breaks_at: tuple[type, ...] = ()
        self.error: Exception = WorkerLost("died")

    def start(self, *_: Any) -> Worker:
        assert not self.workers or self.workers[-1].closed
        self.workers.append(Worker(self))
        return self.workers[-1]

    def play(self, phase: Phase = "training", device: DeviceName = "cpu", **pairing: Any) -> Benchmark:
        clock = VirtualClock()
        benchmark: Any = Benchmark(clock, Pairing(**pairing), self.check_nobody_is_awake)
        case = Case("jax", "mlp", device, phase)
        try:
            play_case(case, preset=find_preset("smoke"), clock=clock, benchmark=benchmark)
        finally:
            assert all(worker.closed for worker in self.workers)
        found: Benchmark = benchmark
        return found

    def check_nobody_is_awake(self) -> None:
        assert not any(worker.awake for worker in self.workers)

    @property
    def measured_steps(self) -> set[int]:
        return {request.steps for request in self.asked if isinstance(request, Measure)}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage()
    monkeypatch.setattr(playing, "ProcessWorker", stage.start)
    monkeypatch.setattr("speedscore.bench_suite.session.session.declined", lambda _: "")
    for device in ("cpu", "gpu"):
        monkeypatch.setitem(PROBES, device, lambda: DeviceProbe(found=("one",), looked_for=""))
    return stage


@pytest.mark.parametrize("role", get_args(Role))
def test_rounds_are_those_of_one_worker(stage: Stage, role: Role) -> None:
    benchmark = stage.play(role, other=7)
    assert benchmark.seconds == [STEP_SECONDS] * 3
    assert benchmark.rounds == MOST_ROUNDS
    assert len(stage.workers) == 1
    assert benchmark.pairing.offered == [5]
    assert [request for request in stage.asked if isinstance(request, Measure)] == [Measure(role, 7)] * 3


def test_the_fixture_is_told_what_to_compare(stage: Stage) -> None:
    assert stage.play().extra_info == {
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
    assert stage.play("compilation", "gpu").extra_info["speedscore_memory_bytes"] == 9


def test_steps_that_are_known_are_offered_again(stage: Stage) -> None:
    assert stage.play(known=11).pairing.offered == [11]


@pytest.mark.parametrize(
    ("steps", "extra_work", "other", "measured"),
    [(5, 0.05, 1, 21), (5, 0.1, 1, 11), (19, 0.0, 1, 19), (21, 0.0, 1, 40), (21, 0.05, 1, 42), (3, 0.05, 60, 63)],
)
def test_a_canary_takes_whole_steps_and_lets_their_time_pass(
    stage: Stage, steps: int, extra_work: float, other: int, measured: int
) -> None:
    stage.steps = steps
    benchmark = stage.play(extra_work=extra_work, other=other)
    assert stage.measured_steps == {measured}
    assert benchmark.seconds == pytest.approx([STEP_SECONDS * (1 + extra_work)] * 3)


def test_a_compilation_is_timed_once_from_empty_caches(stage: Stage) -> None:
    benchmark = stage.play("compilation")
    assert (benchmark.seconds, benchmark.rounds) == ([COLD_SECONDS], 1)
    assert len(stage.workers) == 1
    assert not benchmark.pairing.offered


@pytest.mark.parametrize("from_cache", [True, None])
def test_a_warm_compilation_has_the_caches_of_a_worker_before_it(stage: Stage, from_cache: bool | None) -> None:
    stage.from_cache = from_cache
    benchmark = stage.play("warm_compilation")
    assert (benchmark.seconds, benchmark.rounds) == ([WARM_SECONDS], 1)
    assert len(stage.workers) == 2
    assert len(set(stage.caches)) == 1


def test_a_warm_compilation_that_took_nothing_from_the_caches_fails(stage: Stage) -> None:
    stage.from_cache = False
    with pytest.raises(pytest.fail.Exception, match=NOTHING_FROM_CACHES):
        stage.play("warm_compilation")


@pytest.mark.parametrize("phase", ["compilation", "warm_compilation"])
def test_nothing_can_be_added_to_a_compilation(stage: Stage, phase: Phase) -> None:
    with pytest.raises(pytest.skip.Exception, match=NO_EXTRA_COMPILATION):
        stage.play(phase, extra_work=0.05)
    assert not stage.workers


def test_two_processes_take_no_turns_on_what_serves_one(stage: Stage) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"two processes cannot share a TPU.*compare saved runs"):
        stage.play(device="tpu")
    assert not stage.workers


def test_what_is_known_to_be_absent_starts_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROBES, "gpu", lambda: DeviceProbe(found=(), looked_for="a card"))
    with pytest.raises(pytest.skip.Exception, match="no gpu: found none of what was looked for: a card"):
        stage.play(device="gpu")
    monkeypatch.setattr("speedscore.bench_suite.session.session.declined", lambda case: f"{case.framework} has none")
    with pytest.raises(pytest.skip.Exception, match="jax has none"):
        stage.play()
    assert not stage.workers


@pytest.mark.parametrize("phase", ["training", "warm_compilation"])
@pytest.mark.parametrize("breaks_at", [Build, Prepare, Describe, Measure])
def test_whatever_happens_the_worker_is_gone(stage: Stage, phase: Phase, breaks_at: type) -> None:
    stage.breaks_at = (breaks_at,)
    if phase == "warm_compilation" and breaks_at is Measure:
        pytest.skip("a compilation has no rounds to ask for")
    with pytest.raises(pytest.fail.Exception, match="jax-mlp-cpu: died"):
        stage.play(phase)
    stage.error = DeviceUnavailable("no such card")
    with pytest.raises(pytest.skip.Exception, match="no such card"):
        stage.play(phase)
    stage.error = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        stage.play(phase)


GATE_SIDE = """
import json, os, psutil, pytest, time
from pytest_benchmark.fixture import BenchmarkFixture

class Pairing:
    extra_work, known = 0.0, None
    def agree(self, steps):
        return steps

seen = {}

def play(fixture, target, *, rounds=1, **_):
    children = psutil.Process().children
    own = seen[os.environ["PYTEST_CURRENT_TEST"].split()[0]] = {"seconds": [], "states": [], "told": fixture.extra_info}
    for _ in range(min(rounds, 3)):
        started = fixture._timer()
        target()
        own["seconds"].append(fixture._timer() - started)
        own["states"].append([settled(child) for child in children()])

def settled(child):
    # A signal takes its time to arrive.
    deadline = time.monotonic() + 5
    while (state := child.status()) != "stopped" and time.monotonic() < deadline:
        time.sleep(0.01)
    return state

BenchmarkFixture._raw_pedantic = play

@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup():
    value = yield
    if isinstance(value, BenchmarkFixture):
        value.pairing = Pairing()
    return value

def pytest_unconfigure():
    with open("seen.json", "w") as file:
        json.dump({"tests": seen, "left": len(psutil.Process().children())}, file)
"""


def test_in_a_gate_cases_are_played_and_nothing_is_saved(matrix: Matrix) -> None:
    matrix.make("training", "compilation", good="healthy", bad="wrong", off="unavailable")
    matrix.pytester.makepyfile(speedscore_gate_side=GATE_SIDE)
    result = matrix.run("-p", "speedscore_gate_side", "-rs", "--require-device", "tpu")
    # Three phases of three frameworks on three devices.
    result.assert_outcomes(passed=3, failed=3, skipped=21)
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
