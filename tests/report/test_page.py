"""The page of real runs as a browser shows it: without a complaint, a request, a dead link or a barrier."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl

import pytest

from tests.report.browsing import DRAWN, OpenReport, details_of, view_ids

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE = 390
PUT_AWAY = """() => {
    const hidden = "main [hidden], body:has(dialog[open]) main > *, tr:nth-child(n + 16)";
    window.away = [...document.querySelectorAll(hidden)].map((each) => {
        const mark = document.createComment("");
        each.replaceWith(mark);
        return [each, mark];
    });
}"""
"""What is hidden has no barriers, and a table's rows have those of its first ones, but axe-core walks through all."""
PUT_BACK = "() => window.away.reverse().forEach(([each, mark]) => mark.replaceWith(each))"
CUT = """async () => {
    dispatchEvent(new Event("beforeprint"));
    // The picture is taken before the next task: what is drawn must be there by then.
    const next = new MessageChannel();
    await new Promise((done) => { next.port1.onmessage = done; next.port2.postMessage(0); });
    const all = (selector, isWrong) => [...document.querySelectorAll(selector)].filter(isWrong)
        .map((each) => each.outerHTML.slice(0, 100));
    const rowsOf = (fold) => fold.querySelectorAll("tbody tr").length;
    return {
        views: all(".view", (view) => !view.clientHeight),
        folded: all(".block details:not(.rows)", (fold) => fold.open !== (rowsOf(fold) <= 60)),
        empty: all(".chart", (chart) => chart.clientWidth && !chart.querySelector("svg")),
        wide: all("main table, main svg, main p", (each) => each.getBoundingClientRect().right > innerWidth + 1),
        scrolled: all("main .scroll, main .chart", (each) => getComputedStyle(each).overflow !== "visible"),
        colours: getComputedStyle(document.body).backgroundColor,
    };
}"""
"""Prints, and answers what cannot be seen whole on the paper."""


def test_every_view_opens_and_draws_without_a_complaint_or_a_request(
    open_report: OpenReport, sample_report: Path
) -> None:
    page = open_report(sample_report)
    tabs = page.locator("nav .tab")
    assert tabs.count() == len(view_ids(page)) >= 2
    for tab in tabs.all():
        tab.click()
        assert tab.get_attribute("aria-current") == "page"
        assert page.locator("section.view:visible").count() == 1
        assert page.locator(f"section.view[data-view='{tab.get_attribute('data-view')}']").is_visible()
        page.wait_for_function(DRAWN)


def test_every_link_leads_somewhere(open_report: OpenReport, sample_report: Path) -> None:
    page = open_report(sample_report)
    ids: list[str] = page.eval_on_selector_all("[id]", "all => all.map(each => each.id)")
    assert len(ids) == len(set(ids))
    details = details_of(page)
    inside = [cell for detail in details.values() for _, cell in detail["entries"]]
    links: list[list[str]] = page.eval_on_selector_all(
        "a[href]", "links => links.map(link => [link.getAttribute('href'), link.rel])"
    )
    links += [[cell["url"], "noreferrer"] for cell in inside if "url" in cell]
    dead = {cell["detail"] for cell in inside if "detail" in cell} - details.keys()
    known = {"view": set(view_ids(page)), "show": set(details), "at": set(ids)}
    for address, rel in links:
        if address.startswith("#"):
            state = parse_qsl(address[1:], keep_blank_values=True)
            dead |= {value for name, value in state if name in known and value not in known[name]}
            assert state or address == "#main", address
        else:
            assert re.match(r"https?://[^/]", address), address
            assert "noreferrer" in rel, address
    assert not dead


def test_a_click_on_a_number_says_where_it_comes_from(open_report: OpenReport, sample_report: Path) -> None:
    page = open_report(sample_report)
    for view in view_ids(page):
        page.evaluate("view => location.hash = 'view=' + view", view)
        for link in page.locator("section.view:visible a[data-show]:visible").all()[:1]:
            link.click()
            assert page.locator("dialog").is_visible()
            assert page.locator("#detail-title").inner_text() != "Not in this report"
            assert page.locator("dialog .body").inner_text().strip()
            page.keyboard.press("Escape")


@pytest.mark.parametrize(
    ("scheme", "width", "rules"),
    [
        ("light", 1280, ()),
        ("dark", 1280, ("color-contrast", "link-in-text-block")),
        ("light", PHONE, ("target-size", "scrollable-region-focusable", "color-contrast")),
    ],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    open_report: OpenReport, sample_report: Path, scheme: Literal["light", "dark"], width: int, rules: tuple[str, ...]
) -> None:
    """In every view and in a detail of each kind: all rules in light, and those that colours and widths are about."""
    page = open_report(sample_report, width=width, scheme=scheme)
    for view in view_ids(page):
        page.evaluate("view => location.hash = 'view=' + view", view)
        page.wait_for_function(DRAWN)
        assert not barriers(page, rules), (view, scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (view, scheme, width)
    kinds = {detail.partition(":")[0]: detail for detail in details_of(page)}
    for detail in kinds.values():
        page.evaluate("detail => location.hash = 'show=' + encodeURIComponent(detail)", detail)
        page.wait_for_selector("dialog[open]")
        assert not barriers(page, rules, context="dialog"), (detail, scheme, width)
        assert page.evaluate("document.querySelector('dialog').scrollWidth <= innerWidth"), (detail, scheme, width)


def barriers(page: Page, rules: tuple[str, ...], context: str | None = None) -> str:
    """What axe-core finds; empty where that is nothing."""
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    # Of links in a dialog, those below its visible part are taken for skip links by where they stand.
    chosen = {"target-size": {"enabled": True}, "skip-link": {"enabled": context is None}}
    options: dict[str, Any] = {"resultTypes": ["violations"], "rules": chosen}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    page.evaluate(PUT_AWAY)
    results = Axe().run(page, context=context, options=options)
    page.evaluate(PUT_BACK)
    return str(results.generate_report()) if results.violations_count else ""


def test_on_paper_everything_stands_whole_and_in_light_colours(open_report: OpenReport, sample_report: Path) -> None:
    page = open_report(sample_report, "theme=dark")
    page.emulate_media(media="print")
    # An A4 page without its margins is about this wide.
    page.set_viewport_size({"width": 690, "height": 1000})
    cut = page.evaluate(CUT)
    assert cut.pop("colours") == "rgb(255, 255, 255)"
    assert cut == {name: [] for name in cut}
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("section.view:visible").count() == 1
    assert page.get_attribute("html", "data-theme") == "dark"


def test_without_javascript_every_table_can_be_read(open_report: OpenReport, sample_report: Path) -> None:
    page = open_report(sample_report, java_script_enabled=False)
    assert page.locator("section.view:visible").count() == page.locator("section.view").count() >= 2
    unseen = """rows => rows.filter((row) => !row.clientHeight && !row.closest("details:not([open])")).length"""
    assert page.eval_on_selector_all("main tbody tr", unseen) == 0
    folded = page.locator("main .block.table details[data-fold]").first
    folded.locator("summary").first.click()
    assert folded.locator("tbody tr").first.is_visible()
    assert "need JavaScript" in page.locator(".notice").inner_text()
    assert page.locator(page.locator("nav .tab").last.get_attribute("href") or "").is_visible()
    assert page.locator("main button:visible, select:visible, .chart:visible").count() == 0
