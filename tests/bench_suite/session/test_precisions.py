"""Cases of two precisions stand in one run and are never held against each other in what is printed of it."""

from __future__ import annotations

import msgspec

from speedscore.bench_suite.session.group_ratios import GroupRatios
from speedscore.bench_suite.session.printing.overview import overview_lines
from speedscore.bench_suite.session.printing.terminal_report import measured_lines
from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, RunRecord
from tests.sample_runs import a_case


def in_bfloat16(case: CaseResult) -> CaseResult:
    framework, model, device = case.framework, case.model, case.device
    name = f"{framework}-{model}-bfloat16-{device}"
    return msgspec.structs.replace(
        case, id=name, nodeid=f"bench_suite/test_{case.phase}.py::test_{case.phase}[{name}]", precision="bfloat16"
    )


PLAIN = (a_case("jax", [[1.0] * 3] * 2), a_case("torch", [[2.0] * 3] * 2))
MIXED = (in_bfloat16(a_case("jax", [[0.8] * 3] * 2)), in_bfloat16(a_case("torch", [[0.2] * 3] * 2)))
RUN = RunRecord(
    schema_version=SCHEMA_VERSION,
    created="2026-12-01T12:00:00+00:00",
    preset="smoke",
    seed=1,
    in_process=False,
    environment={},
    cases=(*PLAIN, *MIXED),
    ratios=find_ratios((*PLAIN, *MIXED)),
)


def test_a_ratio_is_of_one_precision() -> None:
    assert {(ratio.precision, ratio.faster) for ratio in RUN.ratios} == {("float32", "jax"), ("bfloat16", "torch")}


def test_a_group_takes_the_ratios_of_its_own_precision() -> None:
    assert GroupRatios(RUN.ratios, PLAIN[0]).slowdown(PLAIN[1], PLAIN[0]).text() == "2.00"
    assert GroupRatios(RUN.ratios, MIXED[0]).slowdown(MIXED[0], MIXED[1]).text() == "4.00"


def test_the_overview_has_rows_of_each_precision() -> None:
    text = "\n".join(overview_lines(RUN, width=100))
    assert "Training on cpu: " in text.replace("training on", "Training on")
    assert "on cpu in bfloat16: " in text


def test_each_precision_has_tables_of_its_own() -> None:
    text = "\n".join(measured_lines(RUN, list(RUN.cases), width=100))
    assert "mlp on cpu, smoke" in text
    assert "mlp on cpu in bfloat16, smoke" in text
