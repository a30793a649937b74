"""The page on scoring shows what the rubric gives January 2024 today."""

from __future__ import annotations

from speedscore.scoring.scores.score_report import build_report
from tests.places import ROOT
from tests.scoring.sample_facts import RUBRIC, make_evidence, shipped

PAGE = ROOT / "docs" / "how-it-scores.md"


def test_the_table_has_the_scores_of_january_2024() -> None:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("## What the calibration is worth")
    lines = [line.strip("|").split("|") for line in rest.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    written = {name.split()[0]: [cell.strip() for cell in cells] for name, *cells in lines[1:]}
    evidence = make_evidence(*shipped(), month="2024-01")
    report = build_report(RUBRIC, evidence, frameworks=["jax", "pytorch", "tensorflow"])
    assert written == {
        card.name: ["no score" if each.score is None else f"{each.score:.1f}" for each in card.dimensions]
        for card in report.cards
    }
