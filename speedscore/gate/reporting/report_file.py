"""The files of a gate's report: JSON that is written and read again, checked once, and Markdown that is only written.

Nothing is repaired, and what a report says is decided elsewhere.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from speedscore.gate.reporting.comment import markdown
from speedscore.gate.reporting.progress import say
from speedscore.gate.reporting.report import SCHEMA_VERSION, GateReport
from speedscore.host.files import is_stream, write_file
from speedscore.record.run_file import RunFileError, write_json
from speedscore.text.cleaning import printable


class GateReportError(ValueError):
    """It is no report of a gate. The message is one line: which file, what was expected, what was found."""


def read_report(text: bytes, *, what: str) -> GateReport:
    """From the JSON that ``--gate-json`` wrote. Raises GateReportError, which names ``what`` it was read from."""
    try:
        report = msgspec.json.decode(text, type=GateReport)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GateReportError(f"{what}: expected a gate's report (--gate-json): {error}") from None
    if report.schema_version != SCHEMA_VERSION:
        raise GateReportError(
            f"{what}: expected a report of schema version {SCHEMA_VERSION}, found {report.schema_version}; read it "
            "with the version of speedscore that wrote it"
        )
    return report


def write_report(report: GateReport, json_path: Path | None, markdown_path: Path | None) -> bool:
    """As JSON and as Markdown, where there is a path for it. False where one could not be written, which is said."""
    try:
        if json_path is not None:
            write_json(json_path, msgspec.to_builtins(report))
        if markdown_path is not None:
            write_file(markdown_path, printable(markdown(report)))
    except (OSError, RunFileError) as error:
        say(f"gate: the report was not written: {error}")
        return False
    return True


def write_partial_report(report: GateReport, json_path: Path | None) -> None:
    """As JSON, where there is a path for it: it stays if the gate is killed, and is replaced when the gate ends.

    Where it cannot be written nothing is said: ``write_report`` will say it.
    """
    if json_path is not None and not is_stream(json_path):
        with contextlib.suppress(RunFileError):
            write_json(json_path, msgspec.to_builtins(report))
