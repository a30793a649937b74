"""``speedscore compare`` and ``baseline`` as their users meet them: what is printed, and the exit code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.__main__ import main
from speedscore.comparing.finding_runs import STORAGE
from speedscore.comparing.output import FORMATS
from speedscore.comparing.report import SCHEMA_VERSION, ComparisonReport, compared
from speedscore.text.wrapping import TERMINAL_COLUMNS
from speedscore.verdicts.settings import GateTable, Settings
from speedscore.verdicts.verdict import VerdictPolicy
from tests.comparing.sample_runs import a_side, compare, save_plain
from tests.places import ROOT
from tests.sample_runs import MACHINE, a_run, measured, save, timed

SAVED = ROOT / "fixtures" / "runs"
STEADY = (0.100, 0.101)


def times(factor: float) -> list[float]:
    return [value * factor for value in STEADY]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands are given: three runs, a week apart, the case of one framework slower from run to run."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("first", "second", "third")):
        cases = [
            timed(times(2.0**number), framework="jax"),
            timed(times(1.0), framework="torch", model="gpt"),
            timed(times(0.2 ** (number > 0)), framework="haiku"),
        ]
        save(tmp_path / f"{name}.json", a_run(*cases, day=7.0 * number))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    return capsys.readouterr().out


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_slowest_case_stands_first(capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "compare", "first.json", "third.json")
    order = re.findall(r"^test_training\[(\w+)-", printed, flags=re.MULTILINE)
    assert order == ["jax", "torch", "haiku"]
    assert re.search(r"time +regressed +4\.000 .* 100 ms +402 ms", printed)
    assert re.search(r"time +improved +0\.200 ", printed)


def test_groups_are_titled_and_sorted_within(capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "compare", "first.json", "third.json", "--group-by", "model")
    titles = [line for line in printed.splitlines() if line in ("gpt", "mlp")]
    assert titles == ["gpt", "mlp"]
    after = printed.partition("\nmlp\n")[2]
    assert after.index("[jax-") < after.index("[haiku-")
    assert "[torch-" not in after


def test_every_further_run_is_compared_with_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(said(capsys, "compare", "first.json", "second.json", "third.json", "--format", "json"))
    assert [each["head"]["label"] for each in report["comparisons"]] == ["second.json", "third.json"]
    assert {each["base"]["label"] for each in report["comparisons"]} == {"first.json"}


def test_the_json_is_versioned_and_says_all(capsys: pytest.CaptureFixture[str]) -> None:
    report: dict[str, Any] = json.loads(said(capsys, "compare", "first.json", "third.json", "--format", "json"))
    assert report["schema_version"] == SCHEMA_VERSION
    slowest = report["comparisons"][0]["rows"][0]
    assert slowest["verdict"]["ratio"] == pytest.approx(4.0)
    assert slowest["base"] == {"figure": pytest.approx(0.1005, rel=1e-3), "runs": 1, "processes": 2}
    assert (slowest["noise"], slowest["unit"], slowest["framework"]) == ("assumed", "s", "jax")


def test_a_table_of_markdown_has_as_many_cells_in_each_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, factor in (("one", 1.0), ("other", 3.0)):
        save(folder / f"{name}.json", a_run(timed(times(factor), model="a|b"), day=factor))
    printed = said(capsys, "compare", "one.json", "other.json", "--format", "markdown")
    table = [line for line in printed.splitlines() if line.startswith("|")]
    assert len(table) == 3
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {9}


def test_markdown_calls_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a comment of a pull request, GitHub would."""
    for day, version in enumerate(("1 by @somebody", "2 by @somebody")):
        count = measured("@everybody", "count", day, day)
        run = a_run(
            timed(times(1.0 + 3 * day), model="@anybody", extra=[count]), day=day, environment={"package.x": version}
        )
        save(folder / f"@team-{day}.json", run)
    sides = ("@team-0.json", "@team-1.json")
    printed = said(capsys, "compare", *sides, "--format", "markdown", "--group-by", "model")
    in_code = re.findall(r"`[^`]*`", printed)
    for name in ("@team-0.json", "@team-1.json", "@somebody", "@anybody", "@everybody"):
        assert printed.count(name) == sum(span.count(name) for span in in_code) > 0


def test_inconclusive_says_why_once_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    printed = in_one_line(said(capsys, "compare", "first.json", "second.json"))
    once = r"inconclusive in 1 metric \(a change would show from a factor of 1\.\d on\): "
    assert len(re.findall(once, printed)) == 1
    assert "20 saved runs of the case would tell; pytest --benchmark-only --gate needs none" in printed


def test_runs_of_other_machines_are_refused_in_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = a_run(timed(STEADY), day=1.0, environment=MACHINE | {"cpu.model": "another"})
    save(folder / "elsewhere.json", other)
    assert main(["compare", "first.json", "elsewhere.json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "--allow cpu.model" in captured.err
    assert "allowed to differ: cpu.model: a processor -> another" in in_one_line(
        said(capsys, "compare", "first.json", "elsewhere.json", "--allow", "cpu.model")
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "first.json", "nowhere.json"], "nowhere.json: no such file, folder or run"),
        (["compare", "first.json", "third.json", "--history", "nowhere"], "--history nowhere: no such folder"),
        (["compare", "first.json", "third.json", "--anchor"], "there is no anchor yet"),
        (["compare", "first.json", "first.json"], "nothing could be compared; the reasons stand above"),
        (["baseline", "set", "nowhere.json"], "nowhere.json: no such file"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"speedscore: {message}")


@pytest.mark.parametrize("arguments", [[], ["compare", "first.json"], ["compare", "a", "b", "--format", "html"]])
def test_a_command_line_that_is_none_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_settings_that_cannot_be_read_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pyproject.toml").write_text("[tool.speedscore.gate]\ndetect = 5\n")
    assert main(["compare", "first.json", "third.json"]) == 2
    assert "[tool.speedscore.gate]" in capsys.readouterr().err


def test_drift_that_no_week_shows_is_seen_against_the_anchor(capsys: pytest.CaptureFixture[str]) -> None:
    assert "anchor: none yet" in said(capsys, "baseline", "show")
    assert in_one_line(said(capsys, "baseline", "set", "first.json")).startswith("baseline set: .speedscore/")
    said(capsys, "baseline", "set", "second.json")
    shown = said(capsys, "baseline", "show")
    assert [line[-25:-15] for line in shown.splitlines() if "created" in line] == ["2026-12-08", "2026-12-01"]
    printed = said(capsys, "compare", "baseline", "third.json", "--anchor")
    assert re.findall(r"time +\w+ +(\d\.\d+)", printed)[0] == "2.000"
    assert "speedscore compare: drift since the anchor" in printed
    assert "4.000" in printed.partition("drift since the anchor")[2]


def test_the_storage_is_history_unless_another_folder_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        run = a_run(timed(times(1 + 0.001 * (-1) ** number)), day=number - 100.0)
        save(folder / STORAGE / "machine" / f"{number:04}.json", run)
    save(folder / "now.json", a_run(timed(STEADY), day=0.0))
    save(folder / "then.json", a_run(timed(times(1.05)), day=1.0))
    printed = said(capsys, "compare", "now.json", "then.json")
    assert re.search(r"time +regressed +1\.050", printed)
    assert "learned from 20 earlier runs of the case" in in_one_line(printed)
    (folder / "empty").mkdir()
    assert re.search(r"time +inconclusive", said(capsys, "compare", "now.json", "then.json", "--history", "empty"))


def test_plain_files_of_pytest_benchmark_are_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_plain(folder / "one.json", median=0.1)
    save_plain(folder / "other.json", median=0.4, day=1.0)
    printed = said(capsys, "compare", "one.json", "other.json")
    assert re.search(r"test_it\n +time +regressed +4\.000", printed)


def test_the_command_runs_as_a_module_and_pytest_benchmark_reads_the_same_file(folder: Path) -> None:
    shutil.copy(SAVED / "2026-11-28-cpu-smoke.json", folder / "ours.json")
    twice = ["compare", "ours.json", "ours.json"]
    ours = subprocess.run([sys.executable, "-m", "speedscore", *twice], capture_output=True, text=True, check=False)
    assert ours.returncode == 2
    assert "the same measurement stands on both sides" in in_one_line(ours.stdout)
    theirs = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", "ours.json"], capture_output=True, text=True, check=False
    )
    assert theirs.returncode == 0, theirs.stderr
    assert "test_training[jax-mlp-cpu]" in theirs.stdout


NAMES = st.text(
    st.characters(codec="ascii", exclude_categories=["C"], exclude_characters="/:"), min_size=1, max_size=30
)


@given(
    names=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    factor=st.floats(1e-3, 1e3),
    form=st.sampled_from(sorted(FORMATS)),
)
def test_whatever_the_cases_are_called_they_are_rendered(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], factor: float, form: str
) -> None:
    folder = tmp_path_factory.mktemp("rendered")
    memory = [[measured("peak_bytes", "bytes", size, size)] for size in (1000.0, 2000.0)]
    one, other = (
        a_side(
            folder / f"{day}", a_run(*(timed(times(slower), model=name, extra=memory[day]) for name in names), day=day)
        )
        for day, slower in enumerate((1.0, factor))
    )
    found = compare(one, other, earlier=(), settings=Settings(GateTable()), allow=())
    each = compared(one, other, found, group_by="model")
    text = FORMATS[form](ComparisonReport(SCHEMA_VERSION, VerdictPolicy(), VerdictPolicy(), "model", (each,)))
    assert text.endswith("\n")
    if form == "text":
        assert max(map(len, text.splitlines())) <= TERMINAL_COLUMNS
    if form == "json":
        assert json.loads(text, parse_constant=lambda constant: pytest.fail(constant))
