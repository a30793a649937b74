"""A session of another precision than float32 alone ends with a sentence in the place of scores."""

from __future__ import annotations

from speedscore.scoring import plugin
from speedscore.scoring.evidence.evidence import NamedRun
from tests.scoring.sample_facts import RUBRIC
from tests.scoring.sample_runs import make_run, measured_case


def test_where_nothing_was_measured_in_float32_nothing_is_ranked() -> None:
    run = NamedRun(name="run.json", record=make_run(measured_case("torch", 1.0, precision="bfloat16")))
    said = plugin._cards(RUBRIC, run, facts=(), width=80, full=False)
    assert said.startswith("Nothing was measured in float32, and only that is ranked")
