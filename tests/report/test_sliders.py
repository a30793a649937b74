"""The sliders in a browser: by address and by keys they show what Python says, and a button undoes it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.report.content import Content
from speedscore.scoring.cards import order_wording, wording
from speedscore.scoring.rubric.criterion import DIMENSIONS, Dimension
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.report.browsing import OpenReport
from tests.report.sample_content import sample_content

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def content() -> Content:
    return sample_content()


@pytest.fixture(scope="module")
def page_file(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("altair")
    from speedscore.report.assembling import assemble
    from speedscore.report.page.page import render

    path = tmp_path_factory.mktemp("sliders") / "report.html"
    path.write_text(render(assemble(content)), encoding="utf-8")
    return path


def _by_python(content: Content, **weights: float) -> ScoreReport:
    changed: dict[Dimension, float] = {name: weights.get(name, 1.0) for name in DIMENSIONS}
    rubric = msgspec.structs.replace(content.rubric, weights=changed)
    return build_report(rubric, content.evidence, frameworks=[card.framework for card in content.scores.cards])


def _shows(page: Page, report: ScoreReport) -> None:
    """Asserts that scores, intervals, places and the order are those of the report."""
    assert report.sensitivity is not None
    rows = page.locator("#weights tbody tr")
    shown = [rows.nth(place).locator("th, td").all_inner_texts() for place in range(rows.count())]
    ranking = report.sensitivity.ranking
    assert shown == [
        [
            card.name,
            wording.speed_score(card),
            wording.interval(card.uncertainty.speed_score),
            str(ranking.index(card.framework) + 1),
        ]
        for card in report.cards
    ]
    assert page.locator("#weights [role=status]").inner_text().startswith(next(order_wording.order(report)))


def test_the_address_weighs_and_says_that_the_order_has_changed(
    open_report: OpenReport, page_file: Path, content: Content, capsys: pytest.CaptureFixture[str]
) -> None:
    page = open_report(page_file, "view=overview&w.performance=3&w.research_adoption=0")
    report = _by_python(content, performance=3.0, research_adoption=0.0)
    _shows(page, report)
    assert content.scores.sensitivity is not None
    assert report.sensitivity is not None
    status = page.locator("#weights [role=status]").inner_text()
    assert ("The order has changed" in status) == (report.sensitivity.ranking != content.scores.sensitivity.ranking)
    command = page.locator("#weights .note").inner_text().partition(": ")[2]
    assert main(shlex.split(command)[1:]) == 0
    printed = capsys.readouterr().out
    assert all(f"= {wording.speed_score(card)} " in printed for card in report.cards)


def test_keys_move_a_slider_the_address_keeps_it_and_a_button_undoes_it(
    open_report: OpenReport, page_file: Path, content: Content
) -> None:
    page = open_report(page_file)
    slider = page.get_by_role("slider", name="Performance")
    slider.focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    _shows(page, _by_python(content, performance=1.7))
    assert page.evaluate("new URLSearchParams(location.hash.slice(1)).get('w.performance')") == "1.7"
    assert slider.get_attribute("aria-valuetext") == "1.7"
    page.get_by_role("button", name="Back to the rubric's weights").press("Enter")
    _shows(page, content.scores)
    assert "w." not in page.evaluate("location.hash")


def test_nobody_can_weigh_everything_with_nothing(open_report: OpenReport, page_file: Path, content: Content) -> None:
    page = open_report(page_file)
    for dimension in DIMENSIONS:
        page.get_by_role("slider", name=content.rubric.dimensions[dimension]).press("Home")
    _shows(page, _by_python(content, **dict.fromkeys(DIMENSIONS[:-1], 0.0), performance=0.1))


def test_an_address_may_have_more_digits_than_a_slider_and_what_is_no_weight_changes_nothing(
    open_report: OpenReport, page_file: Path, content: Content
) -> None:
    page = open_report(page_file, "w.performance=2.345")
    _shows(page, _by_python(content, performance=2.345))
    page.get_by_role("slider", name="Learning Curve").press("ArrowRight")
    _shows(page, _by_python(content, performance=2.345, learning_curve=1.1))
    for weight in ("-1", "NaN", "1e999", "1e-9", "0x10", "<b>", "١"):
        page.evaluate("(weight) => { location.hash = new URLSearchParams({'w.performance': weight}) }", weight)
        page.wait_for_function("document.querySelector('#weights button').disabled")
        _shows(page, content.scores)
        page.evaluate("location.hash = 'w.performance=2'")
        page.wait_for_function("!document.querySelector('#weights button').disabled")
