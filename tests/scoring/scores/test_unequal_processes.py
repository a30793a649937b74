"""One ratio in the house: the card gives the table's, and a score lies in its interval, however uneven rounds are."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from speedscore.record.measurement import Measurement
from speedscore.record.phases import DeviceName
from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import CaseResult, Ratio, Round
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.findings.standings import EcosystemRatio, ecosystem_ratios
from speedscore.scoring.findings.variants import choose_variants
from speedscore.scoring.rubric.answer_rule import Measure
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import build_report
from tests.sample_runs import a_case
from tests.scoring.sample_facts import RUBRIC, make_evidence, shipped
from tests.scoring.sample_runs import make_run

SNAPSHOTS = shipped()
LONG = [200, 12, 12, 12, 12]
"""Rounds of five processes, as a block leaves them where one of its processes took long to be sure."""


def evidence_of(*cases: CaseResult) -> Evidence:
    record = msgspec.structs.replace(make_run(*cases), ratios=find_ratios(cases))
    return make_evidence(*SNAPSHOTS, runs=(NamedRun(name="a run", record=record),))


def uneven() -> tuple[CaseResult, CaseResult]:
    """Of torch's five processes one is slow, and it is the one that has most of the rounds."""
    jax = a_case("jax", [[1.0] * rounds for rounds in LONG])
    torch = a_case("torch", [[seconds] * rounds for seconds, rounds in zip([1.3, 1, 1, 1, 1], LONG, strict=True)])
    return jax, msgspec.structs.replace(torch, ecosystem="pytorch")


def the_ratio(evidence: Evidence) -> Ratio:
    (ratio,) = evidence.runs[0].record.ratios
    return ratio


def ratios_of(evidence: Evidence, measure: Measure, *, device: DeviceName = "cpu") -> dict[str, EcosystemRatio]:
    variants = choose_variants(RUBRIC.policy, evidence, device=device)
    return ecosystem_ratios(evidence, device=device, measure=measure, variants=variants).ratios


def test_the_card_gives_the_ratio_of_the_table() -> None:
    evidence = evidence_of(*uneven())
    ratios = ratios_of(evidence, Measure(phase="training"))
    printed = the_ratio(evidence)
    assert (printed.faster, printed.processes) == ("jax", 5)
    assert printed.value == pytest.approx(1.3 ** (1 / 5))
    assert f"{printed.value:.3f}" == "1.054"
    assert ratios["jax"].value == printed.value
    assert ratios["pytorch"].value == pytest.approx(1 / printed.value)


def test_the_score_of_uneven_processes_lies_in_its_interval() -> None:
    for card in build_report(RUBRIC, evidence_of(*uneven()), frameworks=["jax", "pytorch"]).cards:
        assert_in_its_interval(card)


@pytest.mark.parametrize("slow", range(5))
def test_which_process_has_most_of_the_rounds_changes_no_ratio(slow: int) -> None:
    rounds = [200 if process == slow else 12 for process in range(5)]
    jax = a_case("jax", [[1.0] * count for count in rounds])
    torch = a_case("torch", [[1.3 if process == 2 else 1.0] * count for process, count in enumerate(rounds)])
    assert the_ratio(evidence_of(jax, torch)).value == pytest.approx(1.3 ** (1 / 5))


def assert_in_its_interval(card: ScoreCard) -> None:
    for dimension in card.dimensions:
        interval = card.uncertainty.dimensions[dimension.dimension]
        assert dimension.score is None or interval.low <= dimension.score <= interval.high, dimension.title
    if card.speed_score is not None:
        assert card.uncertainty.speed_score.low <= card.speed_score <= card.uncertainty.speed_score.high


ECOSYSTEMS = {"jax": "jax", "flax": "jax", "torch": "pytorch", "torch-compile": "pytorch", "tensorflow": "tensorflow"}


@st.composite
def cases(draw: st.DrawFn, framework: str, phase: Any) -> CaseResult:
    """A case of one to five processes, numbered from anywhere, each with rounds of its own number and turns."""
    numbers = draw(st.lists(st.integers(0, 5), min_size=1, max_size=5, unique=True) | st.just([None]))
    rounds = []
    for process in numbers:
        level = draw(st.floats(1e-4, 1e2))
        count = draw(st.sampled_from([1, 2, 5, 40]))
        has_turns, first = draw(st.booleans()), draw(st.integers(0, 6))
        spread = draw(st.sampled_from([0.0, 0.01, 1.0]))
        rounds += [
            Round(level * (1 + spread * (index % 7)), turn=first + index if has_turns else None, process=process)
            for index in range(count)
        ]
    memory = draw(st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
    # Of an accelerator, of which memory scores as well.
    case = a_case(framework, [[1.0]], phase=phase, occasion=draw(st.sampled_from(["Monday", "Tuesday"])), device="gpu")
    return msgspec.structs.replace(
        case,
        ecosystem=ECOSYSTEMS[framework],
        rounds=tuple(rounds),
        measurements=(Measurement("allocator_peak_bytes", "bytes", "lower", tuple(memory)),),
    )


@st.composite
def runs(draw: st.DrawFn) -> tuple[CaseResult, ...]:
    frameworks = draw(st.lists(st.sampled_from(list(ECOSYSTEMS)), min_size=2, max_size=4, unique=True))
    phases = draw(st.lists(st.sampled_from(["training", "compilation"]), min_size=1, max_size=2, unique=True))
    return tuple(draw(cases(framework, phase)) for framework in frameworks for phase in phases)


@given(run=runs())
@example(run=uneven())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_score_lies_in_its_interval(run: tuple[CaseResult, ...]) -> None:
    for card in build_report(RUBRIC, evidence_of(*run), frameworks=["jax", "pytorch", "tensorflow"]).cards:
        assert_in_its_interval(card)


@given(run=runs())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_two_frameworks_have_the_ratio_of_the_table_wherever_it_has_one(run: tuple[CaseResult, ...]) -> None:
    pairs = [case for case in run if case.phase == run[0].phase][:2]
    apart = [msgspec.structs.replace(case, ecosystem=case.framework) for case in pairs]
    evidence = evidence_of(*apart)
    ratios = ratios_of(evidence, Measure(phase=run[0].phase), device="gpu")
    for printed in evidence.runs[0].record.ratios:
        assert ratios[printed.faster].value == pytest.approx(printed.value, rel=1e-12)
        assert ratios[printed.slower].value == pytest.approx(1 / printed.value, rel=1e-12)
