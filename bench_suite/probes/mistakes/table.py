"""The tables of mistakes: how often each outcome was, and a line a mistake with what happened in each framework.

They are made from a run's answers. Nothing is asked or judged here.
"""

from __future__ import annotations

from collections.abc import Sequence

from speedscore.bench_suite.probes.mistakes.rules import load_rules
from speedscore.bench_suite.probes.probe import probed_frameworks
from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.record.probe_result import ProbeResult

SAID = {"names_line": "l", "names_values": "v", "says_remedy": "r", "gives_link": "u"}
"""Observation → its letter in a cell."""
UNKNOWN = "?"
_NOTE = (
    "After the outcome, what the message holds: l the user's erring line, v the shapes, values or names at fault, r a "
    f"remedy, u a link. {NOTHING}: the mistake cannot be made there. {UNKNOWN}: not answered."
)


def make_tables(probes: Sequence[ProbeResult]) -> Sequence[Table]:
    """Both tables of the answers to ``mistake`` among ``probes``; none where there are none."""
    mistakes = [probe for probe in probes if probe.family == "mistake"]
    asked = {probe.framework for probe in mistakes}
    frameworks = [line.id for line in probed_frameworks() if line.id in asked]
    if not any(probe.status == "answered" for probe in mistakes):
        return ()
    return _counts(mistakes, frameworks), _cells(mistakes, frameworks)


def _counts(mistakes: Sequence[ProbeResult], frameworks: Sequence[str]) -> Table:
    answered = [probe for probe in mistakes if probe.status == "answered"]
    by_framework = {name: [probe for probe in answered if probe.framework == name] for name in frameworks}
    outcomes = [line.name for line in load_rules().outcome]
    rows = [
        (outcome, *(str(sum(probe.outcome == outcome for probe in by_framework[name])) for name in frameworks))
        for outcome in outcomes
        if any(probe.outcome == outcome for probe in answered)
    ]
    rows.append(("mistakes in all", *(str(len(by_framework[name])) for name in frameworks)))
    return Table(headers=("outcome", *frameworks), rows=tuple(rows), title="Mistakes, by what came of them")


def _cells(mistakes: Sequence[ProbeResult], frameworks: Sequence[str]) -> Table:
    cells = {(probe.subject, probe.framework): _cell(probe) for probe in mistakes}
    rows = [
        (subject, *(cells.get((subject, name), NOTHING) for name in frameworks))
        for subject in sorted({probe.subject for probe in mistakes})
    ]
    return Table(headers=("mistake", *frameworks), rows=tuple(rows), title="Mistakes, one by one", notes=(_NOTE,))


def _cell(probe: ProbeResult) -> str:
    if probe.status != "answered":
        return UNKNOWN
    short = {line.name: line.short for line in load_rules().outcome}
    letters = "".join(letter for name, letter in SAID.items() if probe.observations.get(name) is True)
    return " ".join(filter(None, (short.get(probe.outcome, probe.outcome), letters)))
