"""What a number means is declared: each phase has its metric, and a name that nobody declared is refused."""

from __future__ import annotations

import pytest

from speedscore.record.metrics import METRICS, Metric, find_metric
from speedscore.record.phases import PHASES, ROLES, TIMED_PHASE
from speedscore.verdicts.counts import COUNTS

OWN = Metric("cache_hits", unit="count", better="higher", title="hits of the cache")


def test_a_name_of_the_table_has_its_unit_and_direction() -> None:
    assert find_metric("xla_bytes_accessed").unit == "bytes"
    assert find_metric("xla_flops").unit == "count"
    assert find_metric("xla_flops").better == "lower"
    assert find_metric("idioms_same").better == "higher"


def test_a_framework_can_declare_a_metric_of_its_own() -> None:
    assert find_metric("cache_hits", declared=[OWN]) == OWN


def test_a_name_that_nobody_declared_is_refused_with_what_to_do() -> None:
    with pytest.raises(
        LookupError, match=r"'cache_hits', which is no metric: expected one .* or of Framework\.metrics"
    ):
        find_metric("cache_hits", declared=[])


def test_the_table_stands_before_what_a_framework_declares() -> None:
    """A figure that two frameworks share means the same in both."""
    other = Metric("xla_flops", unit="s", better="higher", title="something else")
    assert find_metric("xla_flops", declared=[other]) == METRICS["xla_flops"]


def test_every_count_that_a_gate_has_words_for_is_a_metric() -> None:
    assert COUNTS.keys() <= METRICS.keys()


def test_compile_figures_say_whether_the_caches_were_warm() -> None:
    cold, warm = PHASES["compilation"], PHASES["warm_compilation"]
    assert (cold.compiles, cold.is_warm, warm.compiles, warm.is_warm) == (True, False, True, True)
    for phase in (cold, warm):
        assert phase.compile_metric_name("time_to_first_step_seconds") == phase.metric.name
        assert phase.compile_metric_name("trace_seconds") in METRICS
    assert cold.compile_metric_name("trace_seconds") != warm.compile_metric_name("trace_seconds")


def test_each_role_has_one_phase_of_timed_rounds() -> None:
    assert set(TIMED_PHASE) == set(ROLES)
    assert all(PHASES[phase].role == role and not PHASES[phase].compiles for role, phase in TIMED_PHASE.items())
