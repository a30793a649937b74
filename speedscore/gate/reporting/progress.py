"""What a gate prints while it runs and at its end: plain lines on standard output, each as soon as it is known."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from speedscore.gate.loop.outcome import GateOutcome
from speedscore.host.clock import Clock
from speedscore.text.cleaning import printable
from speedscore.text.numbers import counted


class ProgressLines:
    """Says how far the gate is, a line for each pair of processes: who waits sees that it goes on."""

    def __init__(self, clock: Clock, began: float, *, so_far: Callable[[GateOutcome], None]) -> None:
        """``so_far`` is told what would come of a part if it were cut off now."""
        self._clock = clock
        self._began = began
        self.so_far = so_far

    def collected(self, cases: int) -> None:
        say_lines([f"gate: cases on both sides: {cases}; a pilot finds out how to run them"])

    def tracing(self, test_file: str, *, number: int, of: int) -> None:
        say_lines([f"gate: test file {number} of {of} is run to see what it depends on: {test_file}"])

    def left_out(self, cases: int, *, all_because: str) -> None:
        reason = f": {all_because}" if all_because else ""
        say_lines([f"gate: cases left out, for nothing that they depend on changed: {cases or 'none'}{reason}"])

    def pair_done(self, pairs: int, *, open_cases: int, cases: int) -> None:
        decided = f"{cases - open_cases} of {cases} cases decided"
        say_lines([f"gate: pair {pairs} of processes after {self._clock() - self._began:.0f} s, {decided}"])

    def looking_for_reasons(self, cases: int) -> None:
        say_lines([f"gate: runs {counted(cases, 'case')} once more, to see where it comes from"])


def say(line: str) -> None:
    say_lines([line])


def say_lines(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{printable(line)}\n")
    sys.stdout.flush()
