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
from speedscore.scoring.rubric.rubric import load_rubric
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


def restless(framework: str, centre: float, spread: float, rng: np.random.Generator, **fields: object) -> CaseResult:
    """Three processes that differ by ``spread``, of each of which every round is alike."""
    return variant(framework, *(centre * np.exp(rng.normal(0.0, spread, 3))).tolist(), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("lag", "quicker"), [(1.0, range(3)), (1.4, range(58, 61))], ids=["alike", "slower"])
def test_chance_seldom_decides_between_variants_that_are_alike(lag: float, quicker: range) -> None:
    """Of 60 sessions over four models whose processes differ by 10 %, with the tie of the rubric."""
    rng = np.random.default_rng(20261128)
    policy = msgspec.structs.replace(
        RUBRIC.policy, base_variants={"beta": "beta"}, variant_tie=load_rubric().policy.variant_tie
    )

    def session() -> Evidence:
        lines = {"alpha": ("alpha", 1.0), "beta": ("beta", lag), "beta-quick": ("beta", 1.0)}
        return evidence_of(
            *(
                restless(name, centre, 0.1, rng, ecosystem=ecosystem, model=model)
                for model in ("mlp", "gpt", "bert", "resnet50")
                for name, (ecosystem, centre) in lines.items()
            )
        )

    assert sum(names(session(), policy=policy)["beta"] == "beta-quick" for _ in range(60)) in quicker


@pytest.mark.parametrize(
    ("base", "named", "expected", "reason"),
    [
        (
            1.04,
            1.0,
            "beta-base",
            "the base line, 4 % slower than the fastest of 3 variants in training, where up to 5 %",
        ),
        (1.06, 1.04, "beta", "named by the rubric, 4 % slower than the fastest of 3 variants"),
        (1.06, 1.06, "beta-quick", "the fastest of 3 variants in training, by"),
        (0.9, 1.0, "beta-base", "the base line and the fastest of 3 variants in training, by"),
    ],
    ids=["base line", "named", "neither", "fastest itself"],
)
def test_of_those_that_are_about_as_fast_the_base_line_comes_first_and_then_the_named_one(
    base: float, named: float, expected: str, reason: str
) -> None:
    policy = msgspec.structs.replace(
        RUBRIC.policy, scored_variants={"beta": "beta"}, base_variants={"beta": "beta-base"}, variant_tie=0.05
    )
    seconds = {"beta": named, "beta-base": base, "beta-quick": 1.0}
    evidence = evidence_of(alpha(), *(variant(name, own, own) for name, own in seconds.items()))
    chosen = scored(evidence, policy=policy)["beta"]
    assert chosen.line == expected
    assert chosen.reason.startswith(reason)


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
