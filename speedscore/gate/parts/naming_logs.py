"""Names the file with what a part's gate and its sides printed, beside each reason why something did not run there.

It reads no file.
"""

from __future__ import annotations

import msgspec

from speedscore.gate.reporting.report import GateExit, GateReport
from speedscore.record.named_logs import with_log


def naming_log(report: GateReport, log: str) -> GateReport:
    """The report of a part, with ``log`` where its gate could not run, and where a case that both sides have
    did not run on both or was not the same; as it is where there is no log."""
    if not log:
        return report
    headline, *quoted = report.headline.splitlines()
    if report.exit_code == GateExit.CANNOT_RUN:
        headline = with_log(headline, log)
    did_not_run = {
        verdict.case
        for verdict in report.verdicts
        if verdict.case in report.all_cases and (verdict.metric, verdict.outcome) == ("time", "not comparable")
    }
    return msgspec.structs.replace(
        report,
        headline="\n".join([headline, *quoted]),
        verdicts=tuple(
            msgspec.structs.replace(verdict, reason=with_log(verdict.reason, log))
            if verdict.case in did_not_run and verdict.metric == "time"
            else verdict
            for verdict in report.verdicts
        ),
        missing={case: with_log(why, log) if case in did_not_run else why for case, why in report.missing.items()},
    )
