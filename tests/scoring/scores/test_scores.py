"""From evidence to scores: the calibration, unknowns that stay unknown, coverage and rounding."""

from __future__ import annotations

import random
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.record.measurement import Measurement
from speedscore.record.phases import DeviceName
from speedscore.record.run_record import CaseResult
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.findings.findings import judge
from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.scores.coverage import cover
from speedscore.scoring.scores.dimension_score import round_half_up, score_dimension
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.scoring.sample_facts import RUBRIC, full_facts, make_evidence, make_fact, make_snapshot, shipped
from tests.scoring.sample_runs import make_run, measured_case, skipped_case, two_frameworks

CALIBRATION = (7.5, 6.0, 7.5, 6.5, 9.5)


def report(
    *snapshots: Snapshot, frameworks: list[str], month: str | None = None, run: NamedRun | None = None
) -> ScoreReport:
    evidence = make_evidence(*snapshots, month=month, runs=(run,) if run else ())
    return build_report(RUBRIC, evidence, frameworks=frameworks)


def scores(card: ScoreCard) -> tuple[float | None, ...]:
    return tuple(dimension.score for dimension in card.dimensions)


def test_the_rubric_gives_the_reference_scores_for_january_2024() -> None:
    (card,) = report(*shipped(), frameworks=["jax"], month="2024-01").cards
    assert scores(card) == CALIBRATION
    assert card.speed_score is not None
    assert f"{card.speed_score:.2f}" == "7.40"
    assert f"{card.speed_score:.1f}" == "7.4"
    # What nobody counted then: how much of the package index names it, and its rank there.
    unknown = [finding.criterion.id for each in card.dimensions for finding in each.findings if not finding.known]
    assert unknown == []


def test_other_frameworks_are_scored_by_the_same_rubric() -> None:
    pytorch, tensorflow = report(*shipped(), frameworks=["pytorch", "tensorflow"], month="2024-01").cards
    assert scores(pytorch) == (8.5, 9.0, 9.5, None, 7.5)
    assert scores(tensorflow) == (8.5, 10.0, 5.5, None, 7.0)
    assert pytorch.speed_score is None
    assert tensorflow.reason == "no score for Learning Curve"


def test_what_answers_too_little_has_no_score_however_good_that_is() -> None:
    names = ["flax", "equinox", "haiku", "optax"]
    for card in report(*shipped(), frameworks=names, month="2024-01").cards:
        assert scores(card) == (None,) * len(DIMENSIONS)
        assert card.speed_score is None


@pytest.mark.parametrize("seed", range(3))
def test_a_framework_scores_the_same_under_any_name(seed: int) -> None:
    draw = random.Random(seed)
    renamed = {snapshot.framework: "".join(draw.choices(string.ascii_lowercase, k=12)) for snapshot in shipped()}
    # The months are spread over the framework's snapshots, so each keeps one name throughout.
    disguised = tuple(
        msgspec.structs.replace(
            snapshot,
            framework=renamed[snapshot.framework],
            name=renamed[snapshot.framework],
            facts=tuple(msgspec.structs.replace(fact, framework=renamed[fact.framework]) for fact in snapshot.facts),
        )
        for snapshot in shipped()
    )
    for month in ("2024-01", None):
        before = report(*shipped(), frameworks=list(renamed), month=month).cards
        after = report(*disguised, frameworks=list(renamed.values()), month=month).cards
        assert [scores(card) for card in after] == [scores(card) for card in before]
        assert [card.speed_score for card in after] == [card.speed_score for card in before]


def test_a_measured_framework_scores_the_same_under_any_name() -> None:
    run = two_frameworks()
    disguised = msgspec.structs.replace(
        run,
        cases=tuple(
            msgspec.structs.replace(case, ecosystem={"jax": "zulu", "pytorch": "kilo"}[case.ecosystem])
            for case in run.cases
        ),
    )
    before = report(frameworks=["jax", "pytorch"], run=NamedRun(name="a.json", record=run)).cards
    after = report(frameworks=["zulu", "kilo"], run=NamedRun(name="a.json", record=disguised)).cards
    assert [card.dimensions[-1].raw for card in after] == [card.dimensions[-1].raw for card in before]


def test_unknown_is_never_zero() -> None:
    findings = judge(RUBRIC, make_evidence(), frameworks=["nobody"], device=None)["nobody"]
    assert findings
    assert all(finding.score is None and finding.value is None and finding.reason for finding in findings)
    (card,) = report(frameworks=["nobody"]).cards
    assert scores(card) == (None,) * len(DIMENSIONS)
    assert card.speed_score is None
    assert all("not enough evidence" in dimension.reason for dimension in card.dimensions)


def test_a_fact_of_zero_is_known() -> None:
    evidence = make_evidence(make_snapshot(make_fact("hf_architectures_pct", 0.0)))
    (finding,) = [f for f in judge(RUBRIC, evidence, frameworks=["alpha"], device=None)["alpha"] if f.known]
    assert (finding.value, finding.score) == (0.0, 0.0)


def test_half_of_several_facts_is_unknown() -> None:
    evidence = make_evidence(make_snapshot(make_fact("github_discussions", 1500.0)))
    findings = judge(RUBRIC, evidence, frameworks=["alpha"], device=None)["alpha"]
    (finding,) = [finding for finding in findings if finding.criterion.id == "others_work"]
    assert finding.score is None
    assert finding.reason.endswith("no sourced fact about Stack Overflow")


def test_what_contradicts_the_scored_fact_stands_beside_it() -> None:
    (card,) = report(*shipped(), frameworks=["jax"], month="2024-01").cards
    (stars,) = [f for f in card.dimensions[0].findings if f.criterion.id == "github_stars"]
    assert stars.value == 28_000
    assert [source.value for source in stars.beside] == [26_467, 26_416]
    assert [source.kind for source in stars.sources] == ["reference"]


def test_an_old_fact_tells_its_age() -> None:
    evidence = make_evidence(make_snapshot(make_fact("github_stars", 1.0, as_of="2022-11"), month="2024-01"))
    findings = judge(RUBRIC, evidence, frameworks=["alpha"], device=None)["alpha"]
    assert [finding.sources[0].age_months for finding in findings if finding.known] == [14]


@pytest.mark.parametrize(
    ("keys", "coverage", "score"),
    [
        (["paper_share_pct", "hf_architectures_pct"], 0.75, 7.0),
        (["paper_share_pct"], 0.5, None),
        (["paper_share_odds_ratio_3y", "hf_architectures_pct"], 0.5, None),
    ],
    ids=["enough", "too little", "without the heaviest"],
)
def test_a_dimension_needs_its_minimum_coverage(keys: list[str], coverage: float, score: float | None) -> None:
    evidence = make_evidence(make_snapshot(*(make_fact(key, 10.0) for key in keys)))
    findings = judge(RUBRIC, evidence, frameworks=["alpha"], device=None)["alpha"]
    scored = score_dimension(RUBRIC, "research_adoption", findings, snapshot="2024-01")
    assert (scored.coverage, scored.score) == (coverage, score)


def test_a_dimension_without_its_heaviest_question_is_withheld_however_much_else_is_answered() -> None:
    lenient = msgspec.structs.replace(RUBRIC, policy=msgspec.structs.replace(RUBRIC.policy, minimum_coverage=0.1))
    evidence = make_evidence(make_snapshot(make_fact("hf_architectures_pct", 10.0)))
    findings = judge(lenient, evidence, frameworks=["alpha"], device=None)["alpha"]
    scored = score_dimension(lenient, "research_adoption", findings, snapshot="2024-01")
    assert scored.score is None
    assert scored.reason == "not enough evidence: what weighs most is not answered (Share of papers)"


def test_any_criterion_of_the_heaviest_group_answers_its_question() -> None:
    asked = RUBRIC.of("ecosystem_health")
    assert cover(asked, {"commit_velocity", "issue_response", "star_growth"}).lacking
    assert not cover(asked, {"github_forks"}).lacking


@pytest.mark.parametrize(
    ("speed", "verdict"),
    [
        (1.3, "Among the fastest wherever it was compared"),
        (0.6, "Fast enough for most, and clearly behind the fastest"),
    ],
    ids=["fast", "slow"],
)
def test_a_verdict_claims_only_what_the_answers_bear_out(speed: float, verdict: str) -> None:
    """The same score, once by speed and once in spite of it."""
    findings = [
        Finding(criterion=criterion, framework="alpha", score=score)
        for criterion in RUBRIC.of("performance")
        for score in [criterion.answers[0].score(speed) if criterion.id == "training_speed" else 10.0]
    ]
    scored = score_dimension(RUBRIC, "performance", findings, snapshot="2024-01")
    assert scored.score is not None
    assert scored.verdict == verdict


def test_a_measurement_answers_before_a_fact_and_both_are_told() -> None:
    run = NamedRun(name="a.json", record=two_frameworks())
    (card,) = report(*shipped(), frameworks=["jax"], run=run, month="2024-01").cards
    performance = card.dimensions[-1]
    assert performance.basis == "measured on cpu"
    assert performance.since == "9 of 9 cases"
    by_id = {finding.criterion.id: finding for finding in performance.findings}
    assert by_id["training_speed"].value == pytest.approx(0.8)
    assert by_id["training_speed"].sources[0].rounds == 9
    assert [source.name for source in by_id["training_speed"].beside] == ["ResNet-50", "BERT-Large"]
    # PyTorch is scored as its compiled variant, whose first step takes long, and not as the eager one beside it.
    assert by_id["compilation_speed"].value == pytest.approx(9.0 / 1.5)
    (beside,) = card.beside
    assert (beside.basis, beside.score) == ("published facts", 9.5)


def test_a_framework_that_was_not_measured_keeps_its_published_facts() -> None:
    jax, tensorflow = report(
        *shipped(), frameworks=["jax", "tensorflow"], run=NamedRun(name="a.json", record=two_frameworks())
    ).cards
    assert jax.dimensions[-1].basis == "measured on cpu"
    assert tensorflow.dimensions[-1].basis == "published facts"
    assert len(tensorflow.dimensions[-1].findings) < len(jax.dimensions[-1].findings)


def test_measured_alone_the_ratio_is_unknown_and_the_fact_answers_with_a_note() -> None:
    run = NamedRun(name="a.json", record=make_run(measured_case("jax", 1.0)))
    (card,) = report(*shipped(), frameworks=["jax"], run=run).cards
    by_id = {finding.criterion.id: finding for finding in card.dimensions[-1].findings}
    assert by_id["training_speed"].sources[0].kind == "reference"
    assert "only jax was measured" in by_id["training_speed"].note
    alone = report(frameworks=["jax"], run=run)
    assert alone.cards[0].dimensions[-1].score is None


def test_the_device_with_a_comparison_enters_the_score() -> None:
    run = make_run(
        measured_case("jax", 1.0),
        measured_case("torch", 2.0, ecosystem="pytorch"),
        measured_case("jax", 0.1, device="gpu"),
        skipped_case("torch", reason="none found", device="gpu"),
    )
    (card,) = report(*shipped(), frameworks=["jax"], run=NamedRun(name="a.json", record=run)).cards
    assert card.dimensions[-1].basis == "measured on cpu"


def test_the_accelerator_enters_the_score_where_both_devices_have_a_comparison() -> None:
    factors: dict[DeviceName, float] = {"cpu": 1.0, "gpu": 0.5}
    run = make_run(
        *(
            measured_case(framework, seconds, ecosystem=ecosystem, device=device)
            for device, factor in factors.items()
            for framework, ecosystem, seconds in (("jax", "jax", factor), ("torch", "pytorch", 1.0))
        )
    )
    (card,) = report(*shipped(), frameworks=["jax"], run=NamedRun(name="a.json", record=run)).cards
    assert card.dimensions[-1].basis == "measured on gpu"
    assert [other.basis for other in card.beside] == ["measured on cpu", "published facts"]


def test_four_models_on_one_device_say_more_than_one_on_a_faster() -> None:
    def both(device: DeviceName, model: str) -> list[CaseResult]:
        torch = measured_case("torch", 2.0, ecosystem="pytorch", device=device, model=model)
        return [measured_case("jax", 1.0, device=device, model=model), torch]

    here = [*both("cpu", "mlp"), *both("cpu", "gpt")]
    run = make_run(*both("gpu", "mlp"), *here)
    (card,) = report(*shipped(), frameworks=["jax"], run=NamedRun(name="a.json", record=run)).cards
    assert card.dimensions[-1].basis == "measured on cpu"
    assert [other.basis for other in card.beside] == ["measured on gpu", "published facts"]
    # Where a third framework has no model in common with them, nothing is compared.
    run = make_run(*both("gpu", "mlp"), *here, measured_case("tensorflow", 1.0, model="bert"))
    (card,) = report(*shipped(), frameworks=["jax"], run=NamedRun(name="a.json", record=run)).cards
    assert card.dimensions[-1].basis == "measured on gpu"


def test_the_sentences_come_first_that_move_their_dimension_furthest() -> None:
    """A third of four questions outweighs a whole one of eleven."""
    good = {
        key: 10.0 if RUBRIC.facts[key].allowed else 1.0 if key.startswith("weeks") else 99.0 for key in full_facts()
    }
    values = {**good, "weeks_beginner": 5.0, "security_policy_level": 0.0}
    facts = {key: make_fact(key, value) for key, value in values.items()}
    (card,) = report(make_snapshot(*facts.values()), frameworks=["alpha"]).cards
    shares = {finding.criterion.id: share for each in card.dimensions for finding, share in each.shares}
    assert shares["beginner"] * 5.0 > shares["security_policy"] * 10.0
    assert card.weaknesses.index("Much to learn for beginners") < card.weaknesses.index(
        "No security policy in the repository"
    )


def test_sentences_come_from_scores_alone() -> None:
    (card,) = report(*shipped(), frameworks=["jax"], month="2024-01").cards
    limit = RUBRIC.policy.sentences_each
    for said in (card.strengths, card.weaknesses, card.best_for, card.avoid_if):
        assert 0 < len(said) <= limit
    assert "No maintained model server of its own" in card.weaknesses
    assert "Training where time per step decides" in card.best_for


@pytest.mark.parametrize(("as_of", "said"), [("2022-06", " (shown in 2022)"), ("2024-06", "")])
def test_an_old_record_bears_its_year_where_it_speaks_for_a_framework(as_of: str, said: str) -> None:
    """It is never stale and scores on, but nobody has shown it since."""
    facts = {**full_facts(), "largest_training_run_chips": make_fact("largest_training_run_chips", 9_999, as_of=as_of)}
    (card,) = report(make_snapshot(*facts.values(), month="2025-01"), frameworks=["alpha"], month="2025-01").cards
    assert f"Shown at the largest scale of training{said}" in card.strengths
    assert f"Training over thousands of accelerators{said}" in card.best_for


def test_an_old_record_bears_no_year_where_a_lower_one_since_says_as_much() -> None:
    runs = [
        make_fact("largest_training_run_chips", chips, as_of=month)
        for chips, month in ((9_999, "2022-06"), (9_000, "2024-06"))
    ]
    others = [fact for fact in full_facts().values() if fact.key != "largest_training_run_chips"]
    (card,) = report(make_snapshot(*others, *runs, month="2025-01"), frameworks=["alpha"], month="2025-01").cards
    assert "Shown at the largest scale of training" in card.strengths


@pytest.mark.parametrize(
    ("device", "metric", "is_asked"),
    [("cpu", "peak_rss_running_bytes", False), ("gpu", "allocator_peak_bytes", True)],
    ids=["host", "accelerator"],
)
def test_the_memory_of_libraries_answers_nothing(device: DeviceName, metric: str, is_asked: bool) -> None:
    """On a host the peak of small models is that of what was loaded and compiled."""

    def trained(name: str, peak: float) -> CaseResult:
        memory = [Measurement(metric, "bytes", "lower", (peak,) * 2)]
        return measured_case(name, 1.0, device=device, processes=2, extra=memory)

    run = NamedRun(name="a.json", record=make_run(trained("thrifty", 1e9), trained("hungry", 4e9)))
    thrifty, hungry = report(frameworks=["thrifty", "hungry"], run=run).cards
    assert ("Trains in less memory than the others compared" in thrifty.strengths) is is_asked
    assert ("Memory is the bottleneck" in hungry.avoid_if) is is_asked
    asked = {finding.criterion.id for finding in hungry.dimensions[-1].findings}
    assert ("training_memory" in asked) is is_asked, "where it is not asked it is not unknown either"


@pytest.mark.parametrize(
    ("value", "rounded"), [(7.25, 7.5), (7.2499, 7.0), (7.75, 8.0), (0.0, 0.0), (10.0, 10.0), (0.75 - 1e-12, 1.0)]
)
def test_halves_are_rounded_up(value: float, rounded: float) -> None:
    assert round_half_up(value, 0.5) == rounded


@given(
    known=st.dictionaries(
        st.sampled_from(sorted(RUBRIC.facts)), st.sampled_from([0.0, 5.0, 10.0]).map(float), max_size=12
    ),
    extra=st.sampled_from(sorted(RUBRIC.facts)),
)
def test_evidence_never_lowers_coverage_and_scores_stay_within_nought_and_ten(
    known: dict[str, float], extra: str
) -> None:
    def card(values: dict[str, float]) -> ScoreCard:
        facts = [make_fact(key, value) for key, value in values.items()]
        return report(make_snapshot(*facts), frameworks=["alpha"]).cards[0]

    before, after = card(known), card({**known, extra: 5.0})
    for less, more in zip(before.dimensions, after.dimensions, strict=True):
        assert more.coverage >= less.coverage
        assert more.score is None or 0 <= more.score <= 10
        assert more.score is None or more.coverage >= RUBRIC.policy.minimum_coverage
