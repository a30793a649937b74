"""What is known of each part, from what a fleet tells as it happens. It places nothing and decides nothing.

What a part's gate has said on the way stands where its end does not come, as where the cluster is lost; a part that is
placed anew begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from speedscore.fleet.work import Answered, Began, Event, Failed, Lost, Reported
from speedscore.gate.loop.outcome import UNFINISHED
from speedscore.gate.part import Part
from speedscore.gate.parts.naming_logs import naming_log
from speedscore.gate.parts.on_machine import NO_TIME
from speedscore.gate.reporting.report import GateReport
from speedscore.gate.reporting.report_file import read_report
from speedscore.text.cleaning import one_line

SPENT = "the time budget was spent"


class PartState(msgspec.Struct, frozen=True):
    """What is known of one part."""

    part: Part
    machine: str = ""
    """The last that had it; empty where none had."""
    report: GateReport | None = None
    """Of its gate; where that did not come to its end, as far as it said how far it was."""
    why_not: str = ""
    """Why its gate did not come to its end; empty where it did."""


class PartStates:
    """All parts of one gate, and what is known of them so far."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._by_name = {str(part): PartState(part) for part in parts}
        self._over: set[str] = set()
        self.cut_off = ""
        """Why the gate ended before all of them had; empty where it did not."""

    def take(self, event: Event) -> str:
        """Note it. Returns what is to be said of it, if anything."""
        match event:
            case Began(name, machine):
                self._note(name, machine=machine)
            case Reported(name, machine, message):
                if message.startswith(b"{"):
                    self._note(name, report=read_report(message, what=f"what {machine} has said"))
                else:
                    return f"{machine}: {one_line(message.decode(errors='replace').removeprefix('gate: '))}"
            case Answered(name, machine, answer) if answer == NO_TIME:
                self.cut_off = SPENT
                self._end(name, machine=machine, report=None, why_not=f"{SPENT} before it was placed")
            case Answered(name, machine, answer, log):
                report = read_report(answer, what=f"the report of {machine}")
                self._end(name, machine=machine, report=naming_log(report, log))
            case Lost(name, machine, reason):
                self._note(name, report=None)
                return f"{machine} is lost ({one_line(reason)}); share {name} is gated anew elsewhere"
            case Failed(name, machine, reason):
                self._end(name, machine=machine, why_not=one_line(f"{machine}: {reason}" if machine else reason))
        return ""

    def cut(self, why: str, *, all_of_them: bool = False) -> None:
        """Nothing more comes of any; ``all_of_them`` says that also those were not gated that have answered."""
        self.cut_off = why
        for name in self._by_name.keys() - (set() if all_of_them else self._over):
            self._end(name, why_not=one_line(why))

    def known(self) -> tuple[PartState, ...]:
        """All of them in their order; what those have found so far that did not come to their end says so."""
        return tuple(_with_reason(state) for state in self._by_name.values())

    def _note(self, name: str, **fields: object) -> None:
        self._by_name[name] = msgspec.structs.replace(self._by_name[name], **fields)

    def _end(self, name: str, **fields: object) -> None:
        self._note(name, **fields)
        self._over.add(name)


def _with_reason(state: PartState) -> PartState:
    """Why it was cut off, in the words of the one who knows it."""
    report = state.report
    if report is None or not state.why_not:
        return state
    verdicts = tuple(
        msgspec.structs.replace(verdict, reason=state.why_not + verdict.reason.removeprefix(UNFINISHED))
        if verdict.reason.startswith(UNFINISHED)
        else verdict
        for verdict in report.verdicts
    )
    return msgspec.structs.replace(
        state, report=msgspec.structs.replace(report, verdicts=verdicts, cut_off=state.why_not)
    )
