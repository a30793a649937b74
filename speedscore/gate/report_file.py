"""A gate's report from the JSON that ``--gate-json`` wrote, checked once. It repairs nothing and prints nothing."""

from __future__ import annotations

import msgspec

from speedscore.gate.report import SCHEMA_VERSION, GateReport


class GateReportError(ValueError):
    """It is no report of a gate. The message is one line: which file, what was expected, what was found."""


def read_report(text: bytes, *, what: str) -> GateReport:
    """Raises GateReportError, which names ``what`` it was read from."""
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
