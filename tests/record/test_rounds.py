"""Each process gives one number, whichever order and however many its rounds came in."""

from __future__ import annotations

import math
import sys

import msgspec
import numpy as np
import pytest
from scipy.special import stdtrit

from speedscore.record.measurement import Measurement
from speedscore.record.metrics import METRICS
from speedscore.record.rounds import (
    figure_of,
    figure_of_rounds,
    interval_fraction_over_medians,
    interval_fraction_over_processes,
    process_medians,
    rounds_by_process,
)
from speedscore.record.run_record import Round
from tests.sample_runs import a_case


def test_rounds_are_grouped_by_their_process_and_keep_their_order() -> None:
    rounds = [Round(3.0, process=1), Round(1.0, process=0), Round(2.0, process=1)]
    assert rounds_by_process(rounds) == {0: (rounds[1],), 1: (rounds[0], rounds[2])}


def test_rounds_of_an_unknown_process_are_those_of_one() -> None:
    assert process_medians([Round(3.0), Round(1.0), Round(2.0)]) == (2.0,)


def test_of_the_largest_numbers_that_a_file_holds_the_median_is_one() -> None:
    """Their sum is infinite, which no file of a history could hold."""
    largest = sys.float_info.max
    assert process_medians([Round(largest), Round(largest)]) == (largest,)
    memory = Measurement.of(METRICS["peak_rss_running_bytes"], (largest, largest))
    assert figure_of(a_case("jax", [[1.0]], extra=[memory]), "peak_rss_running_bytes") == largest


def test_a_process_with_more_rounds_has_no_more_weight() -> None:
    few, many = a_case("jax", [[1.0] * 3, [4.0] * 3]), a_case("jax", [[1.0] * 3, [4.0] * 200])
    assert figure_of_rounds(few.rounds) == figure_of_rounds(many.rounds) == pytest.approx(2.0)


def test_the_figure_of_one_process_is_exactly_its_median() -> None:
    assert figure_of_rounds([Round(0.01)] * 3) == 0.01


def test_of_another_metric_the_median_over_processes_stands_for_it() -> None:
    memory = Measurement.of(METRICS["peak_rss_running_bytes"], (0.0, 30.0, 10.0))
    case = a_case("jax", [[1.0]], extra=[memory])
    assert figure_of(case, "peak_rss_running_bytes") == 10.0
    assert figure_of(case, "seconds_per_step") == 1.0
    assert figure_of(case, "static_plan_bytes") is None
    skipped = msgspec.structs.replace(case, status="skipped", reason="no device", rounds=())
    assert figure_of(skipped, "seconds_per_step") is None


def test_fewer_than_three_processes_have_no_interval() -> None:
    assert interval_fraction_over_processes(a_case("jax", [[1.0] * 50, [1.1] * 50]).rounds) is None


@pytest.mark.parametrize("processes", [3, 4, 5, 6, 20, 31, 1000])
def test_the_interval_is_student_s(processes: int) -> None:
    logs = np.random.default_rng(20261127).normal(0.0, 0.01, processes)
    error = float(np.std(logs, ddof=1)) / math.sqrt(processes)
    reach = interval_fraction_over_medians(np.exp(logs).tolist())
    assert reach == pytest.approx(math.expm1(float(stdtrit(processes - 1, 0.975)) * error), rel=1e-9)


@pytest.mark.parametrize("processes", [3, 5])
def test_the_interval_over_processes_holds_what_it_says_where_rounds_correlate(processes: int) -> None:
    """Rounds drift within a process, and the processes differ by 3 %: what an interval over rounds would not know."""
    rng = np.random.default_rng(20261126)
    held = 0
    for _ in range(500):
        levels = np.exp(rng.normal(0.0, 0.03, processes))
        drift = np.cumsum(rng.normal(0.0, 0.002, (processes, 9)), axis=1)
        rounds = a_case("jax", (levels[:, None] * np.exp(drift)).tolist()).rounds
        reach = interval_fraction_over_processes(rounds)
        assert reach is not None
        held += abs(math.log(figure_of_rounds(rounds))) <= math.log1p(reach)
    # 95 % of 500, and three standard errors of that.
    assert abs(held / 500 - 0.95) < 0.03
