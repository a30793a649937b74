"""The table of mistakes: a line a mistake, a column a framework, in a cell what happened. It asks and judges nothing.

It is made from the probes of a saved run; ``python -m speedscore.bench_suite.probes.mistakes.table RUN.json`` prints
it as Markdown.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from speedscore.bench_suite.probes.mistakes.rules import Rules, load_rules
from speedscore.bench_suite.probes.probe import probed_frameworks
from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_file import load_run
from speedscore.text.markdown import markdown_table

SAID = {"names_line": "l", "names_values": "v", "says_remedy": "r", "gives_link": "u"}
"""Observation → its letter in a cell."""
_NO_PROGRAM = ""


def mistakes_table(probes: Iterable[ProbeResult]) -> tuple[list[str], list[list[str]]]:
    """Head and rows: a mistake, then a framework each; the last rows count each outcome.

    A cell is the outcome in a word and the letters of what the message says: ``l`` the user's own line, ``v`` the
    offending shapes or values, ``r`` a remedy, ``u`` a link. It is empty where the mistake cannot be made, and ``?``
    where it was not answered. Without any probe of the family, no rows.
    """
    rules = load_rules()
    mistakes = [probe for probe in probes if probe.family == "mistake"]
    present = {probe.framework for probe in mistakes}
    frameworks = [line.id for line in probed_frameworks() if line.id in present]
    cells = {(probe.subject, probe.framework): _cell(probe, rules) for probe in mistakes}
    rows = [
        [subject, *(cells.get((subject, framework), _NO_PROGRAM) for framework in frameworks)]
        for subject in sorted({probe.subject for probe in mistakes})
    ]
    return ["mistake", *frameworks], [*rows, *_counts(mistakes, frameworks, rules)]


def markdown_lines(probes: Iterable[ProbeResult]) -> list[str]:
    """The table in Markdown; empty where there is nothing to show."""
    head, rows = mistakes_table(probes)
    return markdown_table(rows, headers=head) if rows else []


def _cell(probe: ProbeResult, rules: Rules) -> str:
    if probe.status != "answered":
        return "?"
    short: Mapping[str, str] = {line.name: line.short for line in rules.outcome}
    letters = "".join(letter for name, letter in SAID.items() if probe.observations.get(name) is True)
    return " ".join(filter(None, (short.get(probe.outcome, probe.outcome), letters)))


def _counts(mistakes: Sequence[ProbeResult], frameworks: Sequence[str], rules: Rules) -> list[list[str]]:
    """How often each outcome was, of those that were answered; none where there is nothing to count."""
    answered = [probe for probe in mistakes if probe.status == "answered"]
    outcomes = [line.name for line in rules.outcome if any(probe.outcome == line.name for probe in answered)]

    def count(framework: str, outcome: str) -> str:
        theirs = [probe.outcome for probe in answered if probe.framework == framework]
        return f"{theirs.count(outcome)} of {len(theirs)}"

    return [[f"in all: {outcome}", *(count(framework, outcome) for framework in frameworks)] for outcome in outcomes]


if __name__ == "__main__":
    sys.stdout.write("\n".join(markdown_lines(load_run(Path(sys.argv[1])).probes)) + "\n")
