"""An ecosystem is scored as one variant, and to have many of them is worth nothing by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean, stdev

import msgspec
import numpy as np
import pytest

from speedscore.record.measurement import Measurement
from speedscore.record.run_record import CaseResult, Style
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.findings.findings import judge
from speedscore.scoring.findings.standings import ecosystem_ratios
from speedscore.scoring.findings.variants import ScoredVariant, choose_variants
from speedscore.scoring.rubric.answer_rule import Measure
from speedscore.scoring.rubric.policy import Policy
from tests.sample_runs import a_case
from tests.scoring.sample_facts import RUBRIC, make_evidence
from tests.scoring.sample_runs import make_run

TRAINING = Measure(phase="training")


def evidence_of(*cases: CaseResult) -> Evidence:
    return make_evidence(runs=(NamedRun(name="a run", record=make_run(*cases)),))


def scored(evidence: Evidence, *, policy: Policy = RUBRIC.policy) -> dict[str, ScoredVariant]:
    return choose_variants(policy, evidence, device="cpu").scored


def names(evidence: Evidence, *, policy: Policy = RUBRIC.policy) -> dict[str, str]:
    return {ecosystem: variant.line for ecosystem, variant in scored(evidence, policy=policy).items()}


def values(evidence: Evidence, measure: Measure = TRAINING) -> dict[str, float]:
    variants = choose_variants(RUBRIC.policy, evidence, device="cpu")
    found = ecosystem_ratios(evidence, device="cpu", measure=measure, variants=variants)
    return {ecosystem: ratio.value for ecosystem, ratio in found.ratios.items()}


def variant(framework: str, *processes: float, ecosystem: str = "beta", **fields: object) -> CaseResult:
    """A case with five equal rounds in each process."""
    return a_case(framework, [[seconds] * 5 for seconds in processes], ecosystem=ecosystem, **fields)  # type: ignore[arg-type]


def alpha(seconds: float = 1.0, **fields: object) -> CaseResult:
    return variant("alpha", seconds, seconds, seconds, ecosystem="alpha", **fields)


def test_the_first_process_chooses_and_the_others_are_the_figure() -> None:
    evidence = evidence_of(alpha(), variant("beta", 2.0, 2.0, 2.0), variant("beta-quick", 0.5, 4.0, 4.0))
    assert names(evidence) == {"alpha": "alpha", "beta": "beta-quick"}
    assert values(evidence) == pytest.approx({"alpha": 4.0, "beta": 0.25})


@pytest.mark.parametrize(("lead", "expected"), [(1.04, "beta"), (1.06, "beta-quick")])
def test_the_named_variant_is_scored_where_another_leads_it_by_next_to_nothing(lead: float, expected: str) -> None:
    policy = msgspec.structs.replace(RUBRIC.policy, scored_variants={"beta": "beta"}, variant_tie=0.05)
    evidence = evidence_of(alpha(), variant("beta", lead, lead), variant("beta-quick", 1.0, 1.0))
    assert names(evidence, policy=policy)["beta"] == expected
    reason = scored(evidence, policy=policy)["beta"].reason
    told = "4 % slower than the fastest of 2 variants in training, where up to 5 % counts as none"
    assert (told in reason) == (expected == "beta")


def restless(framework: str, centre: float, spread: float, rng: np.random.Generator, **fields: object) -> CaseResult:
    """Three processes that differ by ``spread``, of each of which every round is alike."""
    return variant(framework, *(centre * np.exp(rng.normal(0.0, spread, 3))).tolist(), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lag", "spread", "least", "most"),
    [(1.0, 0.12, 0, 6), (1.0, 0.01, 0, 0), (1.5, 0.12, 114, 120), (1.2, 0.04, 114, 120), (1.03, 0.01, 0, 6)],
    ids=["alike and restless", "alike", "slower and restless", "slower", "slower by less than the tie"],
)
def test_chance_does_not_decide_between_variants_that_are_alike(
    lag: float, spread: float, least: int, most: int
) -> None:
    """Of 120 sessions; at most 5 % may choose by chance, and as few miss a variant that is clearly faster."""
    rng = np.random.default_rng(20261128)
    policy = msgspec.structs.replace(
        RUBRIC.policy, scored_variants={"beta": "beta"}, base_variants={}, variant_tie=0.05
    )
    quicker = 0
    for _ in range(120):
        cases = [
            case
            for model in ("mlp", "gpt", "bert", "resnet50")
            for case in (
                restless("alpha", 1.0, spread, rng, ecosystem="alpha", model=model),
                restless("beta", lag, spread, rng, model=model),
                restless("beta-quick", 1.0, spread, rng, model=model),
                restless("beta-slow", 3.0, spread, rng, model=model),
            )
        ]
        quicker += names(evidence_of(*cases), policy=policy)["beta"] == "beta-quick"
    assert least <= quicker <= most


@pytest.mark.parametrize(("base_seconds", "expected"), [(1.04, "beta-base"), (1.06, "beta-quick")])
def test_where_the_named_one_is_slower_the_base_line_comes_before_the_fastest(
    base_seconds: float, expected: str
) -> None:
    policy = msgspec.structs.replace(
        RUBRIC.policy, scored_variants={"beta": "beta"}, base_variants={"beta": "beta-base"}, variant_tie=0.05
    )
    evidence = evidence_of(
        alpha(),
        variant("beta", 2.0, 2.0),
        variant("beta-base", base_seconds, base_seconds),
        variant("beta-quick", 1.0, 1.0),
    )
    assert names(evidence, policy=policy)["beta"] == expected
    reason = scored(evidence, policy=policy)["beta"].reason
    assert reason.startswith("the base line" if expected == "beta-base" else "the fastest of 3 variants")


def test_all_figures_are_those_of_one_variant() -> None:
    """An eager program's first step and a compiled one's speed are those of no program that anybody can run."""

    def memory(peak: int) -> list[Measurement]:
        return [Measurement("allocator_peak_bytes", "bytes", "lower", (float(peak),))]

    evidence = evidence_of(
        alpha(extra=memory(100), device="gpu"),
        variant("beta", 2.0, 2.0, extra=memory(10), device="gpu"),
        variant("beta-compile", 1.0, 1.0, extra=memory(400), device="gpu"),
        alpha(phase="compilation", device="gpu"),
        variant("beta", 0.1, phase="compilation", device="gpu"),
        variant("beta-compile", 10.0, phase="compilation", device="gpu"),
    )
    findings = {each.criterion.id: each for each in judge(RUBRIC, evidence, frameworks=["beta"], device="gpu")["beta"]}
    figures = {name: findings[name].value for name in ("training_speed", "compilation_speed", "training_memory")}
    assert figures == pytest.approx({"training_speed": 1.0, "compilation_speed": 0.1, "training_memory": 0.25})
    assert all("beta-compile" in nodeid for name in figures for nodeid in findings[name].sources[0].nodeids)


@pytest.mark.parametrize(("variants", "rivals"), [(6, 2), (2, 6)])
def test_having_more_equal_variants_is_worth_nothing(variants: int, rivals: int) -> None:
    """Processes differ by 3 % and variants do not, so the ratio is 1 on the average."""
    rng = np.random.default_rng(20261126)

    def equal(ecosystem: str, count: int) -> list[CaseResult]:
        return [
            a_case(f"{ecosystem}-{number}", np.exp(rng.normal(0.0, 0.03, (3, 1))).tolist(), ecosystem=ecosystem)
            for number in range(count)
        ]

    logs = [
        math.log(values(evidence_of(*equal("alpha", variants), *equal("beta", rivals)))["alpha"]) for _ in range(400)
    ]
    standard_error = stdev(logs) / math.sqrt(len(logs))
    assert abs(fmean(logs)) < 3 * standard_error
    # The best of each, chosen by the rounds that are its figure, would lie this far apart.
    assert 3 * standard_error < 0.008


@pytest.mark.parametrize(
    ("styles", "style", "expected"),
    [
        ({"beta": "idiomatic", "beta-tuned": "tuned"}, "idiomatic", "beta"),
        ({"beta": "idiomatic", "beta-tuned": "tuned"}, "tuned", "beta-tuned"),
        ({"beta": None, "beta-tuned": None}, "idiomatic", "beta-tuned"),
        ({"beta": "tuned", "beta-tuned": "tuned"}, "idiomatic", "beta-tuned"),
        ({"beta": "idiomatic", "beta-tuned": "multi-backend"}, "idiomatic", "beta"),
    ],
    ids=["idiomatic", "tuned", "runs older than the field", "an ecosystem without any", "a library on several"],
)
def test_the_rubric_names_the_style(styles: Mapping[str, Style | None], style: Style, expected: str) -> None:
    seconds = {"beta": 2.0, "beta-tuned": 1.0}
    evidence = evidence_of(
        alpha(), *(variant(name, seconds[name], seconds[name], style=own) for name, own in styles.items())
    )
    assert names(evidence, policy=msgspec.structs.replace(RUBRIC.policy, scored_style=style))["beta"] == expected


@pytest.mark.parametrize(("named", "expected"), [({"beta": "beta-slow"}, "beta-slow"), ({}, "beta")])
def test_with_one_process_no_timing_chooses(named: dict[str, str], expected: str) -> None:
    evidence = evidence_of(alpha(), variant("beta", 2.0), variant("beta-quick", 1.0), variant("beta-slow", 4.0))
    policy = msgspec.structs.replace(RUBRIC.policy, scored_variants=named)
    assert names(evidence, policy=policy)["beta"] == expected
    assert "one process" in scored(evidence, policy=policy)["beta"].reason


def test_nobody_gains_by_failing_a_model() -> None:
    evidence = evidence_of(
        *(alpha(model=model) for model in ("mlp", "gpt")),
        *(variant("beta", 4.0, 4.0, model=model) for model in ("mlp", "gpt")),
        variant("beta-quick", 1.0, 1.0, model="mlp"),
    )
    assert names(evidence)["beta"] == "beta"


def test_the_others_stand_beside_it_by_rounds_that_chose_nothing() -> None:
    evidence = evidence_of(
        alpha(),
        variant("beta", 2.0, 2.0, style="idiomatic"),
        variant("beta-quick", 1.0, 4.0, style="idiomatic"),
        variant("beta-tuned", 0.1, 1.0, style="tuned"),
    )
    chosen = scored(evidence)["beta"]
    assert chosen.line == "beta-quick"
    assert [each.style for each in chosen.beside] == ["idiomatic", "tuned"]
    times_as_fast = {each.line: each.times_as_fast for each in chosen.beside}
    assert times_as_fast == pytest.approx({"beta": 2.0, "beta-tuned": 4.0})


def test_a_variant_that_did_not_complete_every_model_says_of_which_its_speed_is() -> None:
    evidence = evidence_of(
        *(alpha(model=model) for model in ("mlp", "gpt")),
        *(variant("beta", 2.0, 2.0, model=model, style="idiomatic") for model in ("mlp", "gpt")),
        variant("beta-tuned", 1.0, 1.0, model="gpt", style="tuned"),
        *(variant("beta-other", 1.0, 1.0, model=model, style="tuned") for model in ("mlp", "gpt")),
    )
    assert {each.line: each.only_models for each in scored(evidence)["beta"].beside} == {
        "beta-tuned": ("gpt",),
        "beta-other": (),
    }


def test_a_line_of_a_library_on_several_frameworks_stands_beside_and_changes_no_figure() -> None:
    own = (alpha(), variant("beta", 2.0, 2.5, style="idiomatic"), variant("beta-quick", 1.0, 1.5, style="idiomatic"))
    evidence = evidence_of(*own, variant("beta-keras", 0.5, 0.75, style="multi-backend"))
    assert values(evidence) == values(evidence_of(*own))
    beside = {each.line: each.times_as_fast for each in scored(evidence)["beta"].beside}
    assert beside["beta-keras"] == pytest.approx(2.0)


def test_a_single_variant_loses_no_round_to_a_choice() -> None:
    evidence = evidence_of(alpha(), variant("beta", 1.0, 2.0, 4.0))
    assert values(evidence)["alpha"] == pytest.approx(2.0)
