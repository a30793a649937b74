"""A published throughput is held against the same model, size, device kind and precision, and under half is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.record.run_record import CaseResult
from speedscore.scoring.cards.figures_table import judgement
from speedscore.scoring.claims.published_figure import (
    HeldFigure,
    PublishedFigure,
    hold_figures,
    load_figures,
    shipped_figures,
)
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.facts.fact import FactError
from tests.scoring.sample_facts import make_evidence
from tests.scoring.sample_runs import make_run, measured_case

FIGURE = PublishedFigure(
    id="sample",
    framework="alpha",
    text="The model",
    model="gpt",
    value=100_000.0,
    unit="tokens/s",
    hardware="A100",
    device="gpu",
    precision="float32",
    by="somebody",
    as_of="2024-01",
    source="a page",
    shape={"context": 1024},
)


def case(seconds: float, framework: str = "alpha", **fields: Any) -> CaseResult:
    """Four sequences of 1,024 tokens in ``seconds``, of a model that nothing was cut of."""
    workload = {"batch": 4, "context": 1024, "cut": "none", "preset": "full"} | fields.pop("workload", {})
    made = measured_case(framework, seconds, model="gpt", **{"ecosystem": "alpha", "device": "gpu"} | fields)
    return msgspec.structs.replace(made, workload=workload)


def hold(*cases: CaseResult, figure: PublishedFigure = FIGURE) -> HeldFigure:
    runs = (NamedRun(name="run.json", record=make_run(*cases)),) if cases else ()
    (held,) = hold_figures([figure], make_evidence(runs=runs))
    return held


def test_the_fastest_line_of_the_framework_is_held_against_it() -> None:
    held = hold(case(0.128), case(0.064, "alpha-fast"))
    assert (held.line, held.reason) == ("alpha-fast", "")
    assert held.value == pytest.approx(64_000.0)
    assert held.fraction == pytest.approx(0.64)
    assert judgement(held) == "64 % of it on Test Processor"


def test_a_figure_of_another_precision_is_held_against_cases_of_that_one() -> None:
    figure = msgspec.structs.replace(FIGURE, precision="bfloat16")
    held = hold(case(0.032), case(0.064, precision="bfloat16"), figure=figure)
    assert held.reason == ""
    assert held.value == pytest.approx(64_000.0)


def test_under_half_is_a_defect() -> None:
    held = hold(case(0.128))
    assert judgement(held).startswith("under half of it")


def test_examples_are_counted_where_the_figure_counts_them() -> None:
    figure = msgspec.structs.replace(FIGURE, unit="examples/s", value=50.0)
    assert hold(case(0.064), figure=figure).value == pytest.approx(62.5)


@pytest.mark.parametrize(
    ("cases", "reason"),
    [
        ([], "gpt was not trained on a GPU"),
        ([case(0.1, device="cpu")], "gpt was not trained on a GPU"),
        ([case(0.1, ecosystem="beta")], "gpt was not trained on a GPU"),
        ([case(0.1, workload={"cut": "width", "preset": "small"})], "measured at preset small, which cuts width"),
        ([case(0.1, workload={"context": 512})], "context is 1024, and was measured with 512"),
        ([case(0.1, workload={"batch": None})], "the case does not say its batch"),
    ],
    ids=["nothing", "other device", "other framework", "cut", "other shape", "no batch"],
)
def test_what_is_not_the_same_is_not_held_against_it(cases: list[CaseResult], reason: str) -> None:
    held = hold(*cases)
    assert (held.value, held.reason) == (None, reason)


def test_another_precision_is_not_held_against_it() -> None:
    held = hold(case(0.1), figure=msgspec.structs.replace(FIGURE, precision="bfloat16"))
    assert held.reason == "of bfloat16, and measured in float32"


@pytest.mark.bare
def test_the_shipped_figures_are_of_accelerators_and_each_stands_once() -> None:
    figures = shipped_figures()
    assert len({figure.id for figure in figures}) == len(figures) > 0
    assert {figure.device for figure in figures} == {"gpu"}


def test_an_unsound_figure_is_refused_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "figures.toml"
    path.write_text('[[figures]]\nid = "sample"\ncolour = "green"\n', encoding="utf-8")
    with pytest.raises(FactError, match=r"figures.toml: .*colour"):
        load_figures(path)
