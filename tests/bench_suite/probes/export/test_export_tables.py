"""The tables of exports: what a cell says, and that nothing unproved is published."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.probes.export.tables import UNKNOWN, export_tables
from speedscore.bench_suite.probes.summary import NO_CONTROL
from speedscore.bench_suite.probes.table import NOTHING, Table, markdown_lines, terminal_lines
from speedscore.host.fields import Scalar
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import find_metric
from speedscore.record.probe_result import ProbeResult


def result(
    framework: str,
    outcome: str,
    *,
    subject: str = "",
    target: str = "onnx",
    reason: str = "",
    measured: dict[str, list[float]] | None = None,
    **observations: Scalar,
) -> ProbeResult:
    """An answer; a control where it has no subject; one that was not asked where it has no outcome."""
    name = "-".join(filter(None, (framework, subject, target, "cpu")))
    return ProbeResult(
        id=name,
        nodeid=name,
        family="export" if subject else "export_control",
        framework=framework,
        ecosystem=framework,
        device="cpu",
        status="answered" if outcome else "skipped",
        subject=subject,
        target=target,
        outcome=outcome,
        reason=reason,
        seconds=(1.0,) if outcome else (),
        observations=observations,
        measurements=tuple(Measurement.of(find_metric(name), values) for name, values in (measured or {}).items()),
        versions={"sample": "1"} if outcome else {},
    )


def cells(table: Table) -> dict[tuple[str, str], str]:
    """(model, framework) → cell."""
    return {(row[0], name): cell for row in table.rows for name, cell in zip(table.headers[1:], row[1:], strict=True)}


@pytest.mark.parametrize(
    ("answer", "cell"),
    [
        (result("jax", "passed", subject="mlp", dynamic_batch=True), "yes"),
        (result("jax", "passed", subject="mlp", dynamic_batch=False), "fixed batch"),
        (result("jax", "wrong numbers", subject="mlp", reason="off"), "wrong"),
        (result("jax", "not converted", subject="mlp", kind="unsupported operator"), "no: operator"),
        (result("jax", "not converted", subject="mlp", kind="tracing"), "no: tracing"),
        (result("jax", "does not run", subject="mlp", kind="version"), "does not run"),
        (result("jax", "crashed", subject="mlp", kind="crash"), "crashed"),
        (result("jax", "crashed", subject="mlp", kind="hang"), "hung"),
        (result("jax", "no route", subject="mlp", reason="nobody made one"), "no route"),
    ],
)
def test_a_cell_says_what_became_of_a_model(answer: ProbeResult, cell: str) -> None:
    (table, *_) = export_tables([answer, result("jax", "held")])
    assert cells(table) == {("mlp", "jax"): cell}


def test_a_column_whose_control_did_not_hold_or_was_not_asked_is_withheld_and_said_to_be() -> None:
    probes = [
        result("jax", "passed", subject="mlp"),
        result("jax", "broke", reason="off by inf\nand more"),
        result("flax-nnx", "wrong numbers", subject="mlp", reason="the logits are off"),
        result("haiku", "passed", subject="mlp", dynamic_batch=True),
        result("haiku", "held"),
        # A control proves its own target alone.
        result("flax-nnx", "held", target="openvino"),
    ]
    (table,) = [table for table in export_tables(probes) if table.headers[0] == "onnx"]
    assert cells(table) == {
        ("mlp", "jax"): NO_CONTROL,
        ("mlp", "flax-nnx"): NO_CONTROL,
        ("mlp", "haiku"): "yes",
    }
    assert "jax: withheld, for its control did not hold: off by inf" in table.notes
    assert "flax-nnx: withheld, for its control was not asked." in table.notes
    assert not any("the logits are off" in note for note in table.notes)


def test_no_figure_comes_from_what_is_withheld_or_did_not_pass() -> None:
    slow = {"convert_seconds": [100.0], "runtime_latency_seconds": [5.0], "native_latency_seconds": [1.0]}
    probes = [
        result("jax", "passed", subject="mlp", measured=slow),
        result("torch", "wrong numbers", subject="mlp", measured=slow),
        result("torch", "held"),
    ]
    assert [table.title for table in export_tables(probes)] == ["Export to onnx: ONNX Runtime"]


def test_figures_are_over_the_models_that_passed() -> None:
    probes = [
        result(
            "jax",
            "passed",
            subject=model,
            largest_relative_error=1e-6 * factor,
            measured={
                "convert_seconds": [1.0 * factor],
                "artefact_bytes": [1024.0],
                "first_answer_seconds": [0.5],
                "runtime_latency_seconds": [2.0 * factor, 2.0 * factor],
                "native_latency_seconds": [1.0],
            },
        )
        for model, factor in (("mlp", 1), ("bert", 4))
    ]
    _, figures = export_tables([*probes, result("jax", "held")])
    assert figures.rows == (("onnx jax", "2", "2.50 s", "1.00 KiB", "500 ms", "4.00 ×", "4e-06"),)


def test_what_was_served_is_told_by_percentiles() -> None:
    served = {
        "request_latency_seconds": [0.01] * 99 + [1.0],
        "serving_seconds": [2.0],
        "failed_requests": [0.0],
        "served_requests": [100.0],
    }
    probes = [result("jax", "passed", subject="mlp", target="http", measured=served)]
    table = export_tables([*probes, result("jax", "held", target="http")])[-1]
    assert table.rows[0][:3] == ("jax mlp", "10.0 ms", "10.0 ms")
    assert table.rows[0][-2:] == ("50.0", "0")


def test_a_reason_is_given_once_with_all_that_it_is_about_and_is_never_obeyed() -> None:
    words = "NotImplementedError: <b>no\x1b[31m plugin</b> | for x" + " and more" * 100
    probes = [
        *(result("jax", "not converted", subject=model, kind="other", reason=words) for model in ("mlp", "gpt")),
        result("torch", "not converted", subject="gpt", kind="other", reason=words + "\nsecond line"),
        *(result(name, "held") for name in ("jax", "torch")),
    ]
    (table,) = export_tables(probes)
    assert cells(table)["mlp", "torch"] == NOTHING
    (reason,) = [note for note in table.notes if "NotImplementedError" in note]
    assert reason.startswith("jax mlp, gpt; torch gpt: NotImplementedError")
    lines = terminal_lines(table, width=80)
    assert max(map(len, lines)) <= 80
    assert not any("\x1b" in line for line in lines)
    assert "<b>" not in "\n".join(markdown_lines(table)).replace("\\<", "")


def test_what_was_not_answered_is_unknown_and_a_run_without_answers_has_no_table() -> None:
    skipped = result("jax", "", subject="mlp", reason="needs a moon")
    assert export_tables([skipped]) == ()
    (table, *_) = export_tables([skipped, result("jax", "passed", subject="gpt"), result("jax", "held")])
    assert cells(table)["mlp", "jax"] == UNKNOWN
    assert cells(table)["gpt", "jax"] == "fixed batch"
