"""The page as a browser shows it: made from real runs, without a complaint, a request or a dead link."""

from __future__ import annotations

from pathlib import Path

from tests.report.browsing import OpenReport


def test_every_view_opens_without_a_complaint_or_a_request(open_report: OpenReport, sample_report: Path) -> None:
    page = open_report(sample_report)
    tabs = page.locator("nav .tab")
    assert tabs.count() >= 2
    for tab in tabs.all():
        tab.click()
        assert tab.get_attribute("aria-current") == "page"
        assert page.locator("section.view:visible").count() == 1
        assert page.locator(f"section.view[data-view='{tab.get_attribute('data-view')}']").is_visible()
