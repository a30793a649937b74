"""A gate that leads others on a fleet: which machines, what each is asked, and what stands where one is lost."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from speedscore.fleet.work import Answered, Began, Event, Failed, FleetError, FleetMachine, Lost, Piece, Reported
from speedscore.gate.checkouts.worktrees import SourceTree
from speedscore.gate.errors import GateError
from speedscore.gate.part import INSTRUCTIONS, LeaderInstructions, take_instructions
from speedscore.gate.parts.equal_machines import equal_machines
from speedscore.gate.parts.fleet_gate import gate_on_fleet
from speedscore.gate.parts.on_machine import PartRequest, gate_part
from speedscore.gate.reporting.report import GateReport
from speedscore.host.fields import Scalar
from speedscore.host.kept_logs import collected
from speedscore.host.variables import KEPT_LOGS
from speedscore.verdicts.verdict import Verdict
from tests.gate.parts.part_reports import CANNOT, MACHINES, report, verdict
from tests.gate.sample_repository import AT_A_GLANCE


def test_only_the_largest_set_of_equal_machines_gates() -> None:
    machines = [
        FleetMachine("one", {"cpu.model": "A", "package.numpy": "2.0", "memory.total_bytes": 16 << 30}),
        FleetMachine("two", {"cpu.model": "A", "package.numpy": "2.0", "memory.total_bytes": (16 << 30) - 4096}),
        FleetMachine("other", {"cpu.model": "B", "package.numpy": "2.0", "memory.total_bytes": 16 << 30}),
    ]
    assert equal_machines(machines) == (["one", "two"], {"other": "cpu.model is B there and A elsewhere"})


GIB = 2**30


def of_memory(**gib: float) -> list[FleetMachine]:
    return [FleetMachine(name, {"memory.total_bytes": int(size * GIB)}) for name, size in gib.items()]


def test_memories_that_are_about_the_same_are_equal_wherever_they_lie() -> None:
    assert equal_machines(of_memory(a=15.4, b=15.6)) == (["a", "b"], {})
    names, left_out = equal_machines(of_memory(small=14.5, one=15.4, two=15.5, large=16.2))
    assert (names, list(left_out)) == (["one", "two", "large"], ["small"])
    assert left_out["small"] == f"memory.total_bytes is {int(14.5 * GIB)} there and {int(15.4 * GIB)} elsewhere"


def test_the_first_of_equal_machines_is_one_that_all_are_equal_to() -> None:
    machines = of_memory(small=14.9, middle=15.4, large=16.0)
    assert equal_machines(machines) == (["middle", "small", "large"], {})
    assert equal_machines([machines[0], machines[2]])[0] == ["small"], "those two are not"


@pytest.mark.parametrize(
    ("field", "values", "is_equal"),
    [
        ("process.niceness", (0, 15), False),
        ("gpu.0.name", ("H100", "A100"), False),
        ("gpu.0.utilisation_percent", (0, 3), True),
        ("memory.limit_bytes", (4 << 30, "none"), False),
    ],
    # A test's name must hold no device, or -k would choose it.
    ids=["niceness", "card", "use of the card", "limit of memory"],
)
def test_what_equal_machines_have_in_common(field: str, values: tuple[Scalar, Scalar], is_equal: bool) -> None:
    names, left_out = equal_machines(
        [FleetMachine(name, {field: value}) for name, value in zip("ab", values, strict=True)]
    )
    assert (len(names) == 2, not left_out) == (is_equal, is_equal)


Happens = Event | BaseException | FleetMachine


class MadeUpFleet:
    """Machines that answer pieces as is said of each; an exception ends all, and a machine comes back as is said."""

    def __init__(self, *happens: dict[str, list[Happens]], machines: tuple[FleetMachine, ...] = ()) -> None:
        """What happens to each piece, of one run after the other."""
        made_up = tuple(FleetMachine(name, dict(environment)) for name, environment in MACHINES.items())
        self.machines = machines or made_up
        self.absent: tuple[str, ...] = ()
        self.refused: tuple[str, ...] = ()
        self.asked: dict[str, list[PartRequest]] = {}
        """By piece, for each placing."""
        self._happens = iter(happens)

    @contextlib.contextmanager
    def open(self, _address: str, *, checkout: Path) -> Iterator[MadeUpFleet]:
        assert (checkout / "head" / "test_it.py").exists()
        assert (checkout / "base" / "test_it.py").exists()
        yield self

    def run(self, pieces: Iterable[Piece], *, admits: Callable[[FleetMachine], bool]) -> Generator[Event, None, None]:
        self.admits = admits
        happens = next(self._happens)
        for piece in pieces:
            for each in happens[piece.name]:
                if isinstance(each, BaseException):
                    raise each
                if isinstance(each, FleetMachine):
                    self.machines = (*(machine for machine in self.machines if machine.name != each.name), each)
                    continue
                if isinstance(each, Began):
                    request = msgspec.json.decode(piece.asked_now(), type=PartRequest)
                    self.asked.setdefault(piece.name, []).append(request)
                yield each


def so_far(piece: str, machine: str, of: GateReport) -> list[Happens]:
    """A share is placed, and says how far it has come."""
    return [
        Began(piece, machine),
        Reported(piece, machine, msgspec.json.encode(of)),
        Reported(piece, machine, b"gate: pair 1 of processes"),
    ]


def answered(piece: str, machine: str, *verdicts: Verdict) -> list[Happens]:
    return [
        Began(piece, machine),
        Answered(piece, machine, msgspec.json.encode(report(*verdicts, all_cases=("a", "b")))),
    ]


NOWHERE = FleetMachine("", {})
"""Where a gate is started of which nothing is known."""


class Led(msgspec.Struct):
    """A gate that has led others."""

    report: GateReport
    fleet: MadeUpFleet
    said: list[str]


def led(
    tmp_path: Path,
    *happens: dict[str, list[Happens]],
    arguments: tuple[str, ...] = ("--benchmark-only",),
    here: FleetMachine = NOWHERE,
    machines: tuple[FleetMachine, ...] = (),
    absent: tuple[str, ...] = (),
    refused: tuple[str, ...] = (),
    left_seconds: Callable[[], float | None] = lambda: None,
) -> Led:
    trees = []
    for name in ("head", "base"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "test_it.py").write_text(name)
        trees.append(SourceTree(tmp_path / name, name, commit="", dirty=False))
    fleet = MadeUpFleet(*happens, machines=machines)
    fleet.absent, fleet.refused = absent, refused
    said: list[str] = []
    found = gate_on_fleet(
        "head:6379",
        head=trees[0],
        base=trees[1],
        arguments=arguments,
        folder=tmp_path / "head" / "sub",
        whole=report(headline="", environment=here.environment),
        packages=here.packages,
        inconclusive_passes=False,
        left_seconds=left_seconds,
        say=said.append,
        settled=lambda: said.append("settled"),
        open_fleet=fleet.open,
    )
    return Led(found, fleet, said)


def test_each_machine_is_given_a_share_and_its_progress_is_told(tmp_path: Path) -> None:
    ran = led(
        tmp_path,
        {
            "1/2": [
                *so_far("1/2", "one", report(all_cases=("a", "b"))),
                *answered("1/2", "one", verdict("a", "unchanged")),
            ],
            "2/2": [
                Began("2/2", "two"),
                Lost("2/2", "two", "died"),
                *answered("2/2", "one", verdict("b", "unchanged")),
            ],
        },
    )
    assert (ran.report.exit_code, [each.machine for each in ran.report.verdicts]) == (0, ["one", "one"])
    assert ran.fleet.asked["1/2"][0] == PartRequest(("--benchmark-only", "--gate-part=1/2"), folder="sub")
    assert ran.fleet.asked["2/2"] == 2 * [PartRequest(("--benchmark-only", "--gate-part=2/2"), folder="sub")]
    late = (FleetMachine("late", {**MACHINES["one"]}), *2 * [FleetMachine("other", {"cpu.model": "another"})])
    assert [ran.fleet.admits(machine) for machine in late] == [True, False, False], "as those that gate"
    assert ran.said.pop() == "gate: other is left out: cpu.model is another there and made up elsewhere", "and once"
    assert ran.said[1:] == [
        "gate: one: pair 1 of processes",
        "gate: two is lost (died); share 2/2 is gated anew elsewhere",
        "settled",
    ]


def test_machines_of_other_versions_than_where_the_gate_was_started_are_a_warning(tmp_path: Path) -> None:
    happens = {
        "1/2": answered("1/2", "one", verdict("a", "unchanged")),
        "2/2": answered("2/2", "two", verdict("b", "unchanged")),
    }
    packages = {"numpy": "2", "orjson": "3", "scipy": "1", "sympy": "1"}
    here = FleetMachine("", {"cpu.model": "of a laptop", "python.version": "3.11.7"}, packages)
    assert led(tmp_path / "alike", happens, here=here).report.warnings == ()
    there = dict.fromkeys(packages, "0")
    environment: dict[str, Scalar] = {"cpu.model": "made up", "python.version": "3.12.1"}
    machines = tuple(FleetMachine(name, environment, there) for name in ("one", "two"))
    ran = led(tmp_path / "other", happens, here=here, machines=machines)
    assert ran.report.exit_code == 0
    assert ran.report.warnings == (
        "the machines run other versions than where this gate was started: python.version is 3.12.1 there and 3.11.7 "
        "here, package.numpy is 0 there and 2 here, package.orjson is 0 there and 3 here and 2 more",
    )


def test_a_machine_that_did_not_answer_is_named_at_once_and_in_the_report(tmp_path: Path) -> None:
    happens = {
        "1/2": answered("1/2", "one", verdict("a", "unchanged")),
        "2/2": answered("2/2", "two", verdict("b", "unchanged")),
    }
    ran = led(tmp_path, happens, absent=("three: no answer for 31 s",), refused=("four is not used",))
    assert ran.said[:2] == [
        "gate: not used unless it answers later: three: no answer for 31 s",
        "gate: the cases are shared out over one, two",
    ]
    assert ran.report.warnings == (
        "the cases were shared out without a machine: three: no answer for 31 s",
        "the cases were shared out without a machine: four is not used",
    )
    assert ran.report.exit_code == 0


def test_machines_with_other_packages_are_not_equal_and_what_runs_the_tests_is_no_difference() -> None:
    machines = [
        FleetMachine("one", {}, {"orjson": "3", "pip": "24", "pytest-xdist": "3"}),
        FleetMachine("two", {}, {"orjson": "3", "pip": "25"}),
        FleetMachine("other", {}, {"orjson": "4", "triton": "3", "black": "1", "attrs": "2"}),
    ]
    assert equal_machines(machines) == (
        ["one", "two"],
        {
            "other": "package.attrs is 2 there and not known elsewhere, package.black is 1 there and not known "
            "elsewhere, package.orjson is 4 there and 3 elsewhere and 1 more"
        },
    )


def test_a_machine_that_comes_back_changed_is_described_as_it_was_when_it_gated(tmp_path: Path) -> None:
    changed = FleetMachine("one", {**MACHINES["one"], "process.niceness": 15})
    ran = led(
        tmp_path,
        {
            "1/2": [*answered("1/2", "one", verdict("a", "unchanged")), changed],
            "2/2": answered("2/2", "two", verdict("b", "unchanged")),
        },
    )
    assert ran.report.machines == MACHINES


ENDS = [KeyboardInterrupt(), FleetError("the cluster is lost")]
WHY = {KeyboardInterrupt: "interrupted", FleetError: "the cluster is lost"}


@pytest.mark.parametrize("end", ENDS, ids=["Ctrl-C", "a cluster that is lost"])
def test_what_shares_have_said_stands_and_the_rest_is_inconclusive_with_why(tmp_path: Path, end: BaseException) -> None:
    open_case = msgspec.structs.replace(verdict("c", "inconclusive"), reason="still open; about 30 pairs would decide")
    early = report(
        verdict("b", "unchanged"),
        open_case,
        all_cases=("a", "b", "c", "d"),
        cut_off="still open",
        exit_code=11,
        pairs=9,
    )
    first = msgspec.json.encode(report(verdict("a", "improved"), all_cases=("a", "b", "c", "d")))
    ran = led(tmp_path, {"1/2": [Answered("1/2", "one", first)], "2/2": [*so_far("2/2", "two", early), end]})
    why = WHY[type(end)]
    assert (ran.report.exit_code, ran.report.cut_off) == (11, why)
    assert [(each.case, each.machine, each.outcome, each.reason) for each in ran.report.verdicts] == [
        ("a", "one", "improved", ""),
        ("b", "two", "unchanged", ""),
        ("c", "two", "inconclusive", f"{why}; about 30 pairs would decide"),
        ("d", "", "inconclusive", f"share 2/2 was not gated: {why}"),
    ]
    assert f"share 2/2 was not gated to the end: {why}" in ran.report.warnings
    assert ran.said[-1] == "settled"


@pytest.mark.parametrize("end", ENDS, ids=["Ctrl-C", "a cluster that is lost"])
def test_a_regression_that_was_found_before_the_end_is_one(tmp_path: Path, end: BaseException) -> None:
    ran = led(tmp_path, {"1/2": answered("1/2", "one", verdict("a", "regressed")), "2/2": [end]})
    assert ran.report.exit_code == 10
    assert [(each.case, each.outcome) for each in ran.report.verdicts] == [("a", "regressed"), ("b", "inconclusive")]


def test_before_any_share_knew_its_cases_nothing_is_known_and_nothing_passes(tmp_path: Path) -> None:
    ran = led(tmp_path, {"1/2": [Began("1/2", "one"), KeyboardInterrupt()], "2/2": []})
    assert (ran.report.exit_code, ran.report.cut_off) == (11, "interrupted")
    assert ran.report.headline.startswith("nothing was compared: interrupted")


def test_what_a_lost_machine_had_found_does_not_count_beside_what_is_gated_anew(tmp_path: Path) -> None:
    early = report(verdict("b", "regressed"), all_cases=("a", "b"))
    ran = led(
        tmp_path,
        {
            "1/2": answered("1/2", "one", verdict("a", "unchanged")),
            "2/2": [
                *so_far("2/2", "two", early),
                Lost("2/2", "two", "died"),
                Began("2/2", "one"),
                KeyboardInterrupt(),
            ],
        },
    )
    assert ran.report.exit_code == 11
    assert ran.report.verdicts[-1].reason == "share 2/2 was not gated: interrupted"


def test_a_share_that_is_placed_anew_has_what_is_left_of_the_time(tmp_path: Path) -> None:
    left = iter([600.0, 590.0, 200.0])
    ran = led(
        tmp_path,
        {
            "1/2": answered("1/2", "one", verdict("a", "unchanged")),
            "2/2": [
                Began("2/2", "two"),
                Lost("2/2", "two", "died"),
                *answered("2/2", "one", verdict("b", "unchanged")),
            ],
        },
        left_seconds=lambda: next(left),
    )
    assert {name: [each.left_seconds for each in asked] for name, asked in ran.fleet.asked.items()} == {
        "1/2": [600.0],
        "2/2": [590.0, 200.0],
    }


def test_where_no_time_is_left_for_a_share_its_cases_are_inconclusive_and_say_so(tmp_path: Path) -> None:
    request = PartRequest(("--benchmark-only", "--gate-part=2/2"), folder=".", left_seconds=-3.0)
    nothing = gate_part(msgspec.json.encode(request), lambda _: None)
    ran = led(
        tmp_path,
        {
            "1/2": answered("1/2", "one", verdict("a", "unchanged")),
            "2/2": [Began("2/2", "two"), Lost("2/2", "two", "died"), Answered("2/2", "one", nothing)],
        },
    )
    assert ran.report.exit_code == 11
    assert ran.report.cut_off == "the time budget was spent"
    assert ran.report.verdicts[-1].case == "b"
    assert ran.report.verdicts[-1].reason == "share 2/2 was not gated: the time budget was spent before it was placed"


def looked(piece: str, machine: str, of: GateReport) -> list[Happens]:
    return [Began(piece, machine), Answered(piece, machine, msgspec.json.encode(of))]


ALL = ("a", "b", "c", "d")
WHY_LEFT_OUT = "none of its 12 files changed"


def test_what_the_change_cannot_have_touched_is_found_out_by_all_before_any_share_is_gated(tmp_path: Path) -> None:
    none_left = "--gate-affected left none out: uv.lock changed"
    ran = led(
        tmp_path,
        {
            "1/2": looked("1/2", "one", report(all_cases=ALL, left_out={"a": WHY_LEFT_OUT}, exit_code=13)),
            "2/2": looked("2/2", "two", report(all_cases=ALL, warnings=(none_left, "of both gates"), exit_code=13)),
        },
        {
            "1/2": answered("1/2", "one", verdict("b", "unchanged")),
            "2/2": answered("2/2", "two", verdict("c", "unchanged")),
        },
        arguments=("--benchmark-only", "--gate-affected"),
    )
    for number, name in enumerate(("1/2", "2/2")):
        first, then = ran.fleet.asked[name]
        assert (first.instructions, first.arguments[-2:]) == (
            LeaderInstructions(only_looks=True),
            ("--gate-affected", f"--gate-part={number + 1}/2"),
        )
        assert (then.instructions, then.arguments) == (
            LeaderInstructions(left_out={"a": WHY_LEFT_OUT}),
            ("--benchmark-only", f"--gate-part={number + 1}/2"),
        )
    assert none_left in ran.report.warnings
    assert "of both gates" not in ran.report.warnings


def test_where_that_is_cut_off_nothing_is_gated_and_nothing_passes(tmp_path: Path) -> None:
    ran = led(
        tmp_path,
        {
            "1/2": looked("1/2", "one", report(all_cases=ALL, left_out={"a": WHY_LEFT_OUT}, exit_code=13)),
            "2/2": [KeyboardInterrupt()],
        },
        arguments=("--benchmark-only", "--gate-affected"),
    )
    assert (ran.report.exit_code, ran.report.cut_off) == (11, "interrupted")
    assert [(each.case, each.outcome, each.reason) for each in ran.report.verdicts] == [
        ("b", "inconclusive", "share 1/2 was not gated: interrupted"),
        ("c", "inconclusive", "share 2/2 was not gated: interrupted"),
        ("d", "inconclusive", "share 2/2 was not gated: interrupted"),
    ]
    assert ran.report.left_out == {"a": WHY_LEFT_OUT}


def test_where_no_share_was_gated_the_reason_is_the_error(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="no share was gated: no machine is left; two: it died"):
        led(tmp_path, {"1/2": [Failed("1/2", "", "no machine is left")], "2/2": [Failed("2/2", "two", "it died")]})


SETTINGS = f"[tool.pytest.ini_options]\n{AT_A_GLANCE}"


def test_a_checkout_begins_where_it_did_though_its_rootdir_lies_deeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in ("head", "base"):
        project = tmp_path / side / "project"
        project.mkdir(parents=True)
        (project / "pyproject.toml").write_text(SETTINGS)
        (project / "test_it.py").write_text("def test_it(benchmark):\n    assert benchmark(int) == 1\n")
    monkeypatch.chdir(tmp_path)
    request = PartRequest(("--benchmark-only", "--gate-why=no", "--gate-part=1/1"), folder="project")
    told: list[bytes] = []
    found = msgspec.json.decode(gate_part(msgspec.json.encode(request), told.append), type=GateReport)
    assert (found.missing, found.part, found.folder) == ({}, "1/1", "project")
    assert [each.case for each in found.verdicts] == ["test_it.py::test_it"]
    early = [msgspec.json.decode(each, type=GateReport) for each in told if each.startswith(b"{")]
    assert [(each.all_cases, each.verdicts[0].reason) for each in early[:1]] == [
        (("test_it.py::test_it",), "still open before the first pair")
    ]


def test_a_share_first_looks_what_is_affected_and_is_then_told_of_all_shares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in ("head", "base"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "pyproject.toml").write_text(SETTINGS)
        for name, remark in (("same", ""), ("other", side)):
            test = f"def test_it(benchmark):\n    assert benchmark(int) == 0  # {remark}\n"
            (tmp_path / side / f"test_{name}.py").write_text(test)
    monkeypatch.chdir(tmp_path)

    def gate(*options: str, instructions: LeaderInstructions) -> GateReport:
        arguments = ("--benchmark-only", "--gate-why=no", "--gate-part=1/1", *options)
        request = PartRequest(arguments, folder=".", instructions=instructions)
        return msgspec.json.decode(gate_part(msgspec.json.encode(request), lambda _: None), type=GateReport)

    looked = gate("--gate-affected", instructions=LeaderInstructions(only_looks=True))
    assert [*looked.left_out] == ["test_same.py::test_it"]
    assert (looked.pairs, looked.all_cases) == (0, ("test_other.py::test_it", "test_same.py::test_it"))
    gated = gate(instructions=LeaderInstructions(left_out=looked.left_out))
    assert (gated.left_out, gated.all_cases) == (looked.left_out, ("test_other.py::test_it",))
    assert {each.case for each in gated.verdicts} == {"test_other.py::test_it"}


def test_what_a_gate_that_crashed_has_told_before_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crashes = """
import sys

if "--gate-part=1/1" in sys.argv:
    from speedscore.gate.loop.loop import Gate

    Gate._run_pairs = lambda gate: {}["the till is jammed"]
"""
    for side in ("head", "base"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "pyproject.toml").write_text(SETTINGS)
        (tmp_path / side / "conftest.py").write_text(crashes)
        (tmp_path / side / "test_it.py").write_text("def test_it(benchmark):\n    assert benchmark(int) == 0\n")
    monkeypatch.chdir(tmp_path)
    request = PartRequest(("--benchmark-only", "--gate-why=no", "--gate-part=1/1"), folder=".")
    with pytest.raises(RuntimeError, match=r"its gate did not come to its end, and left exit code 1: .*till is jammed"):
        gate_part(msgspec.json.encode(request), lambda _: None)


@pytest.mark.parametrize(
    ("text_of_head", "failed"),
    [
        ("def test_it(benchmark):\n    print('printed'); raise ValueError('no such codec')", "test_it.py::test_it"),
        ("print('printed'); raise ValueError('no such codec')", "test_it.py"),
    ],
    ids=["a test", "a file"],
)
def test_what_a_share_and_its_sides_printed_is_kept_where_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text_of_head: str, failed: str
) -> None:
    for side, text in (("base", "def test_it(benchmark):\n    assert benchmark(int) == 0\n"), ("head", text_of_head)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "pyproject.toml").write_text(SETTINGS)
        (tmp_path / side / "test_it.py").write_text(text)
    logs = tmp_path / "logs"
    logs.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(KEPT_LOGS, str(logs))
    request = PartRequest(("--benchmark-only", "--gate-why=no", "--gate-part=1/1"), folder=".")
    gate_part(msgspec.json.encode(request), lambda _: None)
    text = collected(logs, most_bytes=1 << 20).decode()
    titles = re.findall("^===== (.*) [(]", text, re.MULTILINE)
    assert (titles[0], {*titles}) == ("gate", {"gate", "base", "head"})
    assert "= speedscore gate =" in text
    failure = text.split(f"----- {failed} failed -----\n")[1]
    assert "print('printed'); raise ValueError('no such codec')" in failure, "with the traceback"
    assert re.search(r"^----- Captured stdout( call)? -----\nprinted$", failure, re.MULTILINE)


def test_each_reason_why_something_did_not_run_names_the_file_with_what_was_printed(tmp_path: Path) -> None:
    failed = msgspec.structs.replace(verdict("a", "not comparable"), reason="failed (no such codec) on head")
    only_head = msgspec.structs.replace(verdict("new", "not comparable"), reason="only on head")
    first = report(
        failed, only_head, all_cases=("a", "b"), missing={"a": "failed (no such codec)", "c": "only on base"}
    )
    ran = led(
        tmp_path / "cases",
        {
            "1/2": [Answered("1/2", "one", msgspec.json.encode(first), "logs/share-1-2_one_1.log")],
            "2/2": [Failed("2/2", "two", "it died (log: logs/share-2-2_two_3.log)")],
        },
    )
    assert {each.case: each.reason for each in ran.report.verdicts} == {
        "a": "failed (no such codec) on head (log: logs/share-1-2_one_1.log)",
        "new": "only on head",
        "b": "share 2/2 was not gated: two: it died (log: logs/share-2-2_two_3.log)",
    }
    assert ran.report.missing == {
        "a": "failed (no such codec) (log: logs/share-1-2_one_1.log)",
        "c": "only on base",
    }
    ran = led(
        tmp_path / "gates",
        {
            "1/2": answered("1/2", "one", verdict("a", "unchanged")),
            "2/2": [Answered("2/2", "two", msgspec.json.encode(CANNOT), "logs/share-2-2_two_1.log")],
        },
    )
    assert ran.report.headline == (
        "cannot run: base does not import (log: logs/share-2-2_two_1.log), on two\n  | No module named it"
    )


def test_what_a_share_is_told_it_takes_out_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instructions = LeaderInstructions(left_out={"a": WHY_LEFT_OUT})
    (tmp_path / "told.json").write_bytes(msgspec.json.encode(instructions))
    monkeypatch.setenv(INSTRUCTIONS, str(tmp_path / "told.json"))
    assert take_instructions() == instructions
    assert take_instructions() == LeaderInstructions()
