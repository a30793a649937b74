"""The performance tab says what the record holds: rows, figures and reasons, and each number leads to its case."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

pytest.importorskip("altair", reason='the report is drawn with it: python -m pip install "speedscore[report]"')

from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import METRICS
from speedscore.record.ratios import find_ratios
from speedscore.record.rounds import figure_of, figure_of_rounds
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.report.blocks import Block, Figure, Prose, Table, View
from speedscore.report.charts.rounds import FIGURE
from speedscore.report.content import Content
from speedscore.report.identifiers import case_id
from speedscore.report.performance import tails
from speedscore.report.performance.groups import run_titles
from speedscore.report.views import performance
from speedscore.scoring.evidence.evidence import NamedRun
from tests.report.sample_content import content_of, content_of_run, shared_content, shared_report
from tests.scoring.sample_facts import RUBRIC
from tests.scoring.sample_runs import make_run, measured_case, skipped_case


@pytest.fixture(scope="module")
def sample() -> Content:
    return shared_content()


@pytest.fixture(scope="module")
def sample_view() -> View:
    return next(view for view in shared_report().views if view.id == "performance")


def view_of(content: Content) -> View:
    made = performance.view(content)
    assert made is not None
    return made


def of_cases(*cases: CaseResult) -> View:
    return view_of(content_of_run(with_ratios(make_run(*cases))))


def with_ratios(run: RunRecord) -> RunRecord:
    return msgspec.structs.replace(run, ratios=find_ratios(run.cases))


def block(view: View, name: str) -> Block:
    return next(each for each in view.blocks if each.id == name)


def table(view: View, name: str) -> Table:
    found = block(view, name)
    assert isinstance(found, Table)
    return found


def figure(view: View, name: str) -> Figure:
    found = block(view, name)
    assert isinstance(found, Figure)
    return found


def texts(made: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in made.rows]


def having(case: CaseResult, **changes: Any) -> CaseResult:
    return msgspec.structs.replace(case, **changes)


def one(name: str, sample: float) -> Measurement:
    return Measurement.of(METRICS[name], [sample])


def test_every_round_is_a_row_and_every_figure_is_the_record_s(sample: Content, sample_view: View) -> None:
    measured = [case for _, case in sample.cases if case.status == "measured"]
    drawn = [each for each in sample_view.blocks if isinstance(each, Figure) and each.id.startswith("rounds-")]
    rows = [row for each in drawn for row in each.rows]
    rounds = [(c.framework, r.seconds, r.turn, r.process) for c in measured for r in c.rounds]
    assert sorted(map(repr, (row for row in rows if row[3] != FIGURE))) == sorted(map(repr, rounds))
    figures = [(case.framework, figure_of_rounds(case.rounds)) for case in measured]
    assert sorted((row[0], row[1]) for row in rows if row[3] == FIGURE) == sorted(figures)


def test_the_fastest_stands_on_top(sample_view: View) -> None:
    for each in sample_view.blocks:
        if isinstance(each, Figure) and each.id.startswith("rounds-cpu-training"):
            seconds = [row[1] for row in each.rows if row[3] == FIGURE and isinstance(row[1], float)]
            assert seconds == sorted(seconds)


def test_every_ratio_is_the_record_s(sample: Content, sample_view: View) -> None:
    ratios = {
        (ratio.device, ratio.phase, ratio.model, frozenset((ratio.faster, ratio.slower))): ratio
        for run in sample.runs
        for ratio in run.record.ratios
    }
    found = figure(sample_view, "ratios-cpu-training-mlp")
    (fastest, one_time, *_), *others = found.rows
    assert one_time == 1.0
    for name, times, low, high, _ in others:
        ratio = ratios["cpu", "training", "mlp", frozenset((str(fastest), str(name)))]
        assert ratio.faster == fastest
        assert (times, low, high) == (ratio.value, ratio.low, ratio.high)


def test_of_compilations_made_once_no_ratio_is_made(sample_view: View) -> None:
    said = block(sample_view, "ratios-cpu-warm-compilation-mlp")
    assert isinstance(said, Prose)
    assert "compiled once" in said.items[0].text


def test_every_number_of_the_overview_leads_to_its_case(sample: Content, sample_view: View) -> None:
    details = {case_id(run, case): case for run, case in sample.cases}
    cells = [cell for row in table(sample_view, "all").rows for cell in row[1:] if cell.value is not None]
    assert {details[cell.detail].nodeid for cell in cells} == {
        case.nodeid for case in details.values() if case.status == "measured"
    }
    assert all(cell.value == figure_of_rounds(details[cell.detail].rounds) for cell in cells)


def test_what_was_not_measured_is_counted_by_the_first_line_of_its_reason() -> None:
    failed = having(skipped_case("torch", reason="RuntimeError: no\nat line 3", model="gpt"), status="failed")
    view = of_cases(
        measured_case("jax", 0.01),
        skipped_case("jax", reason="no gpu: none found", device="gpu"),
        skipped_case("torch", reason="no gpu: none found", device="gpu"),
        failed,
    )
    by_reason = table(view, "unmeasured")
    assert [row[:3] for row in texts(by_reason)] == [
        ["failed", "1", "RuntimeError: no"],
        ["skipped", "2", "no gpu: none found"],
    ]
    assert by_reason.lead.startswith("3 of 4 selected cases have no figure: 1 failed, 2 were skipped")
    assert len(table(view, "unmeasured-cases").rows) == 3
    # In the place of its figures stands why there are none.
    note = block(view, "missing-gpu-training-mlp")
    assert isinstance(note, Prose)
    assert [item.note for item in note.items] == ["no gpu: none found"] * 2
    assert note.tags == {"device": "gpu", "phase": "training", "model": "mlp"}


def test_where_all_was_measured_that_is_said() -> None:
    said = block(of_cases(measured_case("jax", 0.01)), "unmeasured")
    assert isinstance(said, Prose)
    assert said.items[0].text == "All 1 selected cases were measured: none failed, and none was skipped."


def test_a_planted_stall_is_found_with_its_turn_and_process() -> None:
    calm = [0.010] * 9
    stalling = measured_case("jax", [*calm, 0.025])
    view = of_cases(stalling, measured_case("torch", [*calm, 0.019]))
    stalls = table(view, "stalls-cpu-training-mlp")
    assert texts(stalls) == [["jax", "25.0 ms", "2.50", "9", "0"]]
    tail = {row[0]: row for row in texts(table(view, "tails-cpu-training-mlp"))}
    assert tail["jax"][1] == "2.50"
    assert tail["torch"][1] == "1.90"
    assert [row[-1] for row in tail.values()] == ["1", "0"]


def test_stalls_of_several_in_one_turn_point_to_the_machine() -> None:
    slow = [0.010, 0.010, 0.010, 0.030]
    lead = table(of_cases(measured_case("jax", slow), measured_case("torch", slow)), "stalls-cpu-training-mlp").lead
    assert "Several frameworks stalled in turn 3 of process 0" in lead
    apart = of_cases(measured_case("jax", slow), measured_case("torch", slow[::-1]))
    assert "no two frameworks in the same turn" in table(apart, "stalls-cpu-training-mlp").lead


def test_a_round_is_held_against_the_median_of_its_own_process() -> None:
    case = measured_case("jax", [0.01, 0.01, 0.02])
    slower = tuple(msgspec.structs.replace(r, seconds=10 * r.seconds, process=1) for r in case.rounds)
    placed = tails.place_rounds(having(case, rounds=case.rounds + slower))
    assert [each.times_median for each in placed] == pytest.approx([1, 1, 2, 1, 1, 2])


def test_there_is_no_p99_of_fewer_than_a_hundred_rounds() -> None:
    many = measured_case("jax", [0.01] * 99 + [0.02])
    assert tails.p99_times_median(measured_case("jax", [0.01] * 99)) is None
    assert tails.p99_times_median(many) == pytest.approx(1.01, abs=0.02)
    heads = [column.title for column in table(of_cases(many), "tails-cpu-training-mlp").columns]
    assert "p99 over median" in heads
    few = of_cases(measured_case("jax", [0.01] * 99))
    assert "p99 over median" not in [column.title for column in table(few, "tails-cpu-training-mlp").columns]


def test_the_roofline_is_flops_over_seconds_and_over_counted_bytes() -> None:
    worker = WorkerDescription(gemm_flops_per_second=4e9)
    counted = having(
        measured_case("jax", 0.5, extra=[one("xla_bytes_accessed", 5e8)]), flops=1_000_000_000, worker=worker
    )
    uncounted = having(measured_case("torch", 1.0), flops=1_000_000_000, worker=worker)
    view = of_cases(counted, uncounted)
    roofline = figure(view, "roofline-cpu-training")
    assert roofline.rows == (("jax", "mlp", 2.0, 2e9),)
    assert any("nobody counts the bytes that they access: torch" in note for note in roofline.notes)
    assert any("bandwidth of the memory was not measured" in note for note in roofline.notes)
    assert "4.00 GFLOP/s" in str(roofline.spec)
    shares = {row[0]: row[3:] for row in texts(table(view, "achieved-cpu-training"))}
    assert shares == {"jax": ["50.0 %", "2.00"], "torch": ["25.0 %", "not counted"]}


@pytest.mark.parametrize(
    ("product", "share", "explained"), [(2e9, "50.0 %", False), (5e8, "200.0 %", True), (0.0, "–", False)]
)
def test_a_share_above_the_whole_is_explained_and_of_nothing_there_is_none(
    product: float, share: str, explained: bool
) -> None:
    worker = WorkerDescription(gemm_flops_per_second=product)
    view = of_cases(having(measured_case("torch", 1.0), flops=10**9, worker=worker))
    achieved = table(view, "achieved-cpu-training")
    assert texts(achieved)[0][3] == share
    assert any("a yardstick and no limit" in note for note in achieved.notes) is explained


def test_without_counted_bytes_there_is_no_roofline_and_that_is_said() -> None:
    view = of_cases(having(measured_case("torch", 1.0), flops=10**9))
    assert not [each for each in view.blocks if each.id.startswith("roofline")]
    achieved = table(view, "achieved-cpu-training")
    assert achieved.lead.startswith("No roofline")
    assert not achieved.folded


def test_figures_of_two_definitions_of_memory_share_no_axis_and_no_column() -> None:
    rss, plan = "peak_rss_running_bytes", "static_plan_bytes"
    view = of_cases(
        measured_case("jax", 0.01, extra=[one(rss, 3 * 2**20), one(plan, 2**20)]),
        measured_case("torch", 0.02, extra=[one(rss, 5 * 2**20)]),
    )
    assert figure(view, "memory-cpu-training-mlp").rows == (("jax", 0.01, 3 * 2.0**20), ("torch", 0.02, 5 * 2.0**20))
    found = table(view, "memory-table-cpu-training-mlp")
    assert [row[2:] for row in texts(found)] == [["3.00 MiB", "1.00 MiB"], ["5.00 MiB", "–"]]
    # The chart's lead says who needs least, of which a compiler's part may be the larger one.
    for notes in (figure(view, "memory-cpu-training-mlp").notes, found.notes):
        assert "with what compiling left behind" in notes[0]


def test_of_memory_that_only_some_know_nothing_is_said_of_the_others() -> None:
    plan = "static_plan_bytes"
    some = [measured_case(name, 0.02, extra=[one(plan, size)]) for name, size in (("jax", 2.0**20), ("haiku", 2.0**21))]
    found = figure(of_cases(*some, measured_case("torch", 0.01)), "memory-cpu-training-mlp")
    assert "Of those whose memory is known in this way, jax needs the least memory" in found.lead
    assert "Without this figure: torch." in found.notes


def test_the_stages_are_the_record_s_from_empty_and_from_warm_caches(sample: Content, sample_view: View) -> None:
    cases = {
        (case.framework, case.phase): case for _, case in sample.cases if (case.model, case.device) == ("mlp", "cpu")
    }
    rows = {row[:3]: row[3] for row in figure(sample_view, "stages-cpu-compilation-mlp").rows}
    cold, warm = cases["jax", "compilation"], cases["jax", "warm_compilation"]
    assert rows["jax", "empty caches", "tracing"] == figure_of(cold, "trace_seconds")
    assert rows["jax", "warm caches", "tracing"] == figure_of(warm, "warm_trace_seconds")
    assert rows["jax", "empty caches", "all together"] == figure_of_rounds(cold.rounds)
    compilers = {name for name, _, stage in rows if stage == "tracing"}
    for caches, phase in (("empty", "compilation"), ("warm", "warm_compilation")):
        compiled = [case for (name, of), case in cases.items() if of == phase and name in compilers]
        soonest = min(compiled, key=lambda case: figure_of_rounds(case.rounds))
        lead = figure(sample_view, f"stages-cpu-{phase.replace('_', '-')}-mlp").lead
        assert lead.startswith(f"From {caches} caches {soonest.framework} ")


def test_when_compiling_pays_is_worked_out_from_first_step_and_figure() -> None:
    eager = ProgramDescription(compiled="nothing")
    view = of_cases(
        having(measured_case("torch", 0.02, extra=[one("time_to_first_step_seconds", 0.5)]), program=eager),
        measured_case("torch-compile", 0.01, extra=[one("time_to_first_step_seconds", 10.495)]),
        measured_case("slow", 0.04, extra=[one("time_to_first_step_seconds", 1.0)]),
    )
    pays = {row[0]: row[-1] for row in texts(table(view, "break-even-table-cpu-training-mlp"))}
    assert pays == {"torch-compile": "1,001", "torch": "–", "slow": "never"}
    after = {row[:2]: row[2] for row in figure(view, "break-even-cpu-training-mlp").rows}
    assert after["torch", 100] == pytest.approx(0.5 + 99 * 0.02)


def test_each_phase_and_model_is_tagged_for_the_filters(sample_view: View) -> None:
    assert sample_view.filters == ("device", "phase", "model")
    assert figure(sample_view, "rounds-cpu-warm-compilation-gpt").tags == {
        "device": "cpu",
        "phase": "warm compilation",
        "model": "gpt",
    }
    assert all(each.sources for each in sample_view.blocks if isinstance(each, Figure | Table))


def test_two_runs_keep_to_themselves() -> None:
    first, second = make_run(measured_case("jax", 0.01)), make_run(measured_case("torch", 0.02))
    content = content_of_run(first)
    runs = (NamedRun("a/nightly.json", first), NamedRun("b/nightly.json", second))
    view = view_of(msgspec.structs.replace(content, runs=runs))
    assert view.filters[0] == "run"
    drawn = [each for each in view.blocks if isinstance(each, Figure) and each.id.startswith("rounds")]
    assert [each.sources for each in drawn] == [("a/nightly.json",), ("b/nightly.json",)]
    assert len({each.id for each in view.blocks}) == len(view.blocks)


def test_runs_of_one_name_are_numbered() -> None:
    record = make_run(measured_case("jax", 0.01))
    assert run_titles([NamedRun("a/x.json", record), NamedRun("b/x.json", record)]) == {
        "a/x.json": "x (1)",
        "b/x.json": "x (2)",
    }
    assert run_titles([NamedRun("a/x.json", record)]) == {"a/x.json": ""}


def test_every_link_of_the_tab_leads_to_a_detail(sample_view: View) -> None:
    known = {detail.id for detail in shared_report().details}
    cells = [cell for each in sample_view.blocks if isinstance(each, Table) for row in each.rows for cell in row]
    cells += [cell for each in sample_view.blocks if isinstance(each, Prose) for cell in each.items]
    assert {cell.detail for cell in cells if cell.detail} <= known


def test_ids_are_unique() -> None:
    ids = [each.id for view in shared_report().views for each in view.blocks]
    assert len(set(ids)) == len(ids)
    details = [detail.id for detail in shared_report().details]
    assert len(set(details)) == len(details)


def test_without_cases_there_is_no_tab() -> None:
    assert performance.view(content_of(rubric=RUBRIC)) is None
