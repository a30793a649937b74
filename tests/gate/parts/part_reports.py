"""Reports of shares that were never gated, and the machines that have not gated them."""

from __future__ import annotations

from typing import Any

from speedscore.gate.reporting.report import SCHEMA_VERSION, GateReport, SideReport
from speedscore.verdicts.verdict import Outcome, Verdict


def report(*verdicts: Verdict, **fields: Any) -> GateReport:
    side = SideReport("a side")
    return GateReport(
        **{
            "schema_version": SCHEMA_VERSION,
            "created": "2026-11-27T00:00:00+00:00",
            "base": side,
            "head": side,
            "seconds": 1.0,
            "exit_code": 0,
            "headline": "passed: nothing regressed",
            "verdicts": verdicts,
            **fields,
        }
    )


def verdict(case: str, outcome: Outcome) -> Verdict:
    return Verdict(case=case, metric="time", outcome=outcome, ratio=1.0, pairs=12)


MACHINES = {"one": {"cpu.model": "made up"}, "two": {"cpu.model": "made up"}}
CANNOT = report(exit_code=13, headline="cannot run: base does not import\n  | No module named it")
