"""What the tests of the report share: the page of the real runs in fixtures/runs, and a browser that opens pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import ROOT
from tests.report.browsing import OpenReport, opening, running_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def sample_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of all saved runs in fixtures/runs, made once."""
    pytest.importorskip("altair")
    from speedscore.report.content import Judging
    from speedscore.report.reading import read_given
    from speedscore.report.writing import write_report
    from speedscore.scoring.rubric.rubric import load_rubric

    path = tmp_path_factory.mktemp("sample report") / "report.html"
    return write_report(path, read_given([str(ROOT / "fixtures" / "runs")]), Judging(load_rubric()))


# A module's and not the session's: while Playwright is started, an event loop runs in this thread, in which nobody's
# asyncio.run works, and no browser should go on running beside tests that measure.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; where there is none, the tests that ask for it are skipped."""
    with running_browser() as started:
        yield started


@pytest.fixture
def open_report(browser: Browser) -> Iterator[OpenReport]:
    """Opens pages; at the end of the test, what they wrote to the console or asked of a network fails it."""
    with opening(browser) as opened:
        yield opened
