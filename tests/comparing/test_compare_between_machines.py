"""Two machines of one kind may differ in speed: a comparison across them says so, and is as unsure as that makes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.comparing.finding_runs import RunSet, find_side
from speedscore.comparing.history import FEWEST_MACHINES
from speedscore.comparing.rows import RunComparison
from speedscore.comparing.saved_figures import load_figures
from speedscore.comparing.saved_run import SavedRun
from speedscore.record.run_record import RunRecord
from speedscore.verdicts.settings import GateTable, Settings
from speedscore.verdicts.unpaired import FEWEST_PAST_RUNS
from tests.comparing.sample_runs import compare, save_plain
from tests.record.sample_machines import BOX_1, fleet_run, on
from tests.sample_runs import a_run, measured, save, timed

SETTINGS = Settings(GateTable())
BOXES = dict.fromkeys(("box-1", "box-2", "box-3", "box-4", "box-5", "box-6"), BOX_1)
"""Of one kind."""
SLOWER = 1.1
"""How much slower than the first every machine with an even number is."""
CASE = "bench_suite/test_training.py::test_training[jax-mlp]"


def night(box: str, *, day: float = 0.0, seconds: float = 0.1) -> RunRecord:
    """A fleet's run whose one case went to that machine."""
    level = seconds * (SLOWER if int(box[-1]) % 2 == 0 else 1.0)
    wobble = 1 + 0.001 * (-1) ** int(day)
    count = measured("graph_breaks", "count", 3.0)
    return fleet_run(*on(box, timed([level * wobble, level], extra=[count])), day=day, machines=BOXES)


def loaded(folder: Path, run: RunRecord, *, host: str = "") -> SavedRun:
    return load_figures(save(folder / f"{run.created[:19].replace(':', '')}.json", run, host=host))


def side(folder: Path, *runs: RunRecord, host: str = "") -> RunSet:
    return RunSet("a side", tuple(loaded(folder, run, host=host) for run in runs))


def earlier(folder: Path, boxes: Sequence[str]) -> list[SavedRun]:
    """Nights before the first, on these machines one after the other."""
    return [loaded(folder, night(box, day=-1.0 - number)) for number, box in enumerate(boxes)]


def compared(base: RunSet, head: RunSet, history: Sequence[SavedRun] = ()) -> RunComparison:
    return compare(base, head, earlier=history, settings=SETTINGS, allow=())


def row(found: RunComparison, metric: str = "time") -> tuple[str, str, str]:
    """The verdict, the noise, and the machine."""
    (of_metric,) = [each for each in found.rows if each.verdict.metric == metric]
    return of_metric.verdict.outcome, of_metric.noise or "", of_metric.verdict.machine


ONE_MACHINE = ["box-1"] * 40


def test_a_machine_that_is_slower_than_its_kind_is_no_regression(tmp_path: Path) -> None:
    base, head = side(tmp_path / "a", night("box-1")), side(tmp_path / "b", night("box-2", day=1))
    found = compared(base, head, earlier(tmp_path / "h", ONE_MACHINE))
    assert row(found) == ("inconclusive", "assumed", "box-1 → box-2")
    (reason,) = {each.verdict.reason for each in found.rows if each.verdict.metric == "time"}
    assert reason.startswith("base and head were measured on different machines of one kind, and how much these differ")
    assert found.warnings == (
        "1 case measured on different machines of one kind (box-1 → box-2): the ratio holds the difference between the "
        "machines too; measure both sides on one",
    )


def test_on_one_machine_history_decides_as_ever(tmp_path: Path) -> None:
    base, head = side(tmp_path / "a", night("box-1")), side(tmp_path / "b", night("box-1", day=1, seconds=0.11))
    found = compared(base, head, earlier(tmp_path / "h", ONE_MACHINE))
    assert row(found) == ("regressed", "history", "box-1")
    assert found.warnings == ()


def test_what_is_counted_is_the_same_on_any_machine(tmp_path: Path) -> None:
    base, head = side(tmp_path / "a", night("box-1")), side(tmp_path / "b", night("box-2", day=1))
    assert row(compared(base, head), "graph_breaks") == ("unchanged", "", "box-1 → box-2")


def test_many_runs_on_two_machines_show_no_more_than_one_on_each(tmp_path: Path) -> None:
    base = side(tmp_path / "a", *(night("box-1", day=day) for day in range(4)))
    assert row(
        compared(base, side(tmp_path / "b", *(night("box-1", day=day, seconds=0.11) for day in range(4, 8))))
    ) == (
        "regressed",
        "own runs",
        "box-1",
    )
    found = compared(base, side(tmp_path / "c", *(night("box-2", day=day) for day in range(4, 8))))
    assert row(found) == ("inconclusive", "assumed", "box-1 → box-2")
    (time,) = [each for each in found.rows if each.verdict.metric == "time"]
    assert time.head is not None
    assert (time.head.runs, time.head.processes) == (4, 8)
    assert time.head.figure == pytest.approx(0.11, rel=0.01)


def test_a_history_of_the_two_machines_in_turns_teaches_how_much_they_differ(tmp_path: Path) -> None:
    base, head = side(tmp_path / "a", night("box-1")), side(tmp_path / "b", night("box-2", day=1))
    history = earlier(tmp_path / "h", ["box-1", "box-2"] * 15)
    found = compared(base, head, history)
    assert row(found) == ("inconclusive", "history", "box-1 → box-2")
    assert next(each.spread for each in found.rows if each.noise) == pytest.approx(0.1, rel=0.1)
    far_worse = side(tmp_path / "c", night("box-2", day=1, seconds=0.2))
    assert row(compared(base, far_worse, history))[:2] == ("regressed", "history")
    in_turns_with_others = earlier(tmp_path / "o", ["box-1", "box-3"] * 15)
    assert row(compared(base, head, in_turns_with_others))[:2] == ("inconclusive", "assumed")


@pytest.mark.parametrize("count", [FEWEST_MACHINES - 1, FEWEST_MACHINES])
def test_machines_of_a_kind_teach_of_others_where_they_are_enough(tmp_path: Path, count: int) -> None:
    history = earlier(tmp_path / "h", list(BOXES)[:count] * 8)
    found = compared(side(tmp_path / "a", night("box-1")), side(tmp_path / "b", night("box-6", day=1)), history)
    assert row(found)[1] == ("history" if count == FEWEST_MACHINES else "assumed")


def test_the_machines_that_are_compared_are_none_that_history_knows(tmp_path: Path) -> None:
    base, head = night("box-4"), night("box-5", day=1)
    # As .benchmarks does, history holds what is compared too.
    history = [
        *earlier(tmp_path / "h", ["box-1", "box-2", "box-3"] * 8),
        *(loaded(tmp_path / "h", run) for run in (base, head)),
    ]
    found = compared(side(tmp_path / "a", base), side(tmp_path / "b", head), history)
    assert row(found) == ("inconclusive", "assumed", "box-4 → box-5")


def test_thirty_nights_on_one_machine_between_single_nights_on_others_teach_too_little(tmp_path: Path) -> None:
    history = earlier(tmp_path / "h", ["box-2", "box-3", *["box-1"] * 30, "box-4", "box-5"])
    found = compared(side(tmp_path / "a", night("box-1")), side(tmp_path / "b", night("box-6", day=1)), history)
    assert row(found)[1] == "assumed"


def test_how_many_stints_on_one_machine_taught_the_noise_is_what_is_said(tmp_path: Path) -> None:
    nights = [box for box in ["box-1", "box-2"] * 12 for _ in range(2)]
    base, head = side(tmp_path / "a", night("box-1")), side(tmp_path / "b", night("box-2", day=1))
    found = compared(base, head, earlier(tmp_path / "h", nights))
    assert {each.past_runs for each in found.rows if each.noise} == {24}


CONTAINERS = ("0f3a5b7c9d1e", "123456789012"), ("0f" * 32, "1e" * 32)


@pytest.mark.parametrize("hosts", CONTAINERS)
def test_the_id_of_a_container_names_no_machine(tmp_path: Path, hosts: tuple[str, str]) -> None:
    base, head = (
        side(
            tmp_path / host,
            *(a_run(timed([level, level * (1 + 0.001 * day)]), day=first + day) for day in range(5)),
            host=host,
        )
        for host, first, level in zip(hosts, (0, 5), (0.1, 0.106), strict=True)
    )
    found = compared(base, head)
    assert row(found) == ("regressed", "own runs", "")
    assert found.warnings == ()


@pytest.mark.parametrize(
    "hosts", [("laptop", "runner-2"), ("0f3a5b7c9d1", "0f3a5b7c9d1e2"), ("node-0f3a5b7c9d1e", "node-1f3a5b7c9d1e")]
)
def test_of_hosts_no_more_is_said_than_that_their_names_differ(tmp_path: Path, hosts: tuple[str, str]) -> None:
    base, head = (side(tmp_path / host, a_run(timed([0.1, 0.1]), day=day), host=host) for day, host in enumerate(hosts))
    found = compared(base, head)
    assert row(found) == ("inconclusive", "assumed", f"{hosts[0]} → {hosts[1]}")
    assert found.warnings == (
        f"1 case measured under different host names ({hosts[0]} → {hosts[1]}), which count as different machines of "
        "one kind: the ratio may hold the difference between two machines; measure both sides on one",
    )
    assert found.rows[0].verdict.reason.startswith("base and head were measured under different host names")


def test_a_fleet_may_call_its_machines_as_containers_are_called(tmp_path: Path) -> None:
    names = CONTAINERS[0]
    base, head = (
        side(tmp_path / name, fleet_run(*on(name, timed([0.1, 0.1])), day=day, machines=dict.fromkeys(names, BOX_1)))
        for day, name in enumerate(names)
    )
    found = compared(base, head)
    assert row(found)[2] == " → ".join(names)
    assert "on different machines of one kind" in found.warnings[0]


def test_names_that_are_not_known_change_nothing(tmp_path: Path) -> None:
    history = [loaded(tmp_path / "h", a_run(timed([0.1, 0.1]), day=-1.0 - day)) for day in range(FEWEST_PAST_RUNS)]
    head = a_run(timed([0.11, 0.11]), day=1)
    for host_of_base in ("", "box-1"):
        base = side(tmp_path / f"a{host_of_base}", a_run(timed([0.1, 0.1])), host=host_of_base)
        found = compared(base, side(tmp_path / "b", head), history)
        assert row(found) == ("regressed", "history", "")
        assert found.warnings == ()


def test_hosts_that_have_another_name_each_day_are_compared_as_machines_of_one_kind(tmp_path: Path) -> None:
    history = [
        loaded(tmp_path / "h", a_run(timed([0.1, 0.1]), day=-1.0 - day), host=f"runner-{day}")
        for day in range(FEWEST_PAST_RUNS)
    ]
    base = side(tmp_path / "a", a_run(timed([0.1, 0.1])), host="runner-a")
    found = compared(base, side(tmp_path / "b", a_run(timed([0.11, 0.11]), day=1), host="runner-b"), history)
    assert row(found) == ("regressed", "history", "runner-a → runner-b")


def test_a_case_that_a_session_carried_on_names_no_host(tmp_path: Path) -> None:
    run = a_run(timed([0.1, 0.1]), timed([0.2, 0.2], framework="torch"))
    taken_up = msgspec.structs.replace(
        run,
        created="2026-12-02T12:00:00+00:00",
        cases=(run.cases[0], msgspec.structs.replace(run.cases[1], occasion="2026-12-02T12:00:00+00:00")),
    )
    names = {case.framework: case.machine_name for case in loaded(tmp_path, taken_up, host="box-1").cases.values()}
    assert names == {"jax": "", "torch": "box-1"}


def test_what_a_session_carried_on_teaches_by_the_machine_that_measured_it(tmp_path: Path) -> None:
    history = []
    for day in range(1, 31):
        run = a_run(timed([0.1, 0.1 + 0.01 * (day % 2)]), day=-day, environment=BOX_1)
        host = f"box-{1 + day % 2}"
        history.append(loaded(tmp_path / "h", run, host=host))
        # Taken up in the evening, and on the other machine.
        taken_up = msgspec.structs.replace(run, created=run.created.replace("T12", "T20"))
        history.append(loaded(tmp_path / "h", taken_up, host=f"box-{2 - day % 2}"))
    base, head = (
        side(tmp_path / host, a_run(timed([0.1, 0.1]), day=day, environment=BOX_1), host=host)
        for day, host in enumerate(("box-1", "box-2"))
    )
    assert row(compared(base, head, history))[1] == "history"


def test_a_file_of_pytest_benchmark_alone_names_its_host(tmp_path: Path) -> None:
    base, head = (
        find_side(str(save_plain(tmp_path / f"{host}.json", day=day, host=host)))
        for day, host in enumerate(("box-1", "box-2"))
    )
    assert row(compared(base, head))[2] == "box-1 → box-2"


def test_the_terminal_says_which_machines_and_where_they_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, day, boxes in (("a", 0, ("box-1", "box-1")), ("b", 1, ("box-1", "box-2"))):
        cases = [*on(boxes[0], timed([0.1, 0.1])), *on(boxes[1], timed([0.1, 0.1], model="gpt"))]
        save(Path(f"{name}.json"), fleet_run(*cases, day=day, machines=BOXES))
    save(Path("unnamed.json"), a_run(timed([0.1, 0.1]), environment=BOX_1, day=2))
    said = shown(capsys, "a.json", "b.json")
    assert "commit 0123456789ab, on box-1\n" in said
    assert "on box-1, box-2\n" in said
    assert said.count("machine box-1 → box-2") == 1
    assert "1 case measured on different machines of one kind (box-1 → box-2)" in " ".join(said.split())
    assert "on box-1" not in shown(capsys, "a.json", "unnamed.json")
    document = json.loads(shown(capsys, "a.json", "b.json", "--format", "json"))["comparisons"][0]
    assert (document["base"]["machines"], document["head"]["machines"]) == (["box-1"], ["box-1", "box-2"])
    assert {each["verdict"]["case"]: each["verdict"]["machine"] for each in document["rows"]} == {
        CASE: "box-1",
        CASE.replace("mlp", "gpt"): "box-1 → box-2",
    }


def test_one_pair_of_machines_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("a.json"), night("box-1"))
    save(Path("b.json"), night("box-2", day=1))
    assert shown(capsys, "a.json", "b.json").count("box-1 → box-2") == 1


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["compare", *words]) == 0
    return capsys.readouterr().out
