"""Files that pytest-benchmark saved without us: what must agree in them, what is counted, what one bad value costs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from speedscore.__main__ import main
from speedscore.comparing.fields import RunsDifferError
from speedscore.comparing.finding_runs import find_side
from speedscore.comparing.rows import Row, RunComparison
from speedscore.comparing.saved_figures import load_figures
from speedscore.record.run_file import RunFileError
from speedscore.verdicts.settings import CaseTable, GateTable, Settings
from tests.comparing.sample_runs import a_side, compare, save_plain
from tests.sample_runs import a_run, save, timed

MACHINE = {"python_implementation": "CPython", "python_compiler": "GCC 12.2.0", "python_version": "3.11.7"}


def a_benchmark(name: str = "tests/test_it.py::test_it", *, median: Any = 0.1, **fields: Any) -> dict[str, Any]:
    options = {"timer": "perf_counter", "disable_gc": False, "warmup": False, "min_rounds": 5}
    known = {"fullname": name, "stats": {"median": median}, "params": None, "extra_info": {}, "options": options}
    return known | fields


def plain(path: Path, *benchmarks: dict[str, Any], machine: dict[str, Any] = MACHINE) -> Path:
    """With one benchmark of its own where none is given; a file of its name lies a day after those before it."""
    document = json.loads(save_plain(path, day=float(len(list(path.parent.iterdir())))).read_text())
    document |= {"benchmarks": list(benchmarks or [a_benchmark()]), "machine_info": machine}
    path.write_text(json.dumps(document))
    return path


def found(base: Path, head: Path, *, allow: tuple[str, ...] = ()) -> RunComparison:
    return compare(find_side(str(base)), find_side(str(head)), earlier=(), settings=Settings(GateTable()), allow=allow)


def row_of(comparison: RunComparison, metric: str = "time") -> Row:
    (row,) = (row for row in comparison.rows if row.verdict.metric == metric)
    return row


@pytest.mark.parametrize(
    ("option", "value"), [("timer", "process_time"), ("disable_gc", True)], ids=["clock", "garbage collector"]
)
def test_other_ways_of_timing_are_refused(tmp_path: Path, option: str, value: object) -> None:
    odd = a_benchmark()
    odd["options"] = odd["options"] | {option: value}
    base, head = plain(tmp_path / "base.json"), plain(tmp_path / "head.json", odd)
    with pytest.raises(RunsDifferError, match=f"--allow benchmark.{option}"):
        found(base, head)
    assert row_of(found(base, head, allow=(f"benchmark.{option}",))).verdict.ratio == pytest.approx(1.0)


def test_another_interpreter_is_refused_and_another_compiler_warned_of(tmp_path: Path) -> None:
    base = plain(tmp_path / "base.json")
    with pytest.raises(RunsDifferError, match=r"python\.implementation is 'CPython' there and 'PyPy' here"):
        found(base, plain(tmp_path / "pypy.json", machine=MACHINE | {"python_implementation": "PyPy"}))
    clang = plain(tmp_path / "clang.json", machine=MACHINE | {"python_compiler": "Clang 18"})
    assert [(each.field, each.action) for each in found(base, clang).differences] == [("python.compiler", "warn")]


@pytest.mark.parametrize(
    ("base", "head", "compared"),
    [
        ({"n": 100}, {"n": 3000}, False),
        ({"config": {"size": 1}}, {"config": {"size": 2}}, False),
        ({"n": 100}, {"n": 100}, True),
        ({"f": "UNSERIALIZABLE[<f at 0x7f2ba9cc6b30>]"}, {"f": "UNSERIALIZABLE[<f at 0x7f11a9cc6b99>]"}, True),
        (None, None, True),
        ({"x": float("nan")}, {"x": float("nan")}, True),
    ],
    ids=["number", "table", "alike", "address", "none", "nan"],
)
def test_parameters_of_one_id_must_agree(tmp_path: Path, base: Any, head: Any, compared: bool) -> None:
    sides = (
        plain(tmp_path / f"{name}.json", a_benchmark(median=median, params=params))
        for name, median, params in (("base", 0.1, base), ("head", 3.0, head))
    )
    verdict = row_of(found(*sides)).verdict
    if compared:
        assert verdict.outcome == "regressed"
    else:
        assert verdict.outcome == "not comparable"
        assert verdict.reason.startswith("other parameters of the same id: ")


def test_what_a_test_counted_is_compared_exactly(tmp_path: Path) -> None:
    base, head = (
        plain(tmp_path / f"{name}.json", a_benchmark(extra_info={"speedscore_counts": {"queries": count}}))
        for name, count in (("base", 12), ("head", 13))
    )
    verdict = row_of(found(base, head), "queries").verdict
    assert (verdict.outcome, verdict.reason) == ("regressed", "13 instead of 12 queries, counted exactly")


def test_a_count_that_is_called_like_a_metric_of_ours_has_its_direction(tmp_path: Path) -> None:
    base, head = (
        plain(tmp_path / f"{name}.json", a_benchmark(extra_info={"speedscore_counts": {"largest_batch": count}}))
        for name, count in (("base", 16), ("head", 8))
    )
    row = row_of(found(base, head), "largest_batch")
    assert (row.verdict.outcome, row.better) == ("regressed", "higher")


def test_a_count_of_which_the_test_says_that_more_is_better_has_that_direction(tmp_path: Path) -> None:
    base, head = (
        plain(
            tmp_path / f"{name}.json",
            a_benchmark(extra_info={"speedscore_counts": {"hits": hits}, "speedscore_higher_is_better": ["hits"]}),
        )
        for name, hits in (("base", 16), ("head", 8))
    )
    row = row_of(found(base, head), "hits")
    assert (row.verdict.outcome, row.better) == ("regressed", "higher")


def test_a_count_called_time_stands_beside_the_time(tmp_path: Path) -> None:
    base, head = (
        plain(tmp_path / f"{name}.json", a_benchmark(median=median, extra_info={"speedscore_counts": {"time": 3}}))
        for name, median in (("base", 0.1), ("head", 3.0))
    )
    comparison = found(base, head)
    assert row_of(comparison).verdict.ratio == pytest.approx(30.0)
    assert row_of(comparison, "counted time").verdict.outcome == "unchanged"


def test_a_case_has_the_sizes_that_the_settings_give_its_group(tmp_path: Path) -> None:
    base, head = (
        plain(tmp_path / f"{name}.json", a_benchmark(median=median, group="startup"))
        for name, median in (("base", 0.1), ("head", 0.3))
    )
    lenient = Settings(GateTable(case=(CaseTable(match="startup", detect="300%", margin="250%"),)))
    sides = find_side(str(base)), find_side(str(head))
    assert row_of(compare(*sides, earlier=(), settings=lenient, allow=())).verdict.outcome != "regressed"
    assert row_of(found(base, head)).verdict.outcome == "regressed"


@pytest.mark.parametrize(
    "value",
    ["12", None, True, float("inf"), float("nan"), 10**400],
    ids=["text", "none", "truth", "infinite", "nan", "huge"],
)
def test_a_count_that_is_no_number_is_said_not_to_be_comparable(tmp_path: Path, value: object) -> None:
    base, head = (
        plain(tmp_path / f"{name}.json", a_benchmark(extra_info={"speedscore_counts": {"queries": count}}))
        for name, count in (("base", 12), ("head", value))
    )
    comparison = found(base, head)
    assert row_of(comparison, "queries").verdict.outcome == "not comparable"
    assert row_of(comparison).verdict.ratio == pytest.approx(1.0)


@pytest.mark.parametrize(
    "median", [float("nan"), float("inf"), None, -1.0], ids=["nan", "infinite", "none", "negative"]
)
def test_a_median_that_is_none_costs_its_own_benchmark(tmp_path: Path, median: object) -> None:
    base = plain(tmp_path / "base.json", a_benchmark("one"), a_benchmark("other"))
    head = plain(tmp_path / "head.json", a_benchmark("one", median=median), a_benchmark("other"))
    outcomes = {row.verdict.case: row.verdict for row in found(base, head).rows}
    assert outcomes["one"].reason == f"not measured in head (its median is {median})"
    assert outcomes["other"].ratio == pytest.approx(1.0)


def test_nan_beside_the_figures_is_read_as_pytest_benchmark_wrote_it(tmp_path: Path) -> None:
    base = plain(tmp_path / "base.json", a_benchmark(extra_info={"loss": float("nan")}))
    assert row_of(found(base, plain(tmp_path / "head.json"))).verdict.ratio == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("base", "head"),
    [("tests/test_it.py::test", "test_it.py::test"), ("test_it.py::C::test[a/b]", "deep/er/test_it.py::C::test[a/b]")],
)
def test_a_test_seen_from_another_folder_is_found_by_its_end(tmp_path: Path, base: str, head: str) -> None:
    comparison = found(
        plain(tmp_path / "base.json", a_benchmark(base)), plain(tmp_path / "head.json", a_benchmark(head))
    )
    assert row_of(comparison).verdict.ratio == pytest.approx(1.0)
    assert comparison.warnings == (f"1 cases matched by the end of their path: {head} is {base} in base",)


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (["a/test_it.py::test", "b/test_it.py::test"], ["test_it.py::test"]),
        (["tests/test_it.py::test"], ["tests/test_it.py::other"]),
        (["my_test_it.py::test"], ["test_it.py::test"]),
    ],
    ids=["two fit", "another test", "part of a name"],
)
def test_what_may_be_another_test_is_not_matched(tmp_path: Path, base: list[str], head: list[str]) -> None:
    comparison = found(
        plain(tmp_path / "base.json", *map(a_benchmark, base)), plain(tmp_path / "head.json", *map(a_benchmark, head))
    )
    assert {row.verdict.reason for row in comparison.rows} == {"new, only in head", "removed, only in base"}


@pytest.mark.parametrize(("factor", "outcome"), [(1.9, "regressed"), (1 / 1.9, "improved"), (1.1, "inconclusive")])
def test_many_cases_that_move_together_have_a_verdict_together(tmp_path: Path, factor: float, outcome: str) -> None:
    """Each alone is inconclusive: thirty share the error of a false alarm."""
    base, head = (
        plain(tmp_path / f"{name}.json", *(a_benchmark(f"test_{n}", median=0.1 * slower) for n in range(30)))
        for name, slower in (("base", 1.0), ("head", factor))
    )
    comparison = found(base, head)
    assert {row.verdict.outcome for row in comparison.rows} == {"inconclusive"}
    assert comparison.together is not None
    assert (comparison.together.case, comparison.together.outcome) == ("all 30 cases together", outcome)
    assert comparison.together.ratio == pytest.approx(factor)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    plain(folder / "run.json")
    os.mkfifo(folder / "pipe.json")
    with pytest.raises(RunFileError, match="a pipe or a device"):
        load_figures(folder / "pipe.json")
    side = find_side(str(folder))
    assert (len(side.runs), len(side.left_out)) == (1, 1)
    assert main(["card", "--run", str(folder / "pipe.json")]) == 2
    assert "a pipe or a device" in capsys.readouterr().err


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for machine in ("one", "other"):
        (tmp_path / ".benchmarks" / machine).mkdir(parents=True)
        plain(tmp_path / ".benchmarks" / machine / "0001_baseline.json")
    with pytest.raises(RunFileError, match=r"one/0001_baseline\.json, other/0001_baseline\.json"):
        find_side("0001")


def test_figures_without_measure_keep_the_table_narrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "base.json", a_run(timed([0.1, 0.1])))
    save(tmp_path / "head.json", a_run(timed([1e308, 1e308]), day=1.0))
    assert main(["compare", "base.json", "head.json"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_a_throttled_side_is_named(tmp_path: Path) -> None:
    case = timed([0.1, 0.1])
    worker = case.worker.from_fields({"quota_periods": 380, "throttled_periods": 373})
    throttled = a_run(replace(case, worker=worker), day=1.0)
    base, head = a_side(tmp_path / "base", a_run(case)), a_side(tmp_path / "head", throttled)
    comparison = compare(base, head, earlier=(), settings=Settings(GateTable()), allow=())
    assert comparison.warnings == (
        "head was throttled by the quota of its container in 1 cases, at worst in 373 of 380 periods: its times are "
        "those of standing still",
    )
