"""From saved runs to the file on the disk: what the command and the end of a session both do.

What judges the runs and the libraries that draw are imported when a page is really made: a gate's page, which takes its
checks of names from here, needs none of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from speedscore.host.extras import require
from speedscore.host.files import write_file
from speedscore.report.reading import GivenRuns
from speedscore.report.site import INDEX, is_folder, page_name
from speedscore.scoring.evidence.evidence import EvidenceError

if TYPE_CHECKING:
    from speedscore.report.content import Judging

_FIRST_BYTES = 4096
_TITLE = b"<title>speedscore: "
"""What every report has among its first bytes."""


class ReportError(ValueError):
    """The page could not be written. The message is one line."""


def check_extra() -> None:
    """Raises MissingExtraError where what draws the page is not installed."""
    require("report", "altair", "jinja2", "ruptures", "vl_convert")


def check_name(path: Path, *, otherwise: str = "") -> None:
    """Raises ReportError for a file that no browser would take for a page; ``otherwise`` is what else may be named."""
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ReportError(f"{path}: expected a name that ends in .html{otherwise}")


def write_report(path: Path, given: GivenRuns, judging: Judging) -> Path:
    """One HTML file, or a site where ``path`` names a folder; returns the file to open.

    Raises MissingExtraError, ReportError, FactError and EvidenceError; a file that stood there stays as it was.
    """
    check_extra()
    if not is_folder(path):
        check_name(path, otherwise=", or a folder")
        _write_page(path, given, judging)
        return path
    _check_index(path / INDEX)
    pages = {run.name: page_name(run) for run in given.runs}
    for run in given.runs:
        own = path / pages[run.name]
        # Its name holds the run, and its link was perhaps sent: it stays, also where facts or weights are others now.
        # A run that cannot be scored has no page, and the index says why.
        if not own.exists():
            with contextlib.suppress(EvidenceError):
                _write_page(own, GivenRuns(runs=(run,)), judging)
    there = {name: page for name, page in pages.items() if (path / page).exists()}
    _write_page(path / INDEX, given, judging, pages=there)
    return path / INDEX


def _check_index(index: Path) -> None:
    """Raises ReportError where a page stands that is no report: a folder may be of something else."""
    try:
        with index.open("rb") as file:
            start = file.read(_FIRST_BYTES)
    except OSError:
        # There is none; where it cannot be read, what is wrong is said when it cannot be written.
        return
    if start and _TITLE not in start:
        raise ReportError(f"{index}: a page stands there that is no report; name another folder, or move it")


def _write_page(path: Path, given: GivenRuns, judging: Judging, *, pages: Mapping[str, str] | None = None) -> None:
    from speedscore.report.assembling import assemble
    from speedscore.report.content import make_content
    from speedscore.report.page.page import render

    try:
        write_file(path, render(assemble(make_content(given, judging, pages=pages))))
    except OSError as error:
        reason = f"not written ({error.strerror}); name a file or a folder that can be"
        raise ReportError(f"{path}: {reason}") from error
