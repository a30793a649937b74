"""Cards of January 2024 and of November 2026, whole, as they were read: whatever changes them has to say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generators import load_generator

MAKER = load_generator("make_cards")
REMEDY = "run python docs/make_cards.py, read in git what moved, and keep it if it is right"


@pytest.mark.bare
@pytest.mark.parametrize("name", MAKER.golden_cards())
def test_the_card_of_that_month_is_the_one_that_was_read(name: str) -> None:
    card = (MAKER.GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert MAKER.printed(MAKER.golden_cards()[name]) == card, REMEDY


@pytest.mark.bare
def test_no_golden_card_is_compared_with_nothing() -> None:
    assert {path.stem for path in MAKER.GOLDEN.iterdir()} == MAKER.golden_cards().keys()


@pytest.mark.bare
@pytest.mark.parametrize("page", MAKER.PAGES, ids=lambda page: page.name)
def test_the_answer_that_a_page_shows_is_the_one_that_is_printed(page: Path) -> None:
    printed = MAKER.printed(MAKER.ANSWER)
    shown = MAKER.BLOCK.search(page.read_text(encoding="utf-8"))
    assert shown is not None
    assert shown[0] == printed, REMEDY
    assert len(printed.splitlines()) <= 20
