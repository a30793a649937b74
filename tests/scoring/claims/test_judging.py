"""A claim is judged by the measured interval against the claimed range, and only where it was claimed."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.record.run_file import load_run
from speedscore.record.run_record import CaseResult
from speedscore.scoring.cards import claims_wording as wording
from speedscore.scoring.claims.claim_files import shipped_claims
from speedscore.scoring.claims.judging import ABOUT, claimed_range, judge_claims, judge_interval
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.facts.snapshots import fixtures_folder
from tests.places import ROOT
from tests.scoring.claims.sample_claims import judge, make_claim, side_by_side
from tests.scoring.sample_facts import RUBRIC, make_evidence, shipped
from tests.scoring.sample_runs import measured_case

RATIOS = st.floats(min_value=0.01, max_value=100.0)
RANGES = st.tuples(RATIOS, RATIOS).map(lambda pair: (min(pair), max(pair)))


@given(RANGES, RANGES)
def test_a_claim_is_supported_by_what_lies_within_it_and_contradicted_by_what_lies_apart(
    measured: tuple[float, float], claimed: tuple[float, float]
) -> None:
    within = claimed[0] <= measured[0] and measured[1] <= claimed[1]
    apart = measured[1] < claimed[0] or claimed[1] < measured[0]
    expected = "supported" if within else "contradicted" if apart else "undecided"
    assert judge_interval(*measured, claimed=claimed) == expected


@given(RANGES, RANGES)
def test_the_judgement_is_the_same_with_the_frameworks_turned_round(
    measured: tuple[float, float], claimed: tuple[float, float]
) -> None:
    turned = judge_interval(1 / measured[1], 1 / measured[0], claimed=(1 / claimed[1], 1 / claimed[0]))
    assume_no_tie = len({*measured, *claimed}) == 4
    assert not assume_no_tie or turned == judge_interval(*measured, claimed=claimed)


@given(RANGES, RANGES, st.floats(min_value=1.0, max_value=10.0))
def test_knowing_less_never_turns_a_claim_round(
    measured: tuple[float, float], claimed: tuple[float, float], wider: float
) -> None:
    before = judge_interval(*measured, claimed=claimed)
    after = judge_interval(measured[0] / wider, measured[1] * wider, claimed=claimed)
    assert after in (before, "undecided")


def test_one_number_means_about_that_number_and_no_upper_end_means_none() -> None:
    assert claimed_range(make_claim(low=2, high=2)) == (2 / ABOUT, 2 * ABOUT)
    assert claimed_range(make_claim(low=1, high=None)) == (1, math.inf)
    assert claimed_range(make_claim(low=None, high=None, tested_by=[], untestable="no number")) is None


@pytest.mark.parametrize(
    ("ratio", "noise", "judgement"),
    [(1.25, 1.001, "supported"), (0.8, 1.01, "contradicted"), (2.0, 1.01, "contradicted"), (1.25, 1.3, "undecided")],
)
def test_the_measured_interval_decides(ratio: float, noise: float, judgement: str) -> None:
    judged = judge(make_claim(), side_by_side(ratio, noise=noise))
    assert judged.judgement == judgement
    assert judged.reason == ""
    assert judged.tests[0].low is not None


def test_one_process_a_case_judges_nothing_and_shows_its_ratio() -> None:
    judged = judge(make_claim(), side_by_side(2.0, processes=1))
    assert judged.judgement == "not testable"
    assert "one process a case" in judged.reason
    assert judged.tests[0].times_as_fast == pytest.approx(2.0)
    assert judged.tests[0].low is None


def test_one_model_against_it_contradicts_a_claim_about_several() -> None:
    claim = make_claim(tested_by=["mlp", "gpt*"])
    cases = [*side_by_side(1.25, noise=1.001), *side_by_side(0.5, noise=1.001, model="gpt")]
    judged = judge(claim, cases)
    assert judged.judgement == "contradicted"
    assert [test.model for test in judged.tests] == ["gpt", "mlp"]


@pytest.mark.parametrize("claimed", ["gpu", "tpu"], ids=["graphics", "tensors"])
def test_a_claim_about_an_accelerator_is_never_judged_on_a_processor(claimed: str) -> None:
    judged = judge(make_claim(device=claimed), side_by_side(1.25, noise=1.001))
    assert judged.judgement == "not testable"
    assert not judged.tests
    assert judged.reason == f"of a {claimed.upper()}, and measured on a CPU"


def test_a_claim_about_a_processor_is_never_judged_on_an_accelerator() -> None:
    cases = side_by_side(1.25, noise=1.001, device="gpu")
    assert judge(make_claim(device="cpu"), cases).judgement == "not testable"
    assert judge(make_claim(device="gpu"), cases).judgement == "supported"


def test_a_claim_that_names_no_device_is_tested_on_an_accelerator_where_one_was_measured() -> None:
    slow = side_by_side(0.5, noise=1.001)
    fast = side_by_side(1.25, noise=1.001, device="gpu")
    judged = judge(make_claim(), [*slow, *fast])
    assert (judged.judgement, [test.device for test in judged.tests]) == ("supported", ["gpu"])
    assert judge(make_claim(device="cpu"), [*slow, *fast]).judgement == "contradicted"
    assert [test.device for test in judge(make_claim(), [*slow, *side_by_side(1.25, device="gpu")[:1]]).tests] == [
        "cpu"
    ]


NOT_TESTABLE: dict[str, tuple[dict[str, Any], str]] = {
    "many": ({"devices": 0, "device": "tpu"}, "of many TPUs together, and a case has one"),
    "so many": ({"devices": 4096}, "of 4,096 devices together, and a case has one"),
    "other model": ({"tested_by": ["bert"]}, "not measured: bert (training)"),
    "other phase": ({"phase": "warm_compilation"}, "not measured: mlp (warm compilation)"),
    "other framework": ({"rival": "gamma"}, "not measured side by side: alpha and gamma"),
    "other line": ({"line": "alpha-fast"}, "not measured side by side: alpha-fast and beta"),
    "other precision": ({"precision": "bfloat16"}, "of bfloat16, and measured in float32"),
    "by its nature": ({"tested_by": [], "untestable": "it names no number"}, "it names no number"),
}


@pytest.mark.parametrize("name", NOT_TESTABLE)
def test_what_was_not_claimed_of_what_was_measured_is_not_judged(name: str) -> None:
    fields, reason = NOT_TESTABLE[name]
    judged = judge(make_claim(**fields), side_by_side(1.25, noise=1.001))
    assert (judged.judgement, judged.reason, judged.tests) == ("not testable", reason, ())


def test_without_a_run_nothing_is_judged() -> None:
    assert judge(make_claim(), []).reason == "nothing was measured"


def test_where_no_line_is_named_an_ecosystem_is_the_line_that_it_is_scored_as() -> None:
    slow = measured_case("beta-slow", 0.1, ecosystem="beta", processes=3)
    fast = measured_case("beta-fast", 0.0125, ecosystem="beta", processes=3)
    alpha, _ = side_by_side(1.0)
    judged = judge(make_claim(), [alpha, slow, fast])
    assert judged.tests[0].rival_line == "beta-fast"
    # The process that chose is in no figure.
    assert (judged.tests[0].left_out, judged.tests[0].processes) == (0, 2)
    named = judge(make_claim(line="alpha", rival_line="beta-slow"), [alpha, slow, fast])
    assert named.tests[0].rival_line == "beta-slow"
    assert (named.tests[0].left_out, named.tests[0].processes) == (None, 3)


def test_size_hardware_and_date_that_differ_are_said() -> None:
    judged = judge(make_claim(hardware="A100"), side_by_side(1.25, noise=1.001))
    assert judged.preset == "smoke"
    assert judged.remarks == (
        "mlp at preset smoke, which cuts depth",
        "claimed of A100, measured on Test Processor",
        "said in 2024-01, measured in 2026-11 with other versions",
    )


def test_a_neutral_pair_is_not_judged_and_stands_beside_claims_of_the_same_two() -> None:
    neutral = make_claim(id="neutral", kind="neutral", framework="beta", rival="alpha", low=0.9, high=0.9)
    other_model = make_claim(id="other", kind="neutral", tested_by=["gpt"])
    other_pair = make_claim(id="pair", kind="neutral", rival="gamma")
    cases = side_by_side(1.25, noise=1.001)
    assert judge(neutral, cases).judgement is None
    assert judge(neutral, cases).tests[0].times_as_fast == pytest.approx(0.8, rel=0.01)
    assert judge(make_claim(), cases, neutral, other_model, other_pair).beside == (neutral,)
    assert judge(make_claim(beside=["other"]), cases, neutral, other_model).beside == (neutral, other_model)


def test_a_claim_that_came_later_is_not_known_yet() -> None:
    claim, later = make_claim(), make_claim(id="later", as_of="2099-01")
    with pytest.raises(StopIteration):
        judge(later, side_by_side(1.25), claim)
    assert judge(claim, side_by_side(1.25), later).judgement is not None


@pytest.mark.bare
def test_the_page_says_of_the_sample_run_what_comes_of_it() -> None:
    run = NamedRun(name="run.json", record=load_run(fixtures_folder() / "runs" / "2026-11-28-cpu-smoke.json"))
    judged = judge_claims(shipped_claims(), make_evidence(*shipped(), runs=(run,)), policy=RUBRIC.policy)
    page = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    tested = [each for each in judged if each.tests]
    assert len(tested) == 4
    for each in tested:
        model = each.claim.model.partition(" ")[0]
        figures = f"{wording.claimed(each.claim)} | {wording.measured(each)} | {wording.judgement(each)} |"
        assert f"| {each.sides[1]}, training {model} | {figures}" in page


def test_a_claim_about_a_capability_is_tested_by_its_tasks() -> None:
    claim = make_claim(low=1, high=None, tested_by=["rl-update-*"], phase="capability")
    cases = side_by_side(1.5, noise=1.001, model="rl-update-64", phase="capability")
    judged = judge(claim, cases)
    assert (judged.judgement, judged.tests[0].model) == ("supported", "rl-update-64")
    assert judge(claim, side_by_side(1.5, model="rl-rollout-64", phase="capability")).judgement == "not testable"


def test_a_capability_is_the_base_variants_where_the_scored_line_has_no_tasks() -> None:
    claim = make_claim(framework="jax", rival="pytorch", tested_by=["rl-update-*"], phase="capability")
    task: dict[str, Any] = {"model": "rl-update-64", "phase": "capability", "processes": 3}
    cases = [
        measured_case("flax-nnx", 0.010, ecosystem="jax"),
        measured_case("jax", 0.010, ecosystem="jax", **task),
        measured_case("torch", 0.0125, ecosystem="pytorch", **task),
    ]
    judged = judge(claim, cases)
    assert (judged.reason, judged.tests[0].line, judged.tests[0].rival_line) == ("", "jax", "torch")
    # A line that is neither scored nor the base is taken where it alone has the task.
    only = msgspec.structs.replace(cases[1], framework="flax-linen")
    assert judge(claim, [cases[0], only, cases[2]]).tests[0].line == "flax-linen"


def test_a_task_below_its_full_size_is_named_with_its_preset_though_it_says_not_what_is_cut() -> None:
    claim = make_claim(tested_by=["rl-update-*"], phase="capability")
    cases = [
        msgspec.structs.replace(case, workload={"agents": 64})
        for case in side_by_side(1.25, noise=1.001, model="rl-update-64", phase="capability")
    ]
    judged = judge(claim, cases)
    assert (judged.judgement, judged.preset) == ("supported", "smoke")
    assert judged.remarks[0] == "rl-update-64 at preset smoke, which is smaller than full"
    assert not msgspec.structs.replace(judged.tests[0], preset="full").is_cut


def in_precisions(device: str, **ratios: float) -> list[CaseResult]:
    """Cases in which alpha is so many times as fast as beta in each precision."""
    return [
        case
        for precision, ratio in ratios.items()
        for case in side_by_side(ratio, noise=1.001, device=device, precision=precision)
    ]


@pytest.mark.parametrize(
    ("device", "ratios", "judgement", "precision"),
    [
        ("gpu", {"float32": 0.5, "tf32": 0.5, "bfloat16": 1.25}, "supported", "bfloat16"),
        ("gpu", {"float32": 0.5, "tf32": 1.25}, "supported", "tf32"),
        ("gpu", {"float32": 0.5}, "contradicted", "float32"),
        ("cpu", {"float32": 1.25, "bfloat16": 0.5}, "supported", "float32"),
    ],
    ids=["three", "two", "one", "processor"],
)
def test_a_claim_that_names_no_precision_is_judged_in_one_that_the_judgement_names(
    device: str, ratios: dict[str, float], judgement: str, precision: str
) -> None:
    judged = judge(make_claim(), in_precisions(device, **ratios))
    assert (judged.judgement, judged.precision) == (judgement, precision)
    assert wording.judgement(judged) == f"{judgement} in {precision} at preset smoke"
    named = judge(make_claim(precision="float32"), in_precisions(device, **ratios))
    assert [test.precision for test in named.tests] == ["float32"]
    assert " in float32" not in wording.judgement(named)


def test_a_precision_that_one_side_lacks_is_not_the_one() -> None:
    lacking = in_precisions("gpu", bfloat16=0.5)[:1]
    assert judge(make_claim(), [*lacking, *in_precisions("gpu", float32=1.25)]).precision == "float32"


def test_another_precision_is_the_base_variants_where_the_scored_line_has_it_not() -> None:
    claim = make_claim(framework="jax", rival="pytorch", precision="bfloat16")
    other: dict[str, Any] = {"precision": "bfloat16", "device": "gpu", "processes": 3}
    cases = [
        measured_case("flax-nnx", 0.010, ecosystem="jax", device="gpu"),
        measured_case("jax", 0.010, ecosystem="jax", **other),
        measured_case("torch", 0.0125, ecosystem="pytorch", **other),
    ]
    for known in (cases, cases[1:]):
        test = judge(claim, known).tests[0]
        assert (test.line, test.rival_line, test.precision) == ("jax", "torch", "bfloat16")


def test_on_a_processor_another_precision_does_not_stand_for_float32() -> None:
    judged = judge(make_claim(), in_precisions("cpu", bfloat16=0.5))
    assert (judged.judgement, judged.tests) == ("not testable", ())
    assert judged.reason == "of no precision, for which float32 stands, and measured in bfloat16"


def test_a_judgement_of_our_reading_says_that_the_reading_is_ours() -> None:
    claim = make_claim(low=1, high=None, reading="best is read as at least as fast")
    judged = judge(claim, side_by_side(0.5, noise=1.001))
    assert wording.claimed(claim) == "our reading: at least 1"
    assert wording.judgement(judged) == "contradicted as we read it in float32 at preset smoke"
    assert "our reading: best is read as at least as fast" in wording.footnote(claim)


@pytest.mark.bare
def test_what_comes_without_a_number_of_its_own_is_marked_as_our_reading() -> None:
    claims = [claim for claim in shipped_claims() if claim.kind == "claim" and claim.low is not None]
    unnumbered = {claim.id.rpartition("-")[0] for claim in claims if claim.reading}
    assert unnumbered == {
        "reference-best-in-class",
        "reference-reinforcement-learning",
        "reference-physics",
        "fast-dpsgd",
    }
