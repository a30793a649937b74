"""The sliders' arithmetic, run by Node: every digit that it would show is the digit that Python prints."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from speedscore.report.content import Content
from speedscore.report.views.weighing import weights_data
from speedscore.scoring.cards import wording
from speedscore.scoring.rubric.criterion import DIMENSIONS, Dimension
from speedscore.scoring.scores.comparison import compare
from speedscore.scoring.scores.score_report import build_report
from speedscore.scoring.scores.uncertainty import Interval
from speedscore.scoring.scores.weighing import Weighing, make_profile, rank
from tests.places import ROOT
from tests.report.sample_content import content_of, shared_content
from tests.scoring.sample_facts import RUBRIC, full_facts, make_fact

_SCRIPT = ROOT / "speedscore" / "report" / "page" / "scripts" / "weights.js"
_WEIGHTS = Mapping[Dimension, float]
_STEPS = [round(0.1 * step, 1) for step in range(51)]


def _weighed_by_node(
    content: Content, choices: Sequence[_WEIGHTS], *, data: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node, not installed here: it runs the page's script without a page")
    asked = {
        "script": _SCRIPT.read_text(encoding="utf-8"),
        "data": data or weights_data(content),
        "choices": [[weights[dimension] for dimension in DIMENSIONS] for weights in choices],
    }
    command = [node, str(Path(__file__).with_name("weigh.js"))]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=60)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _expected(content: Content, weights: _WEIGHTS) -> dict[str, Any]:
    """What Python says of finished dimension scores under these weights."""
    findings = {
        card.framework: [each for own in card.dimensions for each in own.findings] for card in content.scores.cards
    }
    comparison = compare(msgspec.structs.replace(content.rubric, weights=dict(weights)), findings)
    profiles = {name: make_profile(own) for name, own in comparison.findings.items()}
    scores = {name: Weighing(weights).speed_score(profile) for name, profile in profiles.items()}
    return {
        "cards": [_card(card.dimensions, card.uncertainty, weights) for card in content.scores.cards],
        "order": {
            "ranking": list(rank(scores)),
            "scores": [f"{scores[name]:.2f}" for name in rank(scores)],
            "questions": len(comparison.questions),
        }
        if scores
        else None,
    }


def _card(dimensions: Any, uncertainty: Any, weights: _WEIGHTS) -> dict[str, Any]:
    whole = math.fsum(weights.values())
    weighing = [each for each in dimensions if weights[each.dimension]]
    score = (
        None
        if any(each.score is None for each in weighing)
        else math.fsum(weights[each.dimension] * each.score for each in weighing) / whole
    )
    low, high = np.zeros(401), np.zeros(401)
    for dimension in DIMENSIONS:
        low += weights[dimension] * np.array(uncertainty.draws[dimension].lows)
        high += weights[dimension] * np.array(uncertainty.draws[dimension].highs)
    low, high = low / whole, high / whole
    return {
        "score": None if score is None else f"{score:.2f}",
        "low": f"{min(low[0], np.percentile(low[1:], 2.5, method='hazen')):.1f}",
        "high": f"{max(high[0], np.percentile(high[1:], 97.5, method='hazen')):.1f}",
        "bounds": any(uncertainty.dimensions[dimension].bounds for dimension in DIMENSIONS if weights[dimension]),
    }


def _choices(count: int, *, seed: int, of_sliders: bool = False) -> list[dict[Dimension, float]]:
    """Settings of the sliders, zeros among them, and weights that only an address can say."""
    drawn = random.Random(seed)

    def weight() -> float:
        slider = drawn.choice([0.0, 1.0, drawn.choice(_STEPS), drawn.choice(_STEPS)])
        return slider if of_sliders else drawn.choice([slider, slider, drawn.uniform(1e-6, 9), 1e6 * drawn.random()])

    made = ({dimension: weight() for dimension in DIMENSIONS} for _ in range(2 * count))
    return [weights for weights in made if any(weights.values())][:count]


def _facts_with_gaps() -> Content:
    """Alpha counts as beta does and as gamma does, and those two have nothing in common, so that one pair is ranked or
    the other; each of them and delta leaves something open, so that it hangs on the weights which."""
    better = {
        "alpha": ("github_stars", "paper_share_pct"),
        "beta": ("weeks_beginner",),
        "gamma": ("model_server_level",),
    }
    lacking = {
        "alpha": (),
        "beta": ("browser_level",),
        "gamma": ("star_growth_12m_pct",),
        "delta": ("weeks_beginner", "weeks_numpy_user", "weeks_other_framework_expert"),
    }
    ways = {"alpha": ("one way", "another way"), "beta": ("one way",), "gamma": ("another way",), "delta": ("one way",)}
    facts = [
        msgspec.structs.replace(fact, value=_other(key)) if key in better.get(framework, ()) else fact
        for framework, keys in lacking.items()
        for way in ways[framework]
        for key, fact in full_facts(framework=framework, definition=way).items()
        if key not in keys
    ]
    return content_of(*facts)


def _other(key: str) -> float:
    """Another value than the middling one."""
    known = RUBRIC.facts[key]
    return known.allowed[-1] if known.allowed else 2.0 if key.startswith("weeks") else 60.0


def _one_fact() -> Content:
    return content_of(make_fact("github_stars", 9.0))


@pytest.mark.parametrize(("make", "count"), [(shared_content, 200), (_facts_with_gaps, 80), (_one_fact, 20)])
def test_the_page_says_what_python_says_whatever_the_weights(make: Callable[[], Content], count: int) -> None:
    content = make()
    choices = [RUBRIC.weights, *_choices(count, seed=1)]
    for weights, found in zip(choices, _weighed_by_node(content, choices), strict=True):
        expected = _expected(content, weights)
        assert {name: found[name] for name in expected} == expected, weights


def test_that_is_what_a_card_with_these_weights_prints() -> None:
    for content in (shared_content(), _facts_with_gaps()):
        choices = _choices(4, seed=2)
        for weights, found in zip(choices, _weighed_by_node(content, choices), strict=True):
            rubric = msgspec.structs.replace(content.rubric, weights=weights)
            everybody = [card.framework for card in content.scores.cards]
            report = build_report(rubric, content.evidence, frameworks=everybody)
            for card, own in zip(report.cards, found["cards"], strict=True):
                interval = Interval(low=float(own["low"]), high=float(own["high"]), bounds=own["bounds"])
                assert wording.interval(card.uncertainty.speed_score) == wording.interval(interval)
                assert wording.speed_score(card) == own["score"] or f"{own['low']} to {own['high']}"
            sensitivity = report.sensitivity
            assert (found["order"] is None) == (sensitivity is None)
            if sensitivity is not None:
                assert found["order"]["ranking"] == list(sensitivity.ranking)
                assert found["order"]["scores"] == [
                    f"{sensitivity.speed_scores[name]:.2f}" for name in sensitivity.ranking
                ]


def test_the_made_up_facts_can_be_ranked_in_several_ways() -> None:
    """Else the tests above would have seen one set alone: who is ranked hangs on what weighs, and on how much."""
    data = weights_data(_facts_with_gaps())
    assert len({tuple(sets) for sets in data["supports"].values()}) > 1
    assert any(len(sets) > 1 for sets in data["supports"].values())


def test_halves_are_rounded_to_even_as_python_does() -> None:
    """0.125 is a half that a float holds exactly: JavaScript's toFixed makes 0.13 of it."""
    content = shared_content()
    data = weights_data(content)
    for card, own in zip(data["frameworks"], ([0.125] * 5, [2.5, 0, 0, 0, 0.0], [9.375] * 5), strict=True):
        card["scores"] = own
    (found,) = _weighed_by_node(content, [dict.fromkeys(DIMENSIONS, 1.0)], data=data)
    assert [card["score"] for card in found["cards"]] == [f"{0.125:.2f}", f"{0.5:.2f}", f"{9.375:.2f}"]


def test_the_order_changes_where_the_page_says_and_not_before() -> None:
    for content in (shared_content(), _facts_with_gaps()):
        choices = _choices(8, seed=3, of_sliders=True)
        flipped = 0
        for weights, found in zip(choices, _weighed_by_node(content, choices), strict=True):
            for place, flips in enumerate(found["flips"]):
                for side, way in (("below", -1), ("above", 1)):
                    flip = flips[side]
                    if flip is None or flip["weight"] == 0.0:
                        continue
                    flipped += 1
                    beyond, before = (
                        {**weights, DIMENSIONS[place]: flip["weight"] * (1 + each * 1e-6)} for each in (way, -way)
                    )
                    assert _ranking(content, beyond) == flip["ranking"]
                    assert _ranking(content, before) != flip["ranking"]
        assert flipped


def test_up_to_there_the_order_stays() -> None:
    drawn = random.Random(5)
    for content in (shared_content(), _facts_with_gaps()):
        choices = _choices(6, seed=5, of_sliders=True)
        for weights, found in zip(choices, _weighed_by_node(content, choices), strict=True):
            now = _ranking(content, weights)
            for dimension, flips in zip(DIMENSIONS, found["flips"], strict=True):
                own = weights[dimension]
                if own:
                    ends = (flips["below"] or {"weight": 1e-6})["weight"], (flips["above"] or {"weight": 1e6})["weight"]
                    for end in ends:
                        for _ in range(2):
                            # Nearer to the weight itself than to where two are level.
                            between = own * (end / own) ** drawn.uniform(0, 0.99) if end else own / 2
                            assert _ranking(content, {**weights, dimension: between}) == now


def _ranking(content: Content, weights: _WEIGHTS) -> list[str]:
    order = _expected(content, weights)["order"]
    return [] if order is None else list(order["ranking"])
