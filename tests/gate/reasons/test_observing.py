"""The pair that looks for reasons: when there is one, what it asks of the sides, and that it changes no verdict."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest
from speedscore_gate_observing import ObservedRounds, Sampler, observe

from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.hlo import OperationChange
from speedscore.gate.loop.outcome import GateOutcome
from speedscore.gate.reasons.observing import LOOKED_INTO
from speedscore.gate.reasons.py_spy import RATE_HERTZ, find_py_spy, read_samples
from speedscore.gate.reasons.reasons import CaseReasons
from speedscore.gate.reasons.source_places import placed
from speedscore.gate.sides.side import Finished, Observed, Ready, SampledFunction
from speedscore.gate.upgrades.evidence import explain
from speedscore.gate.upgrades.pins import Pin
from speedscore.gate.upgrades.resolving import Resolved
from speedscore.gate.upgrades.upgrading import Upgrade
from tests.gate.made_up_sides import MadeUpMachine, MadeUpSide, MadeUpTest, QuietListener, a_plan, a_spec, gated
from tests.gate.upgrades.made_up_dumps import Dumping
from tests.places import ROOT

CASE, CALM = "test_it.py::test_it", "test_it.py::test_calm"
WORK = (SampledFunction("work", "/nowhere/work.py", 1),)


def seen(seconds: float) -> Observed:
    return Observed(calls=10, seconds=seconds, functions=WORK, stacks=(((0,), seconds),))


def looked_into(
    head: MadeUpTest, *, why: bool = True, listener: QuietListener | None = None
) -> tuple[GateOutcome, MadeUpMachine]:
    base = MadeUpTest(observed=seen(1.0))
    machine = MadeUpMachine({CASE: base, CALM: MadeUpTest()}, {CASE: head, CALM: MadeUpTest()})
    return gated(machine, plan=a_plan(why=why), listener=listener), machine


def test_a_regressed_case_is_looked_into_in_a_pair_of_its_own() -> None:
    listener = QuietListener()
    outcome, machine = looked_into(MadeUpTest(seconds=0.013, observed=seen(2.0)), listener=listener)
    assert listener.looked_into == [1], "who waits is told of it"
    (reasons,) = outcome.reasons
    assert (reasons.case, [each.name for each in reasons.functions], reasons.note) == (CASE, ["work"], "")
    assert [side.observed for side in machine.started] == [False] * (len(machine.started) - 2) + [True, True]
    assert [request.case for side in machine.started[-2:] for request in side.requests] == [CASE, CASE]
    assert all(side.rounds_of == {} for side in machine.started[-2:])


def test_without_py_spy_it_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speedscore.gate.reasons.observing.find_py_spy", lambda: None)
    outcome, _ = looked_into(MadeUpTest(seconds=0.013, observed=seen(2.0)))
    (reasons,) = outcome.reasons
    said = re.fullmatch(r'sampled from within \(py-spy: .*"speedscore\[(\w+)\]"\)', reasons.profiler)
    assert said
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert any(each.startswith("py-spy") for each in project["optional-dependencies"][said[1]])


def test_where_py_spy_cannot_be_run_the_side_samples_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "py-spy").write_text("no program")
    monkeypatch.setattr("speedscore.gate.reasons.observing.find_py_spy", lambda: str(tmp_path / "py-spy"))
    monkeypatch.setattr(MadeUpSide, "process_id", 1)
    outcome, _ = looked_into(MadeUpTest(seconds=0.013, observed=seen(2.0)))
    (reasons,) = outcome.reasons
    assert [each.name for each in reasons.functions] == ["work"]
    assert reasons.profiler == "sampled from within (py-spy: Permission denied)"


@pytest.mark.parametrize(
    ("head", "why"), [(MadeUpTest(), True), (MadeUpTest(seconds=0.013), False)], ids=["nothing regressed", "not asked"]
)
def test_else_there_is_no_such_pair(head: MadeUpTest, why: bool) -> None:
    listener = QuietListener()
    outcome, machine = looked_into(head, why=why, listener=listener)
    assert (outcome.reasons, listener.looked_into) == ((), [])
    assert not any(side.observed for side in machine.started)


MORE_MEMORY = {"peak_bytes": 2000}
NOT_MEMORY = "where memory grew is not looked into: only time is sampled"


def with_more_memory(seconds: float) -> tuple[GateOutcome, MadeUpMachine]:
    base = MadeUpTest(observed=seen(1.0), more={"peak_bytes": 1000})
    machine = MadeUpMachine({CASE: base}, {CASE: MadeUpTest(seconds, observed=seen(2.0), more=MORE_MEMORY)})
    return gated(machine, plan=a_plan(why=True)), machine


def test_a_case_that_needs_more_memory_says_that_nobody_looked_where_and_is_not_run_again() -> None:
    outcome, machine = with_more_memory(0.01)
    assert outcome.reasons == (CaseReasons(CASE, note=NOT_MEMORY),)
    assert not any(side.observed for side in machine.started)


def test_a_case_that_is_slower_too_says_where_its_time_grew_and_not_where_its_memory() -> None:
    outcome, _ = with_more_memory(0.013)
    (reasons,) = outcome.reasons
    assert ([each.name for each in reasons.functions], reasons.note) == (["work"], NOT_MEMORY)


def test_what_goes_wrong_there_is_told_and_changes_no_verdict() -> None:
    calm, _ = looked_into(MadeUpTest(seconds=0.013, observed=seen(2.0)))
    outcome, _ = looked_into(MadeUpTest(seconds=0.013, fails_when_observed="was ended by SIGSEGV"))
    assert outcome.verdicts == calm.verdicts
    (reasons,) = outcome.reasons
    assert (reasons.functions, reasons.note) == ((), "not looked into: was ended by SIGSEGV")


def test_ctrl_c_there_keeps_the_verdicts_and_ends_the_session() -> None:
    calm, _ = looked_into(MadeUpTest(seconds=0.013, observed=seen(2.0)))
    outcome, _ = looked_into(MadeUpTest(seconds=0.013, is_interrupted_when_observed=True))
    assert (outcome.verdicts, outcome.cut_off, outcome.reasons) == (calm.verdicts, "", ())
    assert outcome.warnings == ("interrupted while it looked where the regressions come from",)
    explained, report = explain(AN_UPGRADE, outcome, a_plan(), ("kite==2",), watch=never, gate=never, say=print)
    assert explained == outcome
    assert report.stages == {}


def never(*_: object) -> NoReturn:
    pytest.fail("nothing more is begun")


AN_ENVIRONMENT = Environment("python", "/env", platform="3", site_folders=(), packages={})
AN_UPGRADE = Upgrade(
    AN_ENVIRONMENT, base=AN_ENVIRONMENT, head=AN_ENVIRONMENT, resolved=Resolved((Pin("kite", "2"),), tool="uv")
)


IN_WORKER = {"identity": {"shape": 3}}
IN_WORKER_OF_JAX = IN_WORKER | {"stages_seconds": {"import": 1.0, "trace and lower": 0.1}}


@pytest.mark.parametrize(
    ("more", "told", "additional"),
    [
        (IN_WORKER, (), 0),
        (IN_WORKER_OF_JAX, (OperationChange("copy", 0, 1), OperationChange("negate", 1, 0)), 2),
    ],
    ids=["another's", "of JAX"],
)
def test_a_case_in_a_worker_of_its_own_is_not_sampled_and_tells_what_xla_made(
    more: dict[str, Any], told: tuple[OperationChange, ...], additional: int
) -> None:
    base, head = ({CASE: MadeUpTest(seconds=seconds, more=more)} for seconds in (0.01, 0.013))
    machines = [Dumping(base, head) for _ in range(2)]
    outcome, without = (gated(machine, plan=a_plan(why=not place)) for place, machine in enumerate(machines))
    (reasons,) = outcome.reasons
    assert reasons.note == "the case runs in a worker of its own, which is not sampled"
    assert reasons.operations == told
    assert len(machines[0].started) - len(machines[1].started) == additional
    assert not any(side.observed for side in machines[0].started)
    assert outcome.verdicts == without.verdicts


class FailsWhereItIsLookedInto(MadeUpSide):
    """On base, in the second of the cases."""

    def ready(self) -> Ready | Finished:
        is_asked = self.spec.label == "base" and LOOKED_INTO.items() <= self.spec.variables.items()
        return Finished("failed", "no more") if is_asked and self.requests[-1].case == "b.py::b" else super().ready()


def test_both_sides_run_what_they_were_told_is_next() -> None:
    """Else pytest fails the case after it: what it kept for that one was not torn down."""
    cases = {"a.py::a": 0.016, "b.py::b": 0.015, "c.py::c": 0.014, "d.py::d": 0.013}
    tests = [
        {
            name: MadeUpTest(seconds=0.01 if side == "base" else seconds, more=IN_WORKER if name == "c.py::c" else {})
            for name, seconds in cases.items()
        }
        for side in ("base", "head")
    ]
    machine = MadeUpMachine(*tests)
    machine.side_class = FailsWhereItIsLookedInto
    notes = {reasons.case: reasons.note for reasons in gated(machine, plan=a_plan(why=True)).reasons}
    assert notes["b.py::b"] == "base: failed (no more)"
    assert notes["c.py::c"] == "the case runs in a worker of its own, which is not sampled"
    for side in machine.started[-2:]:
        assert [request.case for request in side.requests] == ["a.py::a", "b.py::b", "d.py::d"]
        assert [request.next for request in side.requests] == ["b.py::b", "d.py::d", None]


def busy(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def time_round() -> float:
    busy(0.01)
    time.sleep(0.005)
    return 0.015


def test_a_side_finds_where_it_is_and_whether_it_waits() -> None:
    rounds = ObservedRounds(time_round, iterations=1, most_rounds=1000)
    told = observe(rounds, time_round.__code__, most_rounds=1000, seconds=0.3, sampled=True)
    names = [function["name"] for function in told["functions"]]
    assert names == ["busy"], "what waits in the outermost function is in none below it"
    assert told["calls"] >= 1
    assert told["seconds"] == pytest.approx(0.015 * told["calls"])
    assert told["operators"] == {}


def test_outside_of_a_round_nothing_counts() -> None:
    with Sampler(time_round.__code__) as sampler:
        busy(0.05)
    assert sampler.seconds_in == {}


def test_a_test_that_allows_one_round_has_one() -> None:
    ran: list[int] = []

    def one() -> float:
        ran.append(1)
        return 1.0

    observe(ObservedRounds(one, iterations=1, most_rounds=1), one.__code__, most_rounds=1, seconds=9.0, sampled=False)
    assert ran == [1]


SAMPLES = """<module> (/a/m.py:1);paired_raw (/x/speedscore_gate_rounds.py:1);Rounds.time (/x/speedscore_gate_rounds.py:5);work (/a/t.py:3);f(x) (/a/p q.py:9) 10
<module> (/a/m.py:1);Rounds.time (/x/speedscore_gate_rounds.py:5);work (/a/t.py:3) 5
<module> (/a/m.py:1);time_round (/x/speedscore_gate_rounds.py:9);set_up (/a/t.py:1) 30
<module> (/a/m.py:1);wait (/usr/lib/python3.13/threading.py:1) 70
nonsense
"""  # noqa: E501


def test_py_spys_samples_are_read_from_where_the_benchmark_begins() -> None:
    samples = read_samples(SAMPLES)
    assert samples.functions == (SampledFunction("work", "/a/t.py", 3), SampledFunction("f(x)", "/a/p q.py", 9))
    assert samples.stacks == (((0, 1), 10 / RATE_HERTZ), ((0,), 5 / RATE_HERTZ))


def test_of_a_deep_stack_py_spys_samples_keep_what_the_time_was_spent_in() -> None:
    above = "".join(f"parse{number} (/a/t.py:{number});" for number in range(1000))
    samples = read_samples(f"Rounds.time (/x/speedscore_gate_rounds.py:5);{above}work (/a/t.py:3) 5\n")
    assert 1 < len(samples.functions) < 1000
    assert samples.functions[-1].name == "work"


@pytest.mark.parametrize(
    ("file", "place", "own"),
    [
        ("src/pkg/a.py", "src/pkg/a.py", True),
        (".venv/lib/python3.13/site-packages/numpy/core.py", "numpy/core.py", False),
        ("/usr/lib/python3.13/copy.py", "copy.py", False),
        ("/usr/lib/python3.13/re/_parser.py", "re/_parser.py", False),
        ("/somewhere/else.py", "else.py", False),
        ("<frozen importlib>", "<frozen importlib>", False),
    ],
)
def test_a_file_is_called_alike_on_both_sides(tmp_path: Path, file: str, place: str, own: bool) -> None:
    spec = msgspec.structs.replace(a_spec("head"), root=tmp_path)
    path = file if re.match("[/<]", file) else str(tmp_path / file)
    (function,) = placed(Observed(1, 1.0, (SampledFunction("f", path, 1),)), spec).functions
    assert (function.file, function.own) == (place, own)


def test_py_spy_is_found_in_the_environment_that_lies_behind_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "lib" / "py_spy-9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: py-spy\nVersion: 9\n")
    (info / "RECORD").write_text("../bin/py-spy,,\n")
    monkeypatch.syspath_prepend(tmp_path / "lib")
    assert find_py_spy() != str(tmp_path / "bin" / "py-spy"), "it is not there"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "py-spy").touch()
    assert find_py_spy() == str(tmp_path / "bin" / "py-spy")
