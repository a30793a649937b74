"""The screen that says what a session's probes came to: what was counted, and what is not published."""

from __future__ import annotations

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.summary import NO_CONTROL, make_lines, proved, summary_lines
from speedscore.record.metrics import find_metric
from tests.bench_suite.probes.made_up_answers import exports, result


def test_answers_are_counted_by_framework_and_target() -> None:
    probes = [*exports("jax", "passed", "not converted"), *exports("torch", "passed", "passed")]
    (line,) = make_lines(probes)
    assert line.title == "export to onnx"
    assert line.cells == {"jax": "1 of 2", "torch": "2 of 2"}


def test_an_answer_whose_control_broke_or_was_not_asked_is_not_published() -> None:
    for control in ("broke", ""):
        probes = exports("jax", "passed", "passed", control=control)
        (line,) = make_lines(probes)
        assert line.cells == {"jax": NO_CONTROL}
        assert not proved(probes[0], probes)
    # Another framework's control proves nothing.
    probes = [*exports("jax", "passed", control=""), *exports("torch", "passed")]
    assert [line.cells for line in make_lines(probes)] == [{"jax": NO_CONTROL, "torch": "passed"}]


def test_a_way_that_there_is_not_needs_no_proof() -> None:
    probes = exports("torch", "no route", "no route", control="")
    assert [line.cells for line in make_lines(probes)] == [{"torch": "no route"}]


def test_one_answer_is_told_by_its_figure() -> None:
    (line,) = make_lines([result("import", "jax", "imported", seconds=0.25)])
    assert line.cells == {"jax": "250 ms"}


def test_a_figure_that_is_a_part_is_told_with_its_whole() -> None:
    results = {"ran_as_written": 20, "other_output": 14, "name_not_defined": 4, "raised": 4, "not_reached": 9}
    probes = [
        result("idioms", "jax", "counted", counts={"idioms": 150, "idioms_same": 117}),
        result("documentation", "jax", "counted", counts={f"docstrings_{name}": n for name, n in results.items()}),
        result("surface", "jax", "counted", counts={"surface_lines": 62}),
    ]
    cells = {line.title: line.cells["jax"] for line in make_lines(probes)}
    assert cells == {"NumPy idioms": "117 of 150", "docs that run": "20 of 42", "lines a model": "62"}


def test_the_whole_of_every_figure_is_counted_by_its_family() -> None:
    for family in FAMILIES.values():
        assert len({find_metric(name).unit for name in (family.figure, *family.figure_of) if name}) <= 1


def test_a_mistake_is_averted_where_it_does_no_harm_or_is_told_at_once() -> None:
    outcomes = FAMILIES["mistake"].outcomes
    probes = [result("mistake", "jax", outcome, subject=f"mistake{place}") for place, outcome in enumerate(outcomes)]
    (line,) = make_lines(probes)
    assert (line.title, line.cells) == ("mistakes averted", {"jax": "2 of 6"})
    assert FAMILIES["mistake"].outcomes[: FAMILIES["mistake"].good] == ("harmless", "an error at once")


def test_what_was_not_asked_is_said_once_a_reason_and_is_never_a_zero() -> None:
    probes = [
        result("import", "jax", reason="needs a moon\nof cheese"),
        result("import", "torch", reason="needs a moon"),
    ]
    assert summary_lines(probes, width=80) == ["2 of 2 probes have no answer:", "  2 skipped: needs a moon"]


def test_the_table_keeps_to_its_width_however_many_frameworks_there_are() -> None:
    names = ("jax", "flax-nnx", "flax-linen", "haiku", "equinox", "torch", "tensorflow")
    probes = [probe for name in names for probe in exports(name, "passed", "crashed")]
    lines = summary_lines(probes, width=44)
    assert max(map(len, lines)) <= 44
    assert sum(line.count("1 of 2") for line in lines) == len(names)


def test_words_from_outside_are_printed_as_they_stand() -> None:
    lines = summary_lines([result("import", "jax", reason="\x1b[31mred")], width=80)
    assert not any("\x1b" in line for line in lines)
