"""A table of answers keeps to a terminal's width, loses no cell, and shows what it holds as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.__main__ import main
from speedscore.bench_suite.probes.table import NOTHING, Table, markdown_lines, terminal_lines
from speedscore.record.run_file import to_block, write_json
from speedscore.record.run_record import SCHEMA_VERSION, RunRecord
from tests.bench_suite.probes.made_up_answers import exports

WORDS = st.text(alphabet="abcdefgh", min_size=1, max_size=9)


@given(
    columns=st.lists(WORDS, min_size=1, max_size=8),
    cells=st.lists(WORDS, min_size=1, max_size=3),
    width=st.integers(30, 60),
)
def test_every_cell_is_shown_and_no_line_is_too_wide(columns: list[str], cells: list[str], width: int) -> None:
    rows = tuple(
        (f"row{number}", *(f"{cell}{number}{place}" for place in range(len(columns))))
        for number, cell in enumerate(cells)
    )
    lines = terminal_lines(Table(headers=("", *columns), rows=rows), width=width)
    assert max(map(len, lines)) <= width
    shown = " ".join(lines).split()
    for row in rows:
        assert all(shown.count(cell) == 1 for cell in row[1:])


def test_a_row_without_answers_in_the_columns_of_a_table_is_left_out_of_it() -> None:
    table = Table(headers=("", "one", "two"), rows=(("here", "yes", NOTHING), ("there", NOTHING, "no")))
    assert [line.split() for line in terminal_lines(table, width=12) if line] == [
        ["one"],
        ["here", "yes"],
        ["two"],
        ["there", "no"],
    ]


def test_what_a_cell_holds_is_neither_obeyed_nor_markup() -> None:
    table = Table(title="a\nb", headers=("", "x"), rows=(("<script>", "\x1b[2J|"),), notes=("# no heading",))
    assert not any("\x1b" in line or "\n" in line for line in terminal_lines(table, width=80))
    markdown = "\n".join(markdown_lines(table))
    assert "<script>" not in markdown.replace("\\<", "")
    assert "\n# " not in markdown


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells under 3 headers"):
        Table(headers=("", "one", "two"), rows=(("row", "yes"),))


def saved(path: Path, *, probes: bool = True) -> Path:
    run = RunRecord(
        schema_version=SCHEMA_VERSION,
        created="2026-12-01T12:00:00+00:00",
        preset="smoke",
        seed=1,
        in_process=False,
        environment={},
        cases=(),
        probes=(*exports("jax", "passed", "crashed"), *exports("torch", "passed", control="broke")) if probes else (),
    )
    write_json(path, {"speedscore": to_block(run)})
    return path


def test_the_command_prints_a_saved_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probes", str(saved(tmp_path / "run.json"))]) == 0
    terminal = capsys.readouterr().out
    assert "export to onnx" in terminal
    assert "1 of 2" in terminal
    assert "unproved" in terminal
    assert main(["probes", str(tmp_path / "run.json"), "--format", "markdown"]) == 0
    assert "| export to onnx | 1 of 2 | unproved |" in capsys.readouterr().out


def test_the_command_says_what_to_do_with_a_run_that_holds_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probes", str(saved(tmp_path / "run.json", probes=False))]) == 2
    assert "holds no probes" in capsys.readouterr().err
    (tmp_path / "other.json").write_text(json.dumps({}))
    assert main(["probes", str(tmp_path / "other.json")]) == 2
