"""Probes answer before facts do; what they do not know stays unknown, and is never a bad answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_file import load_run
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.facts.snapshots import fixtures_folder
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.findings.findings import judge
from speedscore.scoring.findings.probe_statistics import probe_interval, probe_value
from speedscore.scoring.findings.probed import Probed, ask_probes
from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.criterion import Criterion
from speedscore.scoring.rubric.probe_measure import ProbeMeasure
from speedscore.scoring.rubric.rubric import add_criteria
from speedscore.scoring.scores.score_report import build_report
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_fact, make_snapshot
from tests.scoring.sample_probes import answered, control, exported, named, unanswered

ONNX = ProbeMeasure(families=("export",), targets=(("onnx", "openvino"),), worth={"passed": 1.0})
MISTAKES = ProbeMeasure(
    families=("mistake",),
    worth={"harmless": 1.0, "an error late": 0.6, "a warning": 0.4},
    own_questions=True,
)
OUTCOMES = ["harmless", "an error late", "a warning", "a wrong number in silence"]
"""The best first."""
IDIOMS = ProbeMeasure(families=("idioms",), count=("idioms_same",), of=("idioms",))
CONCEPTS = ProbeMeasure(families=("surface",), figure="surface_concepts")


def ask(
    measure: ProbeMeasure, *runs: NamedRun, scored: str | None = None, base: str = "alpha", ecosystem: str = "alpha"
) -> Probed | None:
    policy = msgspec.structs.replace(RUBRIC.policy, base_variants={ecosystem: base})
    return ask_probes(measure, make_evidence(runs=runs), policy=policy, ecosystem=ecosystem, scored=scored)


def value(measure: ProbeMeasure, *probes: ProbeResult, scored: str | None = None) -> float | None:
    probed = ask(measure, named(*probes), scored=scored)
    return None if probed is None else probed.value


def mistakes(outcomes: Sequence[str]) -> list[ProbeResult]:
    return [answered("mistake", outcome, subject=f"mistake-{place}") for place, outcome in enumerate(outcomes)]


any_outcomes = st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=12)

# ------------------------------------------------------------------------------------------------ statistics


@given(outcomes=any_outcomes, place=st.integers(0, 11))
def test_a_better_outcome_never_lowers_the_value(outcomes: list[str], place: int) -> None:
    place %= len(outcomes)
    better = [*outcomes]
    better[place] = OUTCOMES[max(0, OUTCOMES.index(outcomes[place]) - 1)]
    before, after = value(MISTAKES, *mistakes(outcomes)), value(MISTAKES, *mistakes(better))
    assert before is not None
    assert after is not None
    assert after >= before


@given(outcomes=any_outcomes, seed=st.integers(0, 99))
def test_the_order_of_probes_does_not_matter(outcomes: list[str], seed: int) -> None:
    probes = mistakes(outcomes)
    shuffled = Random(seed).sample(probes, len(probes))
    assert ask(MISTAKES, named(*shuffled)) == ask(MISTAKES, named(*probes))


@given(outcomes=any_outcomes, missing=st.integers(1, 5), status=st.sampled_from(["skipped", "failed"]))
def test_what_has_no_answer_changes_no_value(outcomes: list[str], missing: int, status: str) -> None:
    more = [answered("mistake", subject=f"unasked-{number}") for number in range(missing)]
    without = [unanswered(probe, status="failed" if status == "failed" else "skipped") for probe in more]
    probed = ask(MISTAKES, named(*mistakes(outcomes), *without))
    assert probed is not None
    assert probed.value == value(MISTAKES, *mistakes(outcomes))
    assert len(probed.unanswered) == missing


def test_of_nothing_but_skips_nothing_is_known() -> None:
    probed = ask(ONNX, named(unanswered(exported())))
    assert probed is not None
    assert probed.value is None
    assert "no tool here" in probed.reason
    assert ask(ONNX, named(answered("surface"))) is None


def test_what_only_others_were_asked_is_unknown_and_not_left_out() -> None:
    others = exported(framework="beta", ecosystem="beta")
    probed = ask(ONNX, named(answered("surface"), others))
    assert probed is not None
    assert probed.value is None
    assert "never put to it" in probed.reason
    # Of whom nothing was asked at all facts are what there is.
    assert ask(ONNX, named(others)) is None


def test_to_leave_probes_out_covers_no_more_than_to_skip_them() -> None:
    names = ("alpha", "beta")
    asked = [answered("mistake", "harmless", framework=name, ecosystem=name) for name in names]
    asked += [answered("surface", framework=name, ecosystem=name, surface_concepts=3) for name in names]
    of_alpha = asked[0]
    runs = [named(*asked[1:]), named(unanswered(of_alpha), *asked[1:])]
    reports = [build_report(RUBRIC, make_evidence(runs=(run,)), frameworks=["alpha"]) for run in runs]
    left_out, skipped = ({each.dimension: each.coverage for each in found.cards[0].dimensions} for found in reports)
    assert left_out == skipped
    assert 0 < left_out["learning_curve"] < 1


def test_an_outcome_that_says_nothing_is_unknown() -> None:
    measure = ProbeMeasure(families=("survival",), worth={"equal": 1.0}, unknown=("not made",))
    probes = [answered("survival", "equal", target="program"), answered("survival", "not made", target="orbax")]
    assert value(measure, *probes) == 100.0
    assert value(measure, *probes[1:]) is None


def test_a_count_is_of_all_probes_together() -> None:
    probes = [
        answered("idioms", subject="old", idioms_same=90, idioms=100),
        answered("idioms", subject="new", idioms_same=0, idioms=20),
    ]
    assert value(IDIOMS, *probes) == 75.0
    assert value(IDIOMS, answered("idioms", idioms_same=0, idioms=0)) is None
    assert value(IDIOMS, answered("idioms", idioms_same=3)) is None


def test_a_figure_is_the_mean_of_the_probes() -> None:
    probes = [answered("surface", subject=str(count), surface_concepts=count) for count in (5, 6, 10)]
    assert value(CONCEPTS, *probes) == 7.0


def test_each_family_has_the_same_part_and_all_are_needed() -> None:
    measure = ProbeMeasure(families=("nan", "trace"), worth={"found": 1.0, "lines": 1.0})
    nans = [answered("nan", outcome, subject=str(place)) for place, outcome in enumerate(["found", "no", "no", "no"])]
    assert value(measure, *nans, answered("trace", "lines")) == 62.5
    assert value(measure, *nans) is None


@given(good=st.integers(0, 30), bad=st.integers(0, 30))
def test_the_interval_holds_the_value_and_narrows_with_more_answers(good: int, bad: int) -> None:
    def asked(times: int) -> Probed:
        outcomes = ["harmless"] * good * times + ["a wrong number in silence"] * bad * times
        probed = ask(MISTAKES, named(*mistakes(outcomes or ["harmless"])))
        assert probed is not None
        return probed

    few, many = asked(1), asked(2)
    low, high = probe_interval(MISTAKES, few.questions) or (math.nan, math.nan)
    assert few.value is not None
    assert 0.0 <= low <= few.value <= high <= 100.0
    narrow_low, narrow_high = probe_interval(MISTAKES, many.questions) or (math.nan, math.nan)
    if good + bad:
        assert narrow_high - narrow_low < high - low


def test_the_interval_is_that_of_wilson() -> None:
    """8 of 10, as Newcombe 1998, Two-sided confidence intervals for the single proportion, defines it."""
    probed = ask(MISTAKES, named(*mistakes(["harmless"] * 8 + ["a wrong number in silence"] * 2)))
    assert probed is not None
    assert probe_interval(MISTAKES, probed.questions) == pytest.approx((49.016, 94.332), abs=0.001)
    surface = ask(CONCEPTS, named(answered("surface", surface_concepts=5)))
    assert surface is not None
    assert probe_interval(CONCEPTS, surface.questions) is None


def test_a_family_with_one_answer_is_worth_little_beside_one_with_many() -> None:
    """2² / (1/4 + 1/1) answers."""
    measure = ProbeMeasure(families=("nan", "trace"), worth={"good": 1.0})
    nans = [answered("nan", "good", subject=str(place)) for place in range(4)]
    probed = ask(measure, named(*nans, answered("trace", "good")))
    assert probed is not None
    low, high = probe_interval(measure, probed.questions) or (math.nan, math.nan)
    assert (low, high) == pytest.approx((100 / (1 + 1.959964**2 / 3.2), 100.0))


# ------------------------------------------------------------------------------------------------ which probe answers


def test_of_alternatives_the_best_answers() -> None:
    probes = [control(), control(target="openvino"), exported("not converted"), exported(target="openvino")]
    assert value(ONNX, *probes) == 100.0
    assert value(ONNX, *probes[:3]) == 0.0


def test_an_alternative_of_which_nothing_is_known_may_be_the_better_one() -> None:
    openvino = unanswered(exported(target="openvino"))
    assert value(ONNX, control(), exported("not converted"), openvino) is None
    assert value(ONNX, control(), exported("passed"), openvino) == 100.0


@pytest.mark.parametrize("proof", [[], [control("broke")], [unanswered(control())], [control(framework="other")]])
def test_where_the_control_did_not_hold_nothing_is_known(proof: list[ProbeResult]) -> None:
    probed = ask(ONNX, named(exported(), *proof))
    assert probed is not None
    assert probed.value is None
    assert "control of export to onnx" in probed.reason


def test_a_control_proves_its_own_run_alone() -> None:
    probed = ask(ONNX, named(exported(), name="old.json"), named(control(), name="new.json"))
    assert probed is not None
    assert probed.value is None


def test_where_there_is_no_way_nothing_needs_proof() -> None:
    assert value(ONNX, exported("no route")) == 0.0


def test_the_scored_line_answers_where_it_was_asked_and_the_base_line_otherwise() -> None:
    library = answered("surface", framework="library", surface_concepts=10)
    base = answered("surface", framework="alpha", surface_concepts=8)
    other = answered("surface", framework="another", surface_concepts=1)
    assert value(CONCEPTS, library, base, other, scored="library") == 10.0
    assert value(CONCEPTS, library, base, other, scored="not probed") == 8.0
    assert value(CONCEPTS, other, scored="library") is None


def test_a_skip_of_the_scored_line_is_not_answered_by_the_base_line() -> None:
    library = unanswered(answered("surface", framework="library", surface_concepts=10))
    assert value(CONCEPTS, library, answered("surface", surface_concepts=8), scored="library") is None


def test_what_is_each_lines_own_both_answer() -> None:
    probes = [
        answered("mistake", "harmless", framework="library", subject="a"),
        answered("mistake", "a wrong number in silence", framework="alpha", subject="a"),
        answered("mistake", "a wrong number in silence", framework="alpha", subject="b"),
        answered("mistake", "harmless", framework="another", subject="c"),
    ]
    assert value(MISTAKES, *probes, scored="library") == pytest.approx(100 / 3)
    assert value(MISTAKES, *probes, scored=None) == 0.0


def test_of_several_runs_the_newest_answer_counts() -> None:
    runs = [
        named(answered("surface", surface_concepts=3), name="old.json", created="2026-11-20T12:00:00+00:00"),
        named(answered("surface", surface_concepts=5), name="new.json", created="2026-11-22T12:00:00+00:00"),
        named(unanswered(answered("surface")), name="newest.json", created="2026-11-24T12:00:00+00:00"),
    ]
    for order in (runs, runs[::-1]):
        probed = ask(CONCEPTS, *order)
        assert probed is not None
        assert probed.value == 5.0
        assert [answer.run for answer in probed.answers] == ["new.json"]


def test_two_frameworks_can_be_compared_on_the_questions_that_both_answered() -> None:
    def ask_about(name: str, answers: dict[str, str]) -> Probed:
        exports = [exported(answers[model], subject=model, framework=name, ecosystem=name) for model in answers]
        run = named(control(framework=name, ecosystem=name), *exports)
        probed = ask(ONNX, run, base=name, ecosystem=name)
        assert probed is not None
        return probed

    alpha = ask_about("alpha", {"mlp": "passed", "gpt": "not converted"})
    beta = ask_about("beta", {"mlp": "passed"})
    common = {question.key for question in alpha.questions} & {question.key for question in beta.questions}
    assert (alpha.value, beta.value) == (50.0, 100.0)
    assert probe_value(ONNX, [question for question in alpha.questions if question.key in common]) == 100.0


# ------------------------------------------------------------------------------------------------ findings and cards


def findings(*probes: ProbeResult, probes_answer: bool = True) -> dict[str, Finding]:
    snapshot = make_snapshot(*[make_fact("weeks_numpy_user", 2.0, as_of="2024-01")])
    evidence = make_evidence(snapshot, runs=(named(*probes),), as_of="2024-06")
    answers = judge(RUBRIC, evidence, frameworks=["alpha"], device=None, probes=probes_answer)["alpha"]
    return {finding.criterion.id: finding for finding in answers}


def test_a_probe_answers_before_a_fact_which_stands_beside_it() -> None:
    probe = answered("idioms", idioms_same=60, idioms=100)
    finding = findings(probe)["numpy_user"]
    assert (finding.value, finding.score) == (60.0, 6.0)
    (source,) = finding.sources
    assert (source.kind, source.nodeids, source.as_of) == ("measured", (probe.nodeid,), "2026-11-22")
    assert source.text == "1 probe of idioms, 60 of 100; alpha"
    assert [beside.unit for beside in finding.beside] == ["weeks"]
    by_facts = findings(probe, probes_answer=False)["numpy_user"]
    assert by_facts.value == 2.0


def test_where_the_probes_do_not_answer_the_fact_does_and_it_is_said_why() -> None:
    finding = findings(unanswered(answered("idioms")))["numpy_user"]
    assert finding.value == 2.0
    assert finding.note == "a probed question has no answer: skipped: no tool here"


def test_a_question_that_only_probes_answer_is_put_to_whom_they_were_put() -> None:
    assert "mistakes" not in findings(answered("surface", surface_concepts=5))
    assert findings(*mistakes(["harmless"]))["mistakes"].score == 10.0
    assert findings(*map(unanswered, mistakes(["harmless"])))["mistakes"].score is None


def test_a_criterion_of_another_package_can_be_answered_by_probes() -> None:
    rule = AnswerRule(
        unit="s",
        scale="linear",
        points=((0, 10), (60, 0)),
        reason="A minute is too long.",
        example=(30, 5.0),
        probes=ProbeMeasure(families=("first",), figure="first_success_seconds"),
    )
    criterion = Criterion(
        id="first_gradient",
        dimension="learning_curve",
        name="First gradient",
        question="How soon is a first gradient there?",
        weight=0.1,
        reason="Only once.",
        answers=(rule,),
    )
    rubric = add_criteria(RUBRIC, [criterion], source="a package")
    evidence = make_evidence(runs=(named(answered("first", "gradient", first_success_seconds=15)),))
    finding = judge(rubric, evidence, frameworks=["alpha"], device=None, probes=True)["alpha"][-1]
    assert (finding.criterion.id, finding.score) == ("first_gradient", 7.5)


def test_a_run_of_probes_alone_gives_scores_and_shows_the_facts_beside() -> None:
    run = named(
        answered("surface", surface_concepts=4),
        answered("idioms", idioms_same=80, idioms=100),
        *[answered("change", subject=subject, change_lines=3) for subject in ("devices", "bfloat16", "checkpointing")],
        *mistakes(["harmless", "a wrong number in silence"]),
    )
    (card,) = build_report(RUBRIC, make_evidence(runs=(run,)), frameworks=["alpha"]).cards
    dimension = next(each for each in card.dimensions if each.dimension == "learning_curve")
    assert (dimension.basis, dimension.since) == ("measured by probes", "7 probes")
    assert dimension.score == 7.5
    beside = [each.basis for each in card.beside if each.dimension == "learning_curve"]
    assert beside == ["published facts"]


def test_who_was_only_skipped_is_scored_on_facts_alone() -> None:
    evidence = make_evidence(runs=(named(unanswered(answered("surface"))),))
    assert evidence.probed_frameworks() == ()
    (card,) = build_report(RUBRIC, evidence, frameworks=["alpha"]).cards
    assert {dimension.basis for dimension in card.dimensions} == {"published facts"}


@pytest.fixture(scope="module")
def sample() -> dict[str, dict[str, Finding]]:
    """What the run that comes with the package answers, by framework and criterion."""
    record = load_run(fixtures_folder() / "runs" / "2026-11-26-probes.json")
    evidence = make_evidence(runs=(NamedRun(name="probes.json", record=record),))
    answers = judge(RUBRIC, evidence, frameworks=["jax", "pytorch"], device=None, probes=True)
    return {name: {finding.criterion.id: finding for finding in found} for name, found in answers.items()}


@pytest.mark.parametrize(
    ("criterion", "jax", "pytorch"),
    [
        ("beginner", 10.0, 5.75),
        ("numpy_user", 78.0, 62.667),
        ("expert_of_another", 3.333, 5.667),
        ("portable_format", 75.0, 100.0),
        ("mobile_edge", 100.0, 100.0),
        ("served", 100.0, 100.0),
        ("checkpoint", 100.0, 100.0),
        ("profiler_debugger", 91.667, 66.667),
    ],
)
def test_the_run_that_comes_with_the_package_answers_as_its_tables_say(
    sample: dict[str, dict[str, Finding]], criterion: str, jax: float, pytorch: float
) -> None:
    """The figures stand in docs/probes.md, docs/learning-probes.md and docs/production-probes.md."""
    found = [sample[name][criterion] for name in ("jax", "pytorch")]
    assert [finding.value for finding in found] == pytest.approx([jax, pytorch], abs=0.001)
    assert all(finding.measured for finding in found)
