"""Ratios rest on common support, on neighbours of one run, and on one variant for each framework."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from speedscore.record.measurement import Measurement
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.findings.standings import EcosystemRatios, ecosystem_ratios
from speedscore.scoring.findings.variants import choose_variants
from speedscore.scoring.rubric.answer_rule import Measure
from tests.scoring.sample_facts import RUBRIC, make_evidence
from tests.scoring.sample_runs import make_run, measured_case

TRAINING = Measure(phase="training")
MEMORY = Measure(phase="training", metrics={"cpu": "peak_rss_running_bytes"})


def comparison(*runs: RunRecord, measure: Measure = TRAINING) -> EcosystemRatios:
    named = tuple(NamedRun(name=f"{place}.json", record=run) for place, run in enumerate(runs))
    evidence = make_evidence(runs=named)
    variants = choose_variants(RUBRIC.policy, evidence, device="cpu")
    return ecosystem_ratios(evidence, device="cpu", measure=measure, variants=variants)


def values(found: EcosystemRatios) -> dict[str, float]:
    return {ecosystem: round(ratio.value, 6) for ecosystem, ratio in found.ratios.items()}


def with_memory(framework: str, seconds: float, peak_bytes: float, *, ecosystem: str = "") -> CaseResult:
    memory = Measurement(name="peak_rss_running_bytes", unit="bytes", better="lower", samples=(peak_bytes,))
    return measured_case(framework, seconds, ecosystem=ecosystem, extra=[memory])


def test_the_ratio_is_the_best_other_median_over_the_own() -> None:
    run = make_run(measured_case("alpha", (1.0, 2.0, 9.0)), measured_case("beta", 4.0), measured_case("gamma", 8.0))
    assert values(comparison(run)) == {"alpha": 2.0, "beta": 0.5, "gamma": 0.25}


def test_models_are_joined_by_the_geometric_mean() -> None:
    run = make_run(
        measured_case("alpha", 1.0, model="one"),
        measured_case("beta", 2.0, model="one"),
        measured_case("alpha", 8.0, model="two"),
        measured_case("beta", 1.0, model="two"),
    )
    assert values(comparison(run)) == {"alpha": 0.5, "beta": 2.0}


def test_the_best_other_is_that_over_all_models_and_the_card_can_say_what_each_was() -> None:
    run = make_run(
        *(measured_case("alpha", 1.0, model=model) for model in ("one", "two")),
        *(measured_case("beta", seconds, model=model) for model, seconds in (("one", 0.5), ("two", 4.0))),
        *(measured_case("gamma", seconds, model=model) for model, seconds in (("one", 3.0), ("two", 3.0))),
    )
    alpha = comparison(run).ratios["alpha"]
    # Beta, and not the fastest other of each model, which nobody can run.
    assert alpha.rival == "beta"
    assert [(each.model, each.value) for each in alpha.by_model] == [("one", 0.5), ("two", 4.0)]
    assert round(alpha.value, 6) == round(2**0.5, 6)


@given(seconds=st.lists(st.tuples(*[st.floats(1e-3, 1e3)] * 3), min_size=1, max_size=4))
def test_over_the_same_models_a_third_never_turns_the_order_of_two_round(
    seconds: list[tuple[float, float, float]],
) -> None:
    cases = [
        measured_case(name, time, model=f"model{place}")
        for place, times in enumerate(seconds)
        for name, time in zip(("alpha", "beta", "gamma"), times, strict=True)
    ]
    without = values(comparison(make_run(*(case for case in cases if case.framework != "gamma"))))
    beside = values(comparison(make_run(*cases)))
    if abs(math.log(without["alpha"])) > 1e-3:
        assert (beside["alpha"] > beside["beta"]) == (without["alpha"] > without["beta"])


def test_what_was_measured_in_another_precision_than_float32_is_in_no_ratio() -> None:
    plain = measured_case("alpha", 1.0), measured_case("beta", 2.0)
    mixed = measured_case("alpha", 0.5, precision="bfloat16"), measured_case("beta", 0.1, precision="bfloat16")
    assert (
        values(comparison(make_run(*plain, *mixed)))
        == values(comparison(make_run(*plain)))
        == {
            "alpha": 2.0,
            "beta": 0.5,
        }
    )
    assert values(comparison(make_run(*mixed))) == {}
    # Nor does it stand in for a case in float32 that is missing.
    assert values(comparison(make_run(plain[0], mixed[1]))) == {}


def test_a_model_that_one_framework_lacks_counts_for_nobody() -> None:
    run = make_run(
        measured_case("alpha", 1.0, model="one"),
        measured_case("beta", 2.0, model="one"),
        measured_case("alpha", 0.001, model="two"),
    )
    assert values(comparison(run)) == {"alpha": 2.0, "beta": 0.5}


def test_a_model_that_one_framework_lacks_is_named_with_whose_figure_lacks() -> None:
    run = make_run(
        measured_case("alpha", 1.0, model="one"),
        measured_case("beta", 2.0, model="one"),
        measured_case("alpha", 1.0, model="two"),
    )
    assert comparison(run).left_out == "without two, no figure of beta"


def test_no_model_is_named_where_any_run_has_it_of_everybody() -> None:
    whole = make_run(measured_case("alpha", 1.0), measured_case("beta", 2.0))
    assert comparison(whole, make_run(measured_case("alpha", 1.0))).left_out == ""


def test_higher_can_be_better() -> None:
    def counted(framework: str, count: float) -> CaseResult:
        samples = Measurement(name="answers", unit="count", better="higher", samples=(count,))
        return measured_case(framework, 1.0, extra=[samples])

    measure = Measure(phase="training", metrics={"cpu": "answers"})
    assert values(comparison(make_run(counted("alpha", 30), counted("beta", 10)), measure=measure)) == {
        "alpha": 3.0,
        "beta": round(1 / 3, 6),
    }


def test_one_framework_alone_has_no_ratio() -> None:
    found = comparison(make_run(measured_case("alpha", 1.0)))
    assert not found.ratios
    assert "only alpha was measured" in found.reason


def test_ratios_are_formed_inside_one_run_only() -> None:
    found = comparison(make_run(measured_case("alpha", 1.0)), make_run(measured_case("beta", 2.0)))
    assert not found.ratios
    assert "all of alpha, beta" in found.reason


def test_several_runs_are_joined() -> None:
    first = make_run(measured_case("alpha", 1.0), measured_case("beta", 2.0))
    second = make_run(measured_case("alpha", 1.0), measured_case("beta", 8.0))
    found = comparison(first, second)
    assert values(found) == {"alpha": 4.0, "beta": 0.25}
    assert found.ratios["alpha"].runs == ("0.json", "1.json")


def test_a_figure_that_is_missing_or_zero_leaves_no_ratio() -> None:
    missing = make_run(with_memory("alpha", 1.0, 100.0), measured_case("beta", 1.0))
    assert "no training case with peak_rss_running_bytes" in comparison(missing, measure=MEMORY).reason
    zero = make_run(with_memory("alpha", 1.0, 100.0), with_memory("beta", 1.0, 0.0))
    assert not comparison(zero, measure=MEMORY).ratios


@given(seconds=st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=6), order=st.randoms(use_true_random=False))
def test_the_order_of_cases_never_matters_and_one_framework_at_most_beats_all(
    seconds: list[float], order: object
) -> None:
    cases = [measured_case(f"f{place}", time) for place, time in enumerate(seconds)]
    shuffled = list(cases)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    found = values(comparison(make_run(*cases)))
    assert found == values(comparison(make_run(*shuffled)))
    assert sum(ratio > 1 for ratio in found.values()) <= 1
