"""A group's table fits a terminal, says who is faster and how surely, and shows only figures that mean the same."""

from __future__ import annotations

import re
from typing import Any

import pytest

from speedscore.bench_suite.session.printing.tables import group_lines, shape_lines
from speedscore.record.measurement import Measurement
from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import CaseResult, Ratio
from tests.sample_runs import a_case


def a_ratio(faster: str, slower: str, value: float, low: float | None, high: float | None, **fields: Any) -> Ratio:
    known: dict[str, Any] = {"phase": "training", "model": "mlp", "device": "cpu", "processes": 2}
    return Ratio(faster=faster, slower=slower, value=value, low=low, high=high, **known | fields)


def lines_of(
    *cases: CaseResult, ratios: tuple[Ratio, ...] = (), gemm_flops_per_second: float | None = None
) -> list[str]:
    return group_lines(cases, ratios, preset="smoke", gemm_flops_per_second=gemm_flops_per_second)


def header(lines: list[str]) -> list[str]:
    names = lines[next(index for index, line in enumerate(lines) if line.startswith("  ---")) - 1]
    return re.split("  +", names.strip())


def bytes_of(name: str, size: float) -> Measurement:
    return Measurement(name=name, unit="bytes", better="lower", samples=(size,))


def dispatch(microseconds: float) -> Measurement:
    return Measurement(name="dispatch_seconds", unit="s", better="lower", samples=(microseconds * 1e-6,))


def test_the_fastest_stands_first_and_the_others_beside_it() -> None:
    slow, fast = a_case("jax", [[0.2] * 10] * 2), a_case("torch", [[0.1] * 10] * 2)
    lines = lines_of(slow, fast, ratios=(a_ratio("torch", "jax", 2.0, 1.9, 2.1),))
    assert lines[0] == "training mlp cpu, smoke: seconds per step, steps queued"
    assert header(lines) == ["framework", "median", "apart", "× fastest"]
    assert lines[3].split() == ["torch", "100", "ms", "0.0", "%", "1"]
    assert lines[4].split() == ["jax", "200", "ms", "0.0", "%", "2.00", "(1.90–2.10)"]
    assert lines[5] == "  torch is 2.00× (1.90 to 2.10) as fast as jax"


def test_the_sentence_gives_value_and_interval() -> None:
    cases = (
        a_case("torch-compile", [[0.100] * 6], ecosystem="pytorch"),
        a_case("torch", [[0.131] * 6], ecosystem="pytorch"),
    )
    lines = lines_of(*cases, ratios=(a_ratio("torch-compile", "torch", 1.31, 1.28, 1.35),))
    assert "  torch-compile is 1.31× (1.28 to 1.35) as fast as torch" in lines


def test_a_sentence_without_an_interval_claims_none() -> None:
    lines = lines_of(
        a_case("jax", [[0.1] * 6]), a_case("torch", [[0.2] * 6]), ratios=(a_ratio("jax", "torch", 2.0, None, None),)
    )
    assert "  jax is 2.00× as fast as torch" in lines
    assert "(" not in "".join(lines[1:])
    assert "2.00" in lines[4]


def test_few_rounds_make_no_second_decimal_and_large_ratios_two_digits() -> None:
    few = lines_of(
        a_case("jax", [[0.1] * 3]), a_case("torch", [[0.123] * 9]), ratios=(a_ratio("jax", "torch", 1.234, 1.1, 1.4),)
    )
    assert few[4].endswith("1.2 (1.1–1.4)")
    assert "  jax is 1.2× (1.1 to 1.4) as fast as torch" in few
    large = lines_of(a_case("jax", [[0.1] * 9]), a_case("torch", [[107.0] * 9]))
    assert large[4].endswith(" 1100")


def test_sentences_are_about_the_best_of_each_ecosystem_and_about_variants() -> None:
    seconds = {"jax": 1.0, "haiku": 2.0, "torch": 4.0, "torch-compile": 3.0, "tensorflow": 5.0}
    ecosystems = {"jax": "jax", "haiku": "jax", "torch": "pytorch", "torch-compile": "pytorch", "tensorflow": "tf"}
    cases = [a_case(name, [[value] * 6], ecosystem=ecosystems[name]) for name, value in seconds.items()]
    said = [line for line in lines_of(*cases, ratios=find_ratios(cases)) if "as fast as" in line]
    assert said == [
        "  jax is 3.00× as fast as torch-compile",
        "  jax is 5.00× as fast as tensorflow",
        "  torch-compile is 1.33× as fast as torch",
    ]


def test_processes_that_disagree_have_no_number() -> None:
    cases = a_case("jax", [[0.1], [0.1]]), a_case("torch", [[0.1], [10.0]])
    ratio = a_ratio("jax", "torch", 10.0, 0.5, 200.0)
    lines = lines_of(*cases, ratios=(ratio,))
    assert lines[4].endswith("processes disagree")
    assert "cannot be said: their processes disagree by more than a factor of 10" in " ".join(" ".join(lines).split())
    assert "10.0" not in lines[4]
    assert "as fast as" not in " ".join(lines)


def test_where_medians_and_neighbours_differ_the_neighbours_count() -> None:
    """By its median jax is the fastest; by neighbouring rounds it took 1.25 times as long."""
    lines = lines_of(
        a_case("jax", [[0.1] * 6]), a_case("torch", [[0.2] * 6]), ratios=(a_ratio("torch", "jax", 1.25, 1.0, 1.6),)
    )
    assert lines[3].split()[0] == "jax"
    assert lines[4].endswith("0.80 (0.62–1.00)")
    assert "  torch is 1.25× (1.00 to 1.60) as fast as jax" in lines


def test_a_ratio_of_another_group_is_not_shown() -> None:
    others = [
        a_ratio("jax", "torch", 9.0, 8.0, 9.5, phase="inference"),
        a_ratio("jax", "torch", 9.0, 8.0, 9.5, model="gpt"),
        a_ratio("jax", "torch", 9.0, 8.0, 9.5, device="gpu"),
    ]
    lines = lines_of(a_case("jax", [[0.1] * 6]), a_case("torch", [[0.2] * 6]), ratios=tuple(others))
    assert lines[4].split()[-1] == "2.00"
    assert not [line for line in lines if "9.0" in line or "as fast as" in line]


def test_on_a_processor_the_rate_is_held_against_a_matrix_product() -> None:
    case = a_case("jax", [[0.5] * 3], flops=10**9, worker={"gemm_flops_per_second": 3.0e9})
    lines = lines_of(case, gemm_flops_per_second=4e9)
    assert header(lines)[-2:] == ["GFLOP/s", "GEMM"]
    assert lines[3].split()[-3:] == ["2.00", "50", "%"]


def test_on_an_accelerator_the_rate_is_held_against_its_peak() -> None:
    case = a_case("jax", [[0.5] * 3], device="gpu", flops=10**12, worker={"peak_flops_per_second": 8e12})
    lines = lines_of(case, gemm_flops_per_second=4e9)
    assert header(lines)[-2:] == ["GFLOP/s", "MFU"]
    assert lines[3].split()[-3:] == ["2000", "25", "%"]


def test_a_device_whose_peak_nobody_knows_is_held_against_nothing() -> None:
    """Least of all against a processor's matrix product that was measured in the same session."""
    lines = lines_of(a_case("jax", [[0.5] * 3], device="gpu", flops=10**12), gemm_flops_per_second=4e9)
    assert header(lines)[-1] == "GFLOP/s"


def test_where_one_row_lacks_a_figure_the_others_stay_in_their_columns() -> None:
    common: dict[str, Any] = {"device": "gpu", "flops": 10**12}
    lines = lines_of(
        a_case("tensorflow", [[0.5] * 3], extra=[bytes_of("allocator_peak_bytes", 1 << 20)], **common),
        a_case(
            "jax",
            [[1.0] * 3],
            extra=[bytes_of("allocator_peak_bytes", 1 << 30)],
            worker={"peak_flops_per_second": 8e12},
            **common,
        ),
    )
    assert header(lines)[-3:] == ["GFLOP/s", "MFU", "allocated"]
    assert lines[3].split()[-4:] == ["2000", "–", "1.00", "MiB"]
    assert lines[4].split()[-5:] == ["1000", "12", "%", "1.00", "GiB"]


def compilation(framework: str, *seconds: float, **fields: Any) -> CaseResult:
    extra = [bytes_of("peak_rss_running_bytes", 1 << 20), bytes_of("peak_rss_with_compile_bytes", 1 << 30)]
    return a_case(framework, [{0: each} for each in seconds], phase="compilation", extra=extra, **fields)


def test_a_compilation_has_no_rate_and_the_memory_of_compiling() -> None:
    lines = lines_of(compilation("jax", 3.0), gemm_flops_per_second=4e9)
    assert header(lines) == ["framework", "median", "n", "× fastest", "peak RSS with compile"]
    assert lines[3].split()[-2:] == ["1.00", "GiB"]


def test_one_compilation_is_one_number_and_no_ratio_is_made_of_it() -> None:
    cases = compilation("jax", 0.011), compilation("torch-compile", 11.55, ecosystem="pytorch")
    lines = lines_of(*cases, ratios=find_ratios(cases))
    assert [line.split()[3:5] for line in lines[3:5]] == [["one", "–"], ["one", "–"]]
    assert not re.search("as fast|×.*×|1050", "".join(lines[3:]))


def test_several_compilations_are_counted_and_compared() -> None:
    cases = compilation("jax", 1.0, 1.0), compilation("torch-compile", 13.4, 13.4, ecosystem="pytorch")
    lines = lines_of(*cases, ratios=find_ratios(cases))
    assert lines[4].split()[3:5] == ["2", "13"]


def test_no_time_to_compile_is_claimed_for_what_compiles_nothing() -> None:
    cases = (
        compilation("torch", 0.01, 0.01, ecosystem="pytorch", program={"compiled": "nothing"}),
        compilation("torch-compile", 10.0, 10.0, ecosystem="pytorch"),
        compilation("jax", 2.0, 2.0),
    )
    lines = lines_of(*cases, ratios=find_ratios(cases))
    assert [line.split()[0] for line in lines[3:6]] == ["jax", "torch-compile", "torch"]
    assert "compiles nothing" in lines[5]
    assert [line for line in lines if "as fast as" in line] == ["  jax is 5.0× (5.0 to 5.0) as fast as torch-compile"]
    assert "  torch: nothing is compiled, and the figure is that of the first step alone" in lines


@pytest.mark.parametrize(
    ("processes", "column", "said"),
    [
        ([0.1], "apart", "one process"),
        ([0.1, 0.103], "apart", "3.0 %"),
        # Student's t with two degrees of freedom: 4.303 * 0.0296 / sqrt(3), as a fraction.
        ([0.097, 0.1, 0.1029], "±95 %", "7.6 %"),
        ([0.05, 0.1, 0.2], "±95 %", "> 50 %"),
    ],
    ids=["one", "two", "three", "three that disagree"],
)
def test_how_sure_a_figure_is_comes_from_processes(processes: list[float], column: str, said: str) -> None:
    """Rounds of one process correlate, and an interval over them would hold less than it says."""
    lines = lines_of(a_case("jax", [[seconds] * 20 for seconds in processes]))
    assert header(lines)[2] == column
    assert re.split("  +", lines[3].strip())[2] == said


def test_a_row_that_missed_its_target_is_marked() -> None:
    lines = lines_of(a_case("jax", [[0.1] * 9]), a_case("torch", [[0.2] * 9], stopped="budget"))
    assert "200 ms*" in lines[4]
    assert "*" not in lines[3]
    assert "* 1 of 2 missed the target" in " ".join(lines)


def test_memory_is_shown_where_all_rows_mean_the_same_by_it() -> None:
    running, compiling = bytes_of("peak_rss_running_bytes", 1 << 20), bytes_of("peak_rss_with_compile_bytes", 1 << 30)
    both = lines_of(a_case("jax", [[0.1]], extra=[running, compiling]), a_case("torch", [[0.2]], extra=[running]))
    assert header(both)[-1] == "peak RSS"
    assert "GiB" not in "".join(both)
    unlike = lines_of(a_case("jax", [[0.1]], extra=[running]), a_case("torch", [[0.2]], extra=[compiling]))
    assert header(unlike)[-1] == "× fastest"


def test_the_dispatch_line_tells_the_same_program_from_another_one() -> None:
    lines = lines_of(
        a_case("equinox", [[0.3] * 3], extra=[dispatch(200.4)], program={"program_sha256": "aaaa"}),
        a_case("jax", [[0.1] * 3], extra=[dispatch(100.0)], program={"program_sha256": "aaaa"}),
        a_case("haiku", [[0.2] * 3], extra=[dispatch(150.0)], program={"program_sha256": "bbbb"}),
        a_case("flax-linen", [[0.4] * 3], extra=[dispatch(300.0)]),
        a_case("torch", [[0.5] * 3]),
    )
    assert " ".join(" ".join(lines).split()).endswith(
        "Python dispatch, µs a step: jax 100, haiku 150 ≠, equinox 200 =, flax-linen 300; = compiles to raw JAX's own "
        "program, ≠ to another one"
    )


def test_without_raw_jax_no_program_is_held_against_its() -> None:
    lines = lines_of(
        a_case("equinox", [[0.3] * 3], extra=[dispatch(200.0)], program={"program_sha256": "aaaa"}),
        a_case("haiku", [[0.2] * 3], extra=[dispatch(150.0)], program={"program_sha256": "bbbb"}),
    )
    assert lines[-2] == "  Python dispatch, µs a step: haiku 150, equinox 200"
    alone = lines_of(a_case("equinox", [[0.3] * 3], extra=[dispatch(200.0)]), a_case("torch", [[0.2] * 3]))
    assert not [line for line in alone if "dispatch" in line]


LONG = ("torch-cudagraphs", "flax-nnx-tuned", "a-framework-of-another-package")


@pytest.mark.parametrize("phase", ["training", "inference", "throughput", "compilation", "warm_compilation"])
@pytest.mark.parametrize("disagree", [False, True], ids=["agree", "disagree"])
@pytest.mark.parametrize("memory", ["allocator_peak_bytes", "peak_rss_with_compile_bytes"])
def test_eighty_columns_hold_long_names_and_wide_numbers(phase: Any, disagree: bool, memory: str) -> None:
    extra = [bytes_of(memory, 999 << 20), dispatch(12345.0)]
    cases = [
        a_case(
            name,
            [[0.00999 * 1000**index * (1 + 0.9 * (round_ % 2)) for round_ in range(20)]],
            phase=phase,
            model="resnet50",
            extra=extra,
            device="gpu",
            flops=10**15,
            worker={"peak_flops_per_second": 1e13},
            program={"program_sha256": "a"},
        )
        for index, name in enumerate(LONG)
    ]
    low, high = (0.01, 9e4) if disagree else (1000.5, 1999.5)
    ratios = tuple(
        a_ratio(one, other, 1234.5, low, high, phase=phase, model="resnet50", device="gpu")
        for one, other in zip(LONG, LONG[1:] + LONG[:1], strict=True)
    )
    lines = lines_of(*cases, ratios=ratios)
    assert max(map(len, lines)) <= 80, lines
    spread = "n" if "compilation" in phase else "apart"
    assert header(lines)[:4] == ["framework", "median", spread, "× fastest"]
    assert [line.split()[0] for line in lines if line.startswith("  ") and line.split()[0] in LONG][:3] == list(LONG)


def test_a_table_of_common_width_keeps_all_its_columns() -> None:
    case = a_case(
        "torch-compile",
        [[0.0123] * 10, [0.0124] * 10],
        flops=10**9,
        worker={"gemm_flops_per_second": 9e10},
        extra=[bytes_of("peak_rss_running_bytes", 123 << 20)],
    )
    other = a_case("flax-nnx-tuned", [[0.0223] * 10, [0.0224] * 10], flops=10**9, extra=case.measurements)
    lines = lines_of(case, other, ratios=find_ratios([case, other]), gemm_flops_per_second=9e10)
    assert header(lines) == ["framework", "median", "apart", "× fastest", "GFLOP/s", "GEMM", "peak RSS"]


def test_the_shape_says_what_was_cut() -> None:
    whole = a_case("jax", [[0.1]], workload={"preset": "full", "cut": "none", "batch": 8, "hidden_layers": 2})
    cut = a_case("jax", [[0.1]], workload={"preset": "smoke", "cut": "depth, batch", "batch": 8, "epsilon": 1e-12})
    assert shape_lines(whole) == ["  batch 8, hidden layers 2"]
    assert shape_lines(cut) == ["  batch 8, epsilon 1e-12; cut below full size: depth, batch"]
