"""A headless Chromium that opens pages from the disk and nothing else: what the tests of the report see it with.

The browser is the machine's own. It has no network: a page that asks for any is found out, and what it writes to the
console as an error or a warning is a failure of the test. Playwright is imported where a page is really opened.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

VARIABLE = "SPEEDSCORE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome")
_LOCAL = ("file:", "data:", "blob:", "about:")
_PATIENCE = 90_000
"""Milliseconds after which a page has failed to do what it should."""
_QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
          "--no-first-run", "--force-color-profile=srgb", "--font-render-hinting=none")  # fmt: skip


class OpenReport(Protocol):
    """Opens a page and waits until it is ready."""

    def __call__(
        self,
        path: Path,
        state: str = "",
        *,
        width: int = 1280,
        height: int = 900,
        scheme: Literal["light", "dark"] = "light",
        **context: Any,
    ) -> Page:
        """``state`` is the address's part after ``#``; ``context`` are further options of Playwright's contexts."""
        ...


def browser_path(environment: Mapping[str, str] = os.environ) -> str:
    """Where Chromium is. Without one the test is skipped; one that was named and is not there fails it."""
    named = environment.get(VARIABLE)
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if named:
        pytest.fail(f"{VARIABLE}={named}: expected a program, found none; name a Chromium, or unset it", pytrace=False)
    pytest.skip(f"no {', '.join(NAMES)} here: install one (apt-get install chromium), or name one in {VARIABLE}")


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """A Chromium of its own, which ends with the block."""
    path = browser_path()
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opening(browser: Browser) -> Iterator[OpenReport]:
    """Gives what opens pages. At the end of the block they are closed, and every complaint of theirs is a failure."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_report(
        path: Path,
        state: str = "",
        *,
        width: int = 1280,
        height: int = 900,
        scheme: Literal["light", "dark"] = "light",
        **context: Any,
    ) -> Page:
        # Nothing moves: half faded in, a text would have half its contrast.
        own = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
            offline=True,
            **context,
        )
        own.set_default_timeout(_PATIENCE)
        contexts.append(own)
        own.on("request", lambda request: _note_request(complaints, request.url))
        page = own.new_page()
        page.on("console", lambda message: _note_message(complaints, message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(f"error in the page: {error}"))
        page.goto(path.resolve().as_uri() + (f"#{state}" if state else ""))
        if context.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]")
        return page

    try:
        yield open_report
    finally:
        for own in contexts:
            own.close()
    assert not complaints, complaints


def _note_request(complaints: list[str], url: str) -> None:
    if not url.startswith(_LOCAL):
        complaints.append(f"asked for {url[:200]}")


def _note_message(complaints: list[str], kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        complaints.append(f"console {kind}: {text}")


DRAWN = """() => [...document.querySelectorAll(".chart")].every(
    (chart) => !chart.clientWidth || chart.dataset.near !== "1" || chart.querySelector("svg"))"""
"""What ``wait_for_function`` waits for until the charts in sight are drawn."""


def view_ids(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all("section.view", "views => views.map((view) => view.dataset.view)")
    return found


def data_of(page: Page) -> dict[str, Any]:
    """What the scripts read."""
    packed = page.locator("#data").text_content() or ""
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return data


def details_of(page: Page) -> dict[str, Any]:
    """By their addresses."""
    return {detail["id"]: detail for detail in data_of(page)["details"]}
