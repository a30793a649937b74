"""What the page of 500 cases takes to write and to open in a headless Chromium; runs only with ``--selfbench``.

It prints figures and judges none: what is read here belongs to the machine it ran on.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tabulate import tabulate

from speedscore.report.content import Judging
from speedscore.report.reading import GivenRuns, read_given
from speedscore.report.writing import write_report
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.rubric.rubric import load_rubric
from tests.places import ROOT
from tests.report.browsing import running_browser
from tests.report.large_run import large_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPENINGS = 5


def test_bytes_and_seconds_of_a_large_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = {
        "fixtures/runs": read_given([str(ROOT / "fixtures" / "runs")]),
        "500 cases": GivenRuns(runs=(NamedRun(name="large.json", record=large_run()),)),
    }
    rows = []
    with running_browser() as browser:
        for name, given in pages.items():
            started = time.perf_counter()
            path = write_report(tmp_path / f"{name.replace('/', ' ')}.html", given, Judging(load_rubric()))
            written_seconds = time.perf_counter() - started
            opened = [_open(browser, path) for _ in range(OPENINGS)]
            ready_seconds, chart_seconds = (statistics.median(each) for each in zip(*opened, strict=True))
            rows.append((name, path.stat().st_size / 1e6, written_seconds, ready_seconds, chart_seconds))
    with capsys.disabled():
        print()
        headers = ("runs", "MB", "written s", "ready s", "first chart s")
        print(tabulate(rows, headers=headers, floatfmt=".2f"))


def _open(browser: Browser, path: Path) -> tuple[float, float]:
    """Seconds until the page is ready, and until its first chart is drawn."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    started = time.perf_counter()
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector("html[data-ready]", state="attached")
    ready_seconds = time.perf_counter() - started
    page.locator(".chart:visible").first.evaluate("chart => chart.scrollIntoView()")
    page.wait_for_selector(".chart svg")
    chart_seconds = time.perf_counter() - started
    page.close()
    return ready_seconds, chart_seconds
