"""The pytest plugin of the report: with ``--report=FILE`` a session of the matrix ends with the page of its run.

It measures nothing and judges nothing. When the page cannot be made, the results, the saved run and the cards stand as
they are: one line says what is wrong, and the exit status is not zero.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from speedscore.host.extras import MissingExtraError
from speedscore.record.run_record import RunRecord
from speedscore.report.content import Judging
from speedscore.report.reading import GivenRuns
from speedscore.report.writing import ReportError, check_extra, check_name, write_report
from speedscore.scoring.evidence.evidence import EvidenceError
from speedscore.scoring.evidence.session import fact_folders, named_run, rubric_of
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.rubric.rubric import RubricError
from speedscore.text.cleaning import one_line

_SAID = pytest.StashKey[tuple[str, bool]]()
"""The line to print, and whether it tells of a failure."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("speedscore")
    group.addoption(
        "--report",
        type=Path,
        default=None,
        metavar="FILE.html",
        help="write what was measured and how it scores as one HTML file",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Raises UsageError before anything is measured where the page could not be made afterwards."""
    path = config.getoption("report")
    if path is None:
        return
    try:
        check_extra()
        check_name(path)
    except (MissingExtraError, ReportError) as error:
        raise pytest.UsageError(f"--report: {error}") from None


@pytest.hookimpl(optionalhook=True)
def pytest_speedscore_run(config: pytest.Config, run: RunRecord, run_path: str | None) -> None:
    """Write the page; what came of it waits for the terminal summary."""
    path = config.getoption("report")
    if path is None:
        return
    answered = any(case.status == "measured" for case in run.cases)
    if not answered and not any(probe.status == "answered" for probe in run.probes):
        # A page that an earlier session wrote there stays.
        config.stash[_SAID] = ("speedscore: no report: nothing was measured", False)
        return
    if run.in_process:
        reason = "the frameworks ran inside pytest, which is no basis for a ranking"
        config.stash[_SAID] = (f"speedscore: no report: {reason}", True)
        return
    try:
        judging = Judging(rubric=rubric_of(config), facts=tuple(fact_folders(config)))
        write_report(path, GivenRuns(runs=(named_run(config, run, run_path),)), judging)
    except (FactError, RubricError, EvidenceError, ReportError) as error:
        config.stash[_SAID] = (f"speedscore: no report: {error}", True)
    else:
        config.stash[_SAID] = (f"speedscore: report: {path}", False)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say where the page is, or why there is none."""
    if said := config.stash.get(_SAID, None):
        line, failed = said
        terminalreporter.write_line(one_line(line), red=failed)


# Outermost, so that it ends after whichever plugin has announced the run from its own pytest_sessionfinish.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Turn success into a usage error when the report failed; a failure of the tests keeps its own exit status."""
    result = yield
    said = session.config.stash.get(_SAID, None)
    if said is not None and said[1] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR
    return result
