"""Where next to nothing chose a variant, a score holds what another would make of it, and every card says so."""

from __future__ import annotations

from typing import Any

import pytest

from speedscore.record.measurement import Measurement
from speedscore.record.run_record import CaseResult, Style
from speedscore.scoring.cards import brief, measured_wording
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.sample_runs import a_case
from tests.scoring.sample_facts import RUBRIC, make_evidence, shipped
from tests.scoring.sample_runs import make_run


def line(
    name: str,
    seconds: float,
    *,
    ecosystem: str = "pytorch",
    first: float = 1.0,
    peak: int = 100,
    style: Style = "idiomatic",
) -> list[CaseResult]:
    """A line's training in three processes and its inference; ``first`` are the seconds of its first step."""
    memory = [Measurement("allocator_peak_bytes", "bytes", "lower", (float(peak),))]
    own: dict[str, Any] = {"ecosystem": ecosystem, "style": style, "device": "gpu"}
    trained = a_case(name, [[seconds] * 5] * 3, extra=memory, **own)
    answered = a_case(name, [[seconds] * 5] * 3, phase="inference", **own)
    return [trained, answered, a_case(name, [[first]] * 3, phase="compilation", **own)]


def report_of(lead: float, *others: CaseResult) -> ScoreReport:
    """An eager variant whose step takes ``lead`` times as long as the compiled one's, and whose first comes soon;
    ``others`` were measured beside them."""
    cases = [
        *line("jax", 1.0, ecosystem="jax", first=10.0, peak=400),
        *line("torch", lead, first=0.1),
        *line("torch-compile", 1.0, first=20.0, peak=800),
        *others,
    ]
    run = NamedRun(name="run.json", record=make_run(*cases))
    return build_report(RUBRIC, make_evidence(*shipped(), runs=(run,)), frameworks=["jax", "pytorch"])


@pytest.mark.parametrize(("lead", "scored"), [(1.149, "torch"), (1.151, "torch-compile"), (1.0, "torch")])
def test_on_either_side_of_the_tie_the_bounds_hold_both_scores(lead: float, scored: str) -> None:
    report = report_of(lead)
    for card in report.cards:
        performance = card.dimensions[-1]
        (other,) = card.other_variants
        assert {other.line, scored} == {"torch", "torch-compile"}
        assert performance.score is not None
        assert performance.score != other.score
        sure = card.uncertainty.dimensions["performance"]
        assert sure.bounds
        assert sure.low <= min(performance.score, other.score)
        assert sure.high >= max(performance.score, other.score)
    assert report.cards[1].variants[0].line == scored


def test_a_variant_that_is_clearly_slower_changes_nothing() -> None:
    for card in report_of(1.5).cards:
        assert card.other_variants == ()
        assert not card.uncertainty.dimensions["performance"].bounds


@pytest.mark.parametrize(("seconds", "first"), [(0.1, 0.01), (1.0, 60.0), (9.0, 900.0)])
def test_a_tuned_line_changes_no_score_whatever_it_takes_to_train_and_to_its_first_step(
    seconds: float, first: float
) -> None:
    def scores(report: ScoreReport) -> list[object]:
        return [
            (
                card.speed_score,
                [(dimension.score, dimension.findings) for dimension in card.dimensions],
                card.other_variants,
            )
            for card in report.cards
        ]

    without = report_of(1.04)
    beside = report_of(1.04, *line("torch-tuned", seconds, first=first, peak=1, style="tuned"))
    assert scores(beside) == scores(without)
    assert "torch-tuned" in {each.line for each in beside.cards[1].variants[0].beside}


def test_the_cards_say_what_the_other_variant_would_make_of_them() -> None:
    report = report_of(1.04)
    own, rival = report.cards[1], report.cards[0]
    (said,) = measured_wording.other_variants(own)
    assert said.startswith("As torch-compile, 1.04× as fast in training, Performance would be ")
    (said,) = measured_wording.other_variants(rival)
    assert said.startswith("With PyTorch as torch-compile, 1.04× as fast")
    together = " ".join(brief.render(report, width=80).split())
    scores = ", ".join(f"{card.name} {card.other_variants[0].score:.1f}" for card in report.cards)
    assert f"; with torch-compile, 1.04× as fast in training, it would be {scores}." in together
