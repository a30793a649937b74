"""A rule of probes is checked when it is made, and the rubric's own name only what the probes can answer."""

from __future__ import annotations

from typing import Any

import pytest

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.record.metrics import METRICS
from speedscore.scoring.rubric.answer_rule import AnswerRule, Measure
from speedscore.scoring.rubric.probe_measure import ProbeMeasure
from tests.scoring.sample_facts import RUBRIC

PROBED = [criterion for criterion in RUBRIC.criterion if criterion.probes is not None]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"families": (), "worth": {"good": 1}}, "expected families"),
        ({"families": (" ",), "worth": {"good": 1}}, "no empty name"),
        ({"worth": {" ": 1}}, "no empty name"),
        ({"targets": ((),), "worth": {"good": 1}}, "no empty name or group"),
        ({}, "exactly one of worth, count and figure"),
        ({"worth": {"good": 1}, "figure": "lines"}, "exactly one of worth, count and figure"),
        ({"count": ("good",)}, "count and of need each other"),
        ({"of": ("all",), "figure": "lines"}, "count and of need each other"),
        ({"worth": {"good": 1.5}}, "outside 0 to 1"),
        ({"worth": {"good": 1, "bad": float("nan")}}, "outside 0 to 1"),
        ({"worth": {"good": 0.5}}, "no outcome in worth is worth 1"),
        ({"targets": (("onnx",), ("onnx",)), "worth": {"good": 1}}, "named twice"),
        ({"families": ("export", "export"), "worth": {"good": 1}}, "named twice"),
        ({"targets": (("onnx",),), "figure": "lines"}, "groups of targets need worth"),
    ],
)
def test_a_bad_rule_of_probes_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ProbeMeasure(**{"families": ("export",), **fields})


def test_a_rule_answers_from_one_kind_of_evidence() -> None:
    with pytest.raises(ValueError, match="exactly one of measure, probes and facts"):
        AnswerRule(
            unit="%",
            scale="linear",
            points=((0, 0), (100, 10)),
            reason="A share is its own score.",
            example=(50, 5.0),
            measure=Measure(phase="training"),
            probes=ProbeMeasure(families=("export",), worth={"passed": 1}),
        )


@pytest.mark.parametrize("criterion", PROBED, ids=lambda criterion: criterion.id)
def test_the_rubric_names_only_what_the_probes_can_answer(criterion: Any) -> None:
    measure: ProbeMeasure = criterion.probes
    outcomes = {outcome for family in measure.families for outcome in FAMILIES[family].outcomes}
    assert {*measure.worth, *measure.unknown} <= outcomes
    assert {*measure.count, *measure.of, *filter(None, [measure.figure])} <= METRICS.keys()
    targets = {case.target for family in measure.families for case in FAMILIES[family].list_cases()}
    assert {target for group in measure.targets for target in group} <= targets
    subjects = {case.subject for family in measure.families for case in FAMILIES[family].list_cases()}
    assert set(measure.subjects) <= subjects


def test_the_controls_and_base_lines_are_those_of_the_probes() -> None:
    for name, control in RUBRIC.policy.probe_controls.items():
        family, proof = FAMILIES[name], FAMILIES[control.family]
        assert family.control == control.family
        assert proof.outcomes[0] == control.holds
        assert set(control.needless) <= set(family.outcomes)
    assert set(RUBRIC.policy.probe_controls) == {name for name, family in FAMILIES.items() if family.control}
