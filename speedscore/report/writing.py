"""From saved runs to the file on the disk: what the command and the end of a session both do.

The libraries that draw are imported here, when a page is really made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from speedscore.host.extras import require
from speedscore.host.files import write_file
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.rubric.rubric import Rubric


class ReportError(ValueError):
    """The page could not be written. The message is one line."""


def check_extra() -> None:
    """Raises MissingExtraError where what draws the page is not installed."""
    require("report", "altair", "jinja2", "ruptures", "vl_convert")


def write_report(
    path: Path,
    rubric: Rubric,
    runs: Sequence[NamedRun],
    *,
    facts: Sequence[Path] = (),
    month: str | None = None,
    departures: tuple[str, ...] = (),
) -> None:
    """One HTML file. ``facts`` are folders beside the shipped one, ``month`` is the snapshot (default: the newest), and
    ``departures`` say what of the rubric is not the package's own.

    Raises MissingExtraError, ReportError, FactError and EvidenceError; a file that stood there stays as it was.
    """
    check_extra()
    from speedscore.report.assembling import assemble
    from speedscore.report.content import make_content
    from speedscore.report.page.page import render

    content = make_content(rubric, runs, facts=facts, month=month, departures=departures)
    try:
        write_file(path, render(assemble(content)))
    except OSError as error:
        raise ReportError(f"{path}: not written ({error.strerror}); name a file that can be") from error
