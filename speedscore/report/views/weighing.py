"""What the sliders work on: every dimension's score and draws, and what can be compared under which weights.

How much a dimension weighs has a say in nothing but sums, which ``weights.js`` forms anew; whether it weighs at all
decides who can be ranked, and on which questions. So that is found out here for every choice of dimensions. Nothing is
scored or drawn here.
"""

from __future__ import annotations

import itertools
import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from speedscore.report.blocks import Weights
from speedscore.report.content import Content
from speedscore.scoring.evidence.evidence import NOT_SAVED
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.rubric.criterion import DIMENSIONS, LEAST_WEIGHT, MOST_WEIGHT
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.comparison import compare, rankable_sets
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.weighing import Weighing, make_profile
from speedscore.text.output import COMMAND

_Findings = Mapping[str, Sequence[Finding]]


def weights_block(content: Content) -> Weights:
    """The block of the sliders."""
    return Weights(id="weights", title="Weigh it yourself", data=weights_data(content))


def weights_data(content: Content) -> dict[str, Any]:
    """What ``weights.js`` reads, dimensions everywhere in the order of the card.

    ``supports`` has by choice of dimensions (the sum of 2 to the power of each one's place) the sets that can be
    ranked; ``draws`` are in steps of ``step`` points.
    """
    cards = content.scores.cards
    sets, supports = _sets(content.rubric, {card.framework: _findings(card) for card in cards})
    places = {card.framework: place for place, card in enumerate(cards)}
    return {
        "called": "this report's weights" if content.scores.departures else "the rubric's weights",
        "command": _command(content),
        "least": LEAST_WEIGHT,
        "most": MOST_WEIGHT,
        "step": content.rubric.policy.round_to,
        "dimensions": [
            {
                "id": dimension,
                "title": content.rubric.dimensions[dimension],
                "weight": content.rubric.weights[dimension],
                "asked": math.fsum(criterion.weight for criterion in content.rubric.of(dimension)),
            }
            for dimension in DIMENSIONS
        ],
        "frameworks": [_framework(card, content.rubric.policy.round_to) for card in cards],
        "sets": [
            {**_set(content.rubric, findings), "frameworks": [places[name] for name in findings]} for findings in sets
        ],
        "supports": supports,
    }


def _command(content: Content) -> str:
    """What a terminal prints the same figures by, but for the weights at its end; empty where files would lack."""
    runs = [run.name for run in content.runs]
    if content.scores.departures or NOT_SAVED in runs:
        return ""
    month = content.scores.snapshot
    # Without a snapshot's name ages count to the present month, as they did here.
    parts = [
        "card",
        *(["--snapshot", month] if month == content.scores.as_of else []),
        *(["--run", *runs] if runs else []),
    ]
    return f"{COMMAND} {shlex.join(parts)} --full --weights"


def _findings(card: ScoreCard) -> tuple[Finding, ...]:
    return tuple(finding for dimension in card.dimensions for finding in dimension.findings)


def _framework(card: ScoreCard, step: float) -> dict[str, Any]:
    draws = [card.uncertainty.draws[dimension] for dimension in DIMENSIONS]
    return {
        "id": card.framework,
        "name": card.name,
        "scores": [dimension.score for dimension in card.dimensions],
        "bounds": [card.uncertainty.dimensions[dimension].bounds for dimension in DIMENSIONS],
        "lows": [_steps(each.lows, step) for each in draws],
        # Only where they differ: most of a card is answered.
        "highs": [None if each.highs == each.lows else _steps(each.highs, step) for each in draws],
    }


def _steps(scores: Sequence[float], step: float) -> list[int]:
    return [round(score / step) for score in scores]


def _sets(rubric: Rubric, findings: _Findings) -> tuple[list[_Findings], dict[str, list[int]]]:
    """Every set that some weights rank, as its findings by framework, and by choice of dimensions their places."""
    sets: list[_Findings] = []
    place_of: dict[tuple[str, ...], int] = {}
    supports: dict[str, list[int]] = {}
    for weighing in itertools.product((0.0, 1.0), repeat=len(DIMENSIONS)):
        if not any(weighing):
            continue
        chosen = msgspec.structs.replace(rubric, weights=dict(zip(DIMENSIONS, weighing, strict=True)))
        possible = rankable_sets(chosen, findings)
        for names in possible:
            if names not in place_of:
                place_of[names] = len(sets)
                sets.append(compare(chosen, {name: findings[name] for name in names}).findings)
        supports[str(sum(2**place for place, weight in enumerate(weighing) if weight))] = [
            place_of[names] for names in possible
        ]
    return sets, supports


def _set(rubric: Rubric, findings: _Findings) -> dict[str, Any]:
    """What is weighed of some that are ranked together: a dimension's score, and what of it all answer."""
    profiles = [make_profile(own) for own in findings.values()]
    weighing = Weighing(rubric.weights)
    common = [finding.criterion for finding in next(iter(findings.values()))]
    return {
        "questions": len(common),
        "common": [
            math.fsum(criterion.weight for criterion in common if criterion.dimension == dimension)
            for dimension in DIMENSIONS
        ],
        "scores": [
            [weighing.dimension_score(profile[each]) if profile[each] else None for each in DIMENSIONS]
            for profile in profiles
        ],
    }
