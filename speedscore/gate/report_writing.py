"""The files that a gate was asked to write its report into, and the report of a gate that could not run."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from speedscore.gate.comment import markdown
from speedscore.gate.progress import say
from speedscore.gate.report import SCHEMA_VERSION, GateExit, GateReport, SideReport
from speedscore.host.files import is_stream, write_file
from speedscore.record.run_file import RunFileError, write_json
from speedscore.text.cleaning import printable


def write_report(report: GateReport, config: pytest.Config) -> bool:
    """As JSON and as Markdown, where that was asked for. False where one could not be written, which is said."""
    options = (config.getoption(f"speedscore_gate_{name}") for name in ("json", "markdown"))
    return write_files(report, *options)


def write_files(report: GateReport, json_path: Path | None, markdown_path: Path | None) -> bool:
    """The same, where the names are known."""
    try:
        if json_path is not None:
            write_json(json_path, msgspec.to_builtins(report))
        if markdown_path is not None:
            write_file(markdown_path, printable(markdown(report)))
    except (OSError, RunFileError) as error:
        say(f"gate: the report was not written: {error}")
        return False
    return True


def write_open_report(report: GateReport, config: pytest.Config) -> None:
    """As JSON, where that was asked for, in whose place the whole report comes at the end: what is written stays though
    the gate is killed. Silent where it cannot be written, for the end says it."""
    path = config.getoption("speedscore_gate_json")
    if path is not None and not is_stream(path):
        with contextlib.suppress(RunFileError):
            write_json(path, msgspec.to_builtins(report))


def cannot_run(headline: str, config: pytest.Config, *, seconds: float) -> GateReport:
    """The report of a gate that has no more than that to say."""
    return GateReport(
        schema_version=SCHEMA_VERSION,
        created=date(),
        base=SideReport(description=str(config.getoption("speedscore_gate") or config.rootpath)),
        head=SideReport(description=str(config.rootpath)),
        seconds=seconds,
        exit_code=GateExit.CANNOT_RUN,
        headline=headline,
        part=config.getoption("speedscore_gate_part") or "",
    )


def date() -> str:
    """As reports have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
