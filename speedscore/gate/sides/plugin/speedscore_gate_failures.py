"""Prints why a test or a test file failed as soon as it has: a side is ended once it has said all, most often before
pytest prints its failures. What is printed is for a person who reads the side's log; the gate is told apart from it."""

from __future__ import annotations

from typing import Any

import pytest


def print_failure(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    """The traceback, and what pytest has kept of what the test printed; nothing where pytest prints nothing."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    sections = [(f"{report.nodeid} failed", report.longreprtext), *report.sections]
    for heading, text in sections:
        reporter.write_line(f"----- {heading} -----")
        reporter.write_line(text.rstrip())
