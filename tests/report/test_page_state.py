"""What every page can do, on a small one: its state is its address, the keyboard is enough, what is shown is copied."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.text.cleaning import one_line
from speedscore.text.markdown import markdown_table
from tests.places import ROOT
from tests.report.browsing import OpenReport
from tests.report.sample_pages import sample_page, write_sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCRIPTS = ROOT / "speedscore" / "report" / "page" / "scripts"
SHOWN = """() => [
    location.hash,
    document.documentElement.dataset.theme,
    [...document.querySelectorAll(".view, [data-block], tbody tr")].map((each) => each.hidden),
    [...document.querySelectorAll("select, input[type=search]")].map((each) => each.value),
    [...document.querySelectorAll(".legend input")].map((each) => each.checked),
    [...document.querySelectorAll("details[data-fold]")].map((each) => each.open),
    [...document.querySelectorAll("main table, main p, dialog")].map((each) => each.textContent),
]"""
"""All that a reader has chosen, and what is to be seen because of it."""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("altair")
    return write_sample(tmp_path_factory.mktemp("small page") / "page.html", sample_page())


def state_of(page: Page) -> dict[str, str]:
    return dict(parse_qsl(page.evaluate("location.hash.slice(1)")))


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def first_cells(page: Page, block: str) -> list[str]:
    return page.locator(f"#{block} tbody tr:visible th").all_inner_texts()


def test_the_address_holds_all_that_is_chosen(open_report: OpenReport, page_file: Path) -> None:
    page = open_report(page_file)
    page.select_option("select[name=model]", "all")
    page.select_option("select[name=theme]", "dark")
    page.uncheck("input[value=beta]")
    page.fill("#many input[type=search]", "case-1 source")
    page.locator("#many thead button").nth(1).click()
    page.locator("#fold summary").first.click()
    page.locator("#drawn details.rows summary").click()
    page.locator("#many tbody a[data-show]:visible").first.click()
    assert state_of(page) == {
        "model": "all",
        "theme": "dark",
        "hide": "beta",
        "find.many": "case-1 source",
        "sort": "many:1:up",
        "open": "drawn,fold",
        "show": "case:0",
    }
    again = open_report(page_file, page.evaluate("location.hash.slice(1)"))
    assert again.evaluate(SHOWN) == page.evaluate(SHOWN)
    assert first_cells(again, "many") == ["case-16", "case-10", "case-18", "case-12", "case-14"]


def test_an_address_of_another_report_shows_the_page_all_the_same(open_report: OpenReport, page_file: Path) -> None:
    page = open_report(page_file, "view=no&model=no&sort=x:9:up&hide=no,%25&show=constructor&at=%00&open=,&theme=no&=")
    assert page.locator("section.view:visible").count() == 1
    assert page.locator("#many tbody tr:visible").count() == 40
    assert "the link is from another report" in page.locator("dialog").inner_text()


def test_back_closes_a_detail_and_closing_leaves_no_step_behind(open_report: OpenReport, page_file: Path) -> None:
    page = open_report(page_file, "theme=dark")
    steps = page.evaluate("history.length")
    number = page.locator("#many tbody a[data-show]").first
    number.click()
    assert page.locator("#detail-title").inner_text() == "Case 0"
    page.go_back()
    assert page.locator("dialog").is_hidden()
    number.click()
    page.get_by_role("link", name="the other").click()
    assert page.locator("#detail-title").inner_text() == "Case 1"
    page.go_back()
    assert page.locator("#detail-title").inner_text() == "Case 0"
    page.go_forward()
    page.get_by_role("button", name="Close").click()
    page.wait_for_function("() => !location.hash.includes('show')")
    assert page.locator("dialog").is_hidden()
    assert state_of(page) == {"theme": "dark"}
    assert page.evaluate("history.length") <= steps + 2
    sent = open_report(page_file, "show=case%3A0")
    sent.get_by_role("link", name="the other").click()
    sent.keyboard.press("Escape")
    sent.wait_for_function("() => !location.hash.includes('show')")
    assert sent.locator("dialog").is_hidden()


def test_a_link_to_a_block_leads_there(open_report: OpenReport, page_file: Path) -> None:
    page = open_report(page_file, permissions=["clipboard-read", "clipboard-write"])
    page.select_option("select[name=model]", "gpt")
    page.get_by_role("button", name="Copy a link to Figure other").click()
    address = clipboard(page)
    again = open_report(page_file, address.partition("#")[2], height=300)
    assert again.locator("#other h3").is_visible()
    assert again.evaluate("scrollY") > 0


def test_all_and_none_of_the_frameworks_are_a_click_away_and_none_changes_its_looks(
    open_report: OpenReport, page_file: Path
) -> None:
    page = open_report(page_file, "hide=alpha")
    page.wait_for_selector("#drawn .chart svg")
    fills = (
        "() => [...document.querySelectorAll('#drawn .mark-symbol path')].map((each) => each.getAttribute('stroke'))"
    )
    hidden = page.evaluate(fills)
    page.get_by_role("button", name="All").click()
    page.wait_for_function("() => document.querySelectorAll('#drawn .mark-symbol path').length === 2")
    assert page.evaluate(fills)[1:] == hidden
    page.get_by_role("button", name="None").click()
    assert page.locator(".legend summary").inner_text() == "Frameworks (0 of 2)"
    assert first_cells(page, "many") == []
    assert page.locator("#many .count").inner_text() == "0 of 40 rows are shown."


def test_the_keyboard_is_enough(open_report: OpenReport, page_file: Path) -> None:
    page = open_report(page_file)
    press = page.keyboard.press
    focused = "document.activeElement.textContent.trim() || document.activeElement.name || document.activeElement.type"
    press("Tab")
    press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.evaluate("location.hash") == ""
    page.locator(".tab").first.focus()
    press("Tab")
    press("Enter")
    assert state_of(page)["view"] == "second"
    press("Shift+Tab")
    press("Enter")
    assert state_of(page)["view"] == "first"
    passed: list[str] = []
    while not passed or passed[-1] != "Markdown":
        press("Tab")
        passed.append(page.evaluate(focused))
        if passed[-1] == "series" and "hide" not in state_of(page):
            press("Space")
    assert passed.count("series") == 2
    assert state_of(page)["hide"] == "alpha"
    assert {"Frameworks", "All", "None", "search", "CSV"} <= set(passed)
    number = page.locator("#many tbody a[data-show]:visible").first
    number.focus()
    press("Enter")
    inside = set()
    for _ in range(6):
        press("Tab")
        inside.add(page.evaluate("Boolean(document.activeElement.closest('dialog')) || document.activeElement.tagName"))
    # A modal dialog keeps the focus; only the browser's own controls are beside it, for which the body stands.
    assert inside <= {True, "BODY"}
    press("Escape")
    page.wait_for_function("() => !location.hash.includes('show')")
    assert number.evaluate("link => link === document.activeElement")


def test_what_is_copied_is_what_is_shown_with_its_sources(open_report: OpenReport, page_file: Path) -> None:
    page = open_report(
        page_file, "hide=beta&find.many=case-1&sort=many:1:up", permissions=["clipboard-read", "clipboard-write"]
    )
    page.get_by_role("button", name="Copy Table many as Markdown").click()
    shown = {"case-16": 2, "case-10": 4, "case-18": 5, "case-12": 7, "case-14": 10}
    rows = [(case, f"{seconds} s of 3", "source") for case, seconds in shown.items()]
    assert clipboard(page).splitlines() == [
        "**Table many**",
        "",
        *markdown_table(rows, headers=("Case", "Time (s)", "Where")),
        "",
        "Sources: run.json; https://example.org/source",
    ]
    page.get_by_role("button", name="Copy Table many as CSV").click()
    assert list(csv.reader(io.StringIO(clipboard(page)))) == [
        ["# Table many"],
        ["# source: run.json"],
        ["# source: https://example.org/source"],
        ["Case", "Time (s)", "Where"],
        *([case, str(seconds), "source"] for case, seconds in shown.items()),
    ]
    page.get_by_role("button", name="Copy Figure drawn as CSV").click()
    assert clipboard(page) == "# Figure drawn\r\n# source: run.json\r\nframework,seconds (s)\r\nalpha,0.5\r\n"


@given(texts=st.lists(st.text() | st.text("=+-@|`*_<>&#~\\[]\"',;\r\n\t a1"), min_size=1, max_size=40))
def test_hostile_cells_stay_text_in_markdown_and_csv(escaping_page: Page, texts: list[str]) -> None:
    cleaned = [one_line(text) for text in texts]
    fields: list[list[str]] = escaping_page.evaluate(
        "texts => [texts.map(markdownField), texts.map(csvField), texts.map((text) => csvField(text + '\\n' + text))]",
        json.loads(json.dumps(cleaned)),
    )
    markdown, single, double = fields
    assert [f"| {field} |" for field in markdown] == [markdown_table([[text]], headers=["x"])[2] for text in cleaned]
    for text, field, twice in zip(cleaned, single, double, strict=True):
        [[read]] = csv.reader(io.StringIO(f"{field}\r\n"), strict=True) if field else [[""]]
        assert read.removeprefix("'") == text.removeprefix("'")
        assert not read.startswith(("=", "+", "-", "@", "\t", "\r"))
        [[read]] = csv.reader(io.StringIO(f"{twice}\r\n", newline=""), strict=True)
        assert read.removeprefix("'") == f"{text}\n{text}".removeprefix("'")


@pytest.fixture(scope="module")
def escaping_page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """An empty page with the functions that escape."""
    path = tmp_path_factory.mktemp("empty") / "page.html"
    path.write_text("<html data-ready><title>empty</title>")
    page = browser.new_page()
    page.goto(path.as_uri())
    for name in ("state.js", "copying.js"):
        page.add_script_tag(path=SCRIPTS / name)
    return page
