"""The history of a report: its rows are those of the series, a change and a gate's verdict stand at their points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from speedscore.comparing.saved_figures import figures_of
from speedscore.history.asking.change_points import FEWEST_RUNS
from speedscore.history.asking.changes import history_of
from speedscore.history.asking.gate_marks import GateMark, read_marks
from speedscore.history.figures.series import make_series
from speedscore.record.run_record import RunRecord
from tests.history.sample_nights import MINOR, STEP, a_gate, in_memory, records

pytest.importorskip("altair")
pytest.importorskip("ruptures")

from speedscore.report.blocks import Figure, Table, View
from speedscore.report.views import history
from tests.report.sample_content import content_of


def view_of(runs: list[RunRecord], marks: Sequence[GateMark] = ()) -> View | None:
    return history.view(msgspec.structs.replace(content_of(), history=history_of(in_memory(runs), marks)))


def figures(view: View | None) -> list[Figure]:
    assert view is not None
    return [block for block in view.blocks if isinstance(block, Figure)]


def test_every_run_is_a_row_with_its_figure_to_the_last_digit() -> None:
    runs = records()
    (figure,) = figures(view_of(runs))
    rows = figure.values()
    (series,) = [each for each in make_series(in_memory(runs)) if each.metric == "time"]
    assert [row["seconds"] for row in rows] == [point.value for point in series.points]
    assert [row["at"] for row in rows] == [point.at for point in series.points]
    assert rows[3]["commit"] == "030303030"


def test_a_change_stands_at_the_first_run_with_the_new_level_and_in_the_table() -> None:
    view = view_of(records())
    (figure,) = figures(view)
    changed = [place for place, row in enumerate(figure.values()) if row["change"]]
    assert changed == [STEP]
    assert str(figure.values()[STEP]["change"]).startswith("▲ 1.0")
    assert view is not None
    (table,) = [block for block in view.blocks if isinstance(block, Table) and block.id == "history-changes"]
    (row,) = [row for row in table.rows if row[2].text == "time"]
    texts = [cell.text for cell in row]
    assert "171717171 → 181818181" in texts
    assert "package.jax 0.10.1 → 0.10.2" in texts
    assert "▲ worse" in texts


def test_a_change_on_another_machine_of_the_kind_names_both() -> None:
    saved = [
        figures_of(run, path=f"{day}.json", host="node2" if day >= STEP else "node1")
        for day, run in enumerate(records())
    ]
    view = history.view(msgspec.structs.replace(content_of(), history=history_of(saved)))
    assert view is not None
    (table,) = [block for block in view.blocks if isinstance(block, Table) and block.id == "history-changes"]
    (row,) = [row for row in table.rows if row[2].text == "time"]
    assert "machine node1 → node2, package.jax 0.10.1 → 0.10.2" in [cell.text for cell in row]


def test_a_gates_verdict_stands_at_its_commit_and_in_the_table(tmp_path: Path) -> None:
    view = view_of(records(), read_marks(a_gate(tmp_path / "gate.json")))
    (figure,) = figures(view)
    assert [(place, row["gate"]) for place, row in enumerate(figure.values()) if row["gate"]] == [(STEP, "regressed")]
    assert view is not None
    (table,) = [block for block in view.blocks if isinstance(block, Table) and block.id == "history-gates"]
    assert "regressed" in [cell.text for cell in table.rows[0]]


def test_a_gates_unchanged_is_minor_beside_an_interval_that_excludes_1(tmp_path: Path) -> None:
    view = view_of(records(), read_marks(a_gate(tmp_path / "gate.json", verdicts=MINOR)))
    (figure,) = figures(view)
    assert [row["gate"] for row in figure.values() if row["gate"]] == ["minor"]
    assert view is not None
    (table,) = [block for block in view.blocks if isinstance(block, Table) and block.id == "history-gates"]
    assert "minor" in [cell.text for cell in table.rows[0]]


def test_two_machines_are_never_in_one_chart() -> None:
    view = view_of([*records(), *records(processor="another", seed=9)])
    first, second = figures(view)
    assert view is not None
    assert "machine" in view.filters
    assert first.tags["machine"] != second.tags["machine"]
    assert len(first.rows) == len(second.rows) == len(records())


def test_what_has_no_model_can_be_chosen_by_that() -> None:
    """Beside our own cases, as where a folder holds what pytest-benchmark alone saved too."""
    report = history_of(in_memory(records()), [])
    plain = [
        msgspec.structs.replace(each, series=msgspec.structs.replace(each.series, model="", device="", preset=""))
        for each in report.series
    ]
    both = msgspec.structs.replace(report, series=(*plain, *report.series))
    view = history.view(msgspec.structs.replace(content_of(), history=both))
    assert view is not None
    assert set(view.filters) == {"preset", "device", "model"}
    tags = [figure.tags for figure in figures(view)]
    assert tags[0] == {"preset": "none", "device": "none", "model": "none"}
    assert all("" not in each.values() for each in tags)


def test_what_is_too_short_for_a_statement_says_how_many_runs_it_needs() -> None:
    (figure,) = figures(view_of(records()[:6]))
    assert figure.lead == f"Nothing is said of changes: needs at least {FEWEST_RUNS} runs, has 6."
    assert not any(row["change"] for row in figure.values())


def test_one_run_is_no_history() -> None:
    assert view_of(records()[:1]) is None
