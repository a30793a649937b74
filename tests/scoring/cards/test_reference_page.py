"""The page that follows the reference document line by line points to lines that JAX's card of January 2024 has."""

from __future__ import annotations

import re

import pytest

from speedscore.scoring.cards import FORMATS
from speedscore.scoring.scores.score_report import build_report
from tests.places import ROOT
from tests.scoring.sample_facts import RUBRIC, make_evidence, shipped

PAGE = ROOT / "docs" / "reference-document.md"
LINES = {
    "Ecosystem Health": 10,
    "Production Maturity": 12,
    "Research Adoption": 9,
    "Learning Curve": 12,
    "Performance": 11,
    "Speed Score": 2,
    "Quick Take": 15,
    "JAX Ecosystem Layers": 6,
}
"""Section of the reference document → its lines that say something, headings of lists left out."""


def rows() -> dict[str, list[tuple[str, ...]]]:
    """Section of the page → its rows, a cell for each column."""
    sections: dict[str, list[tuple[str, ...]]] = {}
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        title, *lines = part.splitlines()
        table = [line for line in lines if line.startswith("| ")]
        sections[title] = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in table[1:]]
    return sections


def one_line(text: str) -> str:
    """A card in one line, without the numbers of its sources."""
    return " ".join(re.sub(r" ?\[\d+\]", "", text).split())


@pytest.fixture(scope="module")
def card() -> str:
    report = build_report(RUBRIC, make_evidence(*shipped(), month="2024-01"), frameworks=["jax"])
    return one_line(FORMATS["text"](report, width=80).replace("=" * 80, ""))


@pytest.mark.parametrize("section", LINES)
def test_every_phrase_of_the_page_is_on_the_card(section: str, card: str) -> None:
    missing = [
        phrase
        for row in rows()[section]
        for phrase in re.findall(r"`([^`]+)`", " ".join(row[1:]))
        if one_line(phrase) not in card
    ]
    assert missing == [], f"write in {PAGE} what speedscore card jax --snapshot 2024-01 --full says now"


def test_every_line_of_the_document_has_its_own_row_with_a_place_on_the_card() -> None:
    assert {title: len(section) for title, section in rows().items()} == LINES
    for section in rows().values():
        assert len({row[0] for row in section}) == len(section)
        assert all("`" in row[1] for row in section)
