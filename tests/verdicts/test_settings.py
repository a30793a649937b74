"""What a gate is asked for, before anything runs: sizes in per cent, the table of pyproject.toml, and which of its
parts holds for a case."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.verdicts.settings import CaseTable, GateTable, Settings, SettingsError, fraction, read_table
from speedscore.verdicts.verdict import VerdictPolicy

CASE = "bench/test_compile.py::test_compile[jax-mlp]"


def settings(*own: CaseTable, detect: str | None = None, **general: str) -> Settings:
    table = GateTable(case=own, **general)  # type: ignore[arg-type]  # only sizes are given here
    return Settings(table, detect=detect)


def sizes(found: Settings, *, case: str = CASE, group: str = "") -> tuple[float, float]:
    time = found.for_case(case, group).time
    return time.detect, time.margin


@given(hundredths=st.integers(min_value=0, max_value=10**7), space=st.sampled_from(["", " ", "  "]))
def test_a_size_is_read_as_a_share_of_one(hundredths: int, space: str) -> None:
    written = f"{space}{hundredths // 100}.{hundredths % 100:02}{space}%{space}"
    assert fraction(written) == pytest.approx(hundredths / 10_000)


@pytest.mark.parametrize("text", ["", "5", "5.%", ".5%", "-5%", "+5%", "5e1%", "5%%", "%", "5 per cent", "nan%", "5%x"])
def test_what_is_no_size_is_refused_with_what_was_found(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        fraction(text)
    assert str(refused.value) == f"expected a size in per cent such as 5%, found {text!r}"


def test_a_refused_size_says_of_what_it_is() -> None:
    with pytest.raises(SettingsError, match=r"^--gate-detect: expected a size .* found '3'$"):
        Settings(GateTable(), detect="3")
    with pytest.raises(SettingsError, match=r"^--gate-detect: expected more than 0 % .* found '1000%'$"):
        Settings(GateTable(), detect="1000%")


def test_without_a_table_the_defaults_of_the_documentation_hold(tmp_path: Path) -> None:
    assert read_table(tmp_path) == GateTable()
    found = Settings(read_table(tmp_path)).for_case(CASE, "")
    assert found.time == VerdictPolicy(detect=0.05, margin=0.01, false_alarm=0.01, miss=0.05)
    assert found.memory == VerdictPolicy(detect=0.1, margin=0.02, false_alarm=0.01, miss=0.05)
    assert (found.seconds, found.processors) == (60.0, "auto")


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1\n", "[tool.speedscore]\n", "[tool.speedscore.gate]\n"])
def test_a_project_without_settings_has_the_defaults(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert read_table(tmp_path) == GateTable()


def test_a_table_is_read_with_all_that_it_may_hold(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        """
        [tool.speedscore.gate]
        detect = "8%"
        margin = "3%"
        false_alarm = "2%"
        miss = "4%"
        memory_detect = "30%"
        memory_margin = "7%"
        seconds = 5
        pair_seconds = 0.25
        processors = "all"
        python_path = ["lib"]
        allow_missing = ["a::b"]
        base_setup = "make parser"

        [[tool.speedscore.gate.case]]
        match = "*x*"
        seconds = 7
        processors = "one"
        """
    )
    found = Settings(read_table(tmp_path))
    other, own = found.for_case("a", ""), found.for_case("x", "")
    assert other.time == VerdictPolicy(detect=0.08, margin=0.03, false_alarm=0.02, miss=0.04)
    assert other.memory == VerdictPolicy(detect=0.3, margin=0.07, false_alarm=0.02, miss=0.04)
    assert (other.seconds, other.processors) == (5.0, "all")
    assert (own.seconds, own.processors, own.time) == (7.0, "one", other.time)
    assert (found.pair_seconds, found.python_path, found.base_setup) == (0.25, ("lib",), "make parser")
    assert (found.may_be_missing("a::b"), found.may_be_missing("a::c")) == (True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.speedscore.gate", "cannot be read"),
        (
            "[tool.speedscore.gate]\ndetekt = '5%'",
            "[tool.speedscore.gate]: unknown key 'detekt'; did you mean 'detect'?",
        ),
        ("[tool.speedscore.gate]\npair-seconds = 1", "unknown key 'pair-seconds'; did you mean 'pair_seconds'?"),
        ("[tool.speedscore.gate]\nzzz = 1", "unknown key 'zzz'; there are detect, margin, false_alarm, "),
        ("[tool.speedscore.gates]\nmiss = '5%'", "[tool.speedscore]: unknown key 'gates'; did you mean 'gate'?"),
        ("[tool.speedscore.gate]\nprocessors = 'two'", "Invalid enum value 'two'"),
        ("[tool.speedscore.gate]\nfalse_alarm = '50%'", "false_alarm must lie between 0 and 50 %, found 50 %"),
        ("[tool.speedscore.gate]\nmiss = '0%'", "miss must lie between 0 and 50 %, found 0 %"),
        (
            "[tool.speedscore.gate]\nmemory_detect = '2%'\nmemory_margin = '2%'",
            "memory_margin must be smaller than memory_detect, found '2%' and '2%'",
        ),
        ("[tool.speedscore.gate]\ndetect = '0%'", "detect: expected more than 0 % and less than 1000 %, found '0%'"),
        ("[tool.speedscore.gate]\nseconds = 0", "seconds: expected a number of seconds above 0, found 0"),
        (
            "[tool.speedscore.gate]\npair_seconds = -0.5",
            "pair_seconds: expected a number of seconds above 0, found -0.5",
        ),
        ("[tool.speedscore.gate]\nseconds = inf", "seconds: expected a number of seconds above 0, found inf"),
        (
            "[[tool.speedscore.gate.case]]\nmatch = '*'\nseconds = nan",
            "case '*': seconds: expected a number of seconds above 0, found nan",
        ),
        ("[tool.speedscore.gate]\ndetect = '5'", "detect: expected a size in per cent such as 5%, found '5'"),
        (
            "[tool.speedscore.gate]\nmiss = 0.05",
            '[tool.speedscore.gate]: miss: write per cent, in quotes, as "5%", found 0.05',
        ),
        ("[[tool.speedscore.gate.case]]\ndetect = '5%'", "missing required field `match`"),
        (
            "[[tool.speedscore.gate.case]]\nmatch = 'x'\nmargin = '5%'",
            "case 'x': margin must be smaller than detect, found '5%' and '5%'",
        ),
        (
            "[[tool.speedscore.gate.case]]\nmatch = 'x'\ndetect = 20",
            '[[tool.speedscore.gate.case]]: detect: write per cent, in quotes, as "5%", found 20',
        ),
        (
            "[tool.speedscore.gate.case]\nmatch = 'x'",
            "[tool.speedscore.gate.case]: write [[tool.speedscore.gate.case]], in double brackets",
        ),
        (
            "[[tool.speedscore.gate]]\ndetect = '5%'",
            "tool.speedscore.gate: expected a table, found a list of tables, in double brackets; write "
            "[tool.speedscore.gate] in single brackets, and below it the settings",
        ),
        (
            "[tool.speedscore]\ngate = 5",
            "tool.speedscore.gate: expected a table, found 5; write [tool.speedscore.gate]",
        ),
        ("[[tool.speedscore]]\ngate = 5", "tool.speedscore: expected a table, found a list of tables, in double"),
        ("tool = 5", "tool: expected a table, found 5"),
        (
            "[[tool.speedscore.gate.case]]\nmatch = 'x'\nfalse_alarm = '5%'",
            "[[tool.speedscore.gate.case]]: unknown key 'false_alarm'; ",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as refused:
        read_table(tmp_path)
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)


def test_settings_are_found_from_the_root_of_the_repository(tmp_path: Path) -> None:
    part, within = tmp_path / "parts" / "kite", tmp_path / "parts" / "kite" / "tests"
    within.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.speedscore.gate]\ndetect = '7%'\n")
    (within / "pyproject.toml").write_text("[project]\nname = 'kite'\n")
    assert read_table(within) == GateTable(), "without a repository, what lies above is nobody's"
    (tmp_path / ".git").touch()
    assert read_table(within).detect == read_table(tmp_path).detect == "7%"
    (part / "pyproject.toml").write_text("[tool.speedscore.gate]\nmiss = '3%'\n")
    assert read_table(within) == GateTable(miss="3%"), "the nearest one holds, and alone"


def test_settings_above_the_repository_are_not_read(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.speedscore.gate]\ndetekt = 1\n")
    assert read_table(repository) == GateTable()


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_table(tmp_path)


def test_without_a_margin_it_is_a_fifth_of_what_is_to_be_detected() -> None:
    assert sizes(settings(detect="3%")) == pytest.approx((0.03, 0.006))
    assert sizes(Settings(GateTable(detect="20%"))) == pytest.approx((0.2, 0.04))
    assert sizes(settings(CaseTable(match=CASE, detect="40%"))) == pytest.approx((0.4, 0.08))


def test_a_margin_that_is_given_is_used() -> None:
    assert sizes(settings(margin="3%")) == pytest.approx((0.05, 0.03))
    assert sizes(settings(CaseTable(match=CASE, margin="4%"))) == pytest.approx((0.05, 0.04))


def test_a_general_margin_does_not_follow_a_size_of_its_own() -> None:
    found = settings(CaseTable(match=CASE, detect="2%"), margin="3%")
    assert sizes(found) == pytest.approx((0.02, 0.004))
    assert sizes(found, case="another") == pytest.approx((0.05, 0.03))


def test_the_command_line_comes_before_every_table_and_takes_its_margin_along() -> None:
    found = settings(CaseTable(match=CASE, detect="40%", margin="30%"), margin="4%", detect="3%")
    assert sizes(found) == sizes(found, case="another") == pytest.approx((0.03, 0.006))


def test_the_command_line_leaves_memory_alone() -> None:
    memory = settings(detect="50%").for_case(CASE, "").memory
    assert (memory.detect, memory.margin) == (0.1, 0.02)


def test_without_a_margin_that_of_memory_follows_its_size_too() -> None:
    for found in (
        settings(memory_detect="2%"),
        settings(CaseTable(match=CASE, memory_detect="2%"), memory_margin="3%"),
    ):
        memory = found.for_case(CASE, "").memory
        assert (memory.detect, memory.margin) == pytest.approx((0.02, 0.004))
    assert settings(memory_detect="50%", memory_margin="3%").for_case(CASE, "").memory.margin == 0.03


def test_the_last_table_that_matches_counts() -> None:
    wide, narrow = CaseTable(match="*", detect="10%", margin="1%"), CaseTable(match="*compile*", detect="20%")
    assert sizes(settings(wide, narrow))[0] == pytest.approx(0.2)
    assert sizes(settings(narrow, wide))[0] == pytest.approx(0.1)


def test_tables_that_match_complete_each_other() -> None:
    wide = CaseTable(match="*", seconds=300, processors="all", memory_detect="50%")
    narrow = CaseTable(match="*compile*", detect="20%", memory_margin="20%")
    found = settings(wide, narrow).for_case(CASE, "")
    assert (found.seconds, found.processors, found.time.detect) == (300, "all", 0.2)
    assert (found.memory.detect, found.memory.margin) == (0.5, 0.2)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (CASE, True),
        ("*test_compile*", True),
        ("bench/*[jax-mlp]", True),
        ("*", True),
        ("bench/test_compile.py::test_compile", False),
        ("test_compile", False),
        ("*[[]jax*", False),
        ("bench?test_compile.py::test_compile[jax-mlp]", False),
        ("compiling", True),
        ("comp*", True),
        ("comp", False),
        ("", False),
    ],
)
def test_a_table_matches_a_whole_node_id_or_a_whole_group(match: str, fits: bool) -> None:
    assert CaseTable(match=match).fits(case=CASE, group="compiling") is fits


def test_a_case_without_a_group_is_matched_by_its_node_id_alone() -> None:
    assert not CaseTable(match="").fits(case=CASE, group="")
    assert not CaseTable(match="comp*").fits(case=CASE, group="")


def test_a_group_has_a_table_of_its_own() -> None:
    found = settings(CaseTable(match="compiling", detect="20%"))
    assert sizes(found, group="compiling")[0] == pytest.approx(0.2)
    assert sizes(found, group="running")[0] == pytest.approx(0.05)


@pytest.mark.parametrize("field", ["detect", "margin", "memory_detect", "memory_margin"])
def test_a_size_of_a_case_is_checked_before_there_is_such_a_case(field: str) -> None:
    with pytest.raises(SettingsError, match="expected a size in per cent"):
        Settings(GateTable(case=(CaseTable(match="no::such", **{field: "much"}),)))  # type: ignore[arg-type]
