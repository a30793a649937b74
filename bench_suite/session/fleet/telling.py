"""Says what the machines of a fleet are doing: one line an event, with the machine's name and its block in front.

It finds the words; where they are written is the screen's business.
"""

from __future__ import annotations

from collections.abc import Mapping

from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.session.printing.progress import named_block
from speedscore.bench_suite.session.printing.screen import Screen
from speedscore.text.numbers import first_line


class FleetProgress:
    """Blocks are called by the names of their pieces."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._blocks: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def expect(self, cases: Mapping[str, Mapping[str, Case]]) -> None:
        """Take note of all blocks that will be measured, each with its cases."""
        for name, own in cases.items():
            self._blocks[name] = named_block(next(iter(own.values())).block, list(own.values()))

    def began(self, block: str, machine: str) -> None:
        anew = " anew" if block in self._numbers else ""
        number = self._numbers.setdefault(block, len(self._numbers) + 1)
        self._screen.line(f"[{number}/{len(self._blocks)}] {machine}: begins{anew} {self._blocks[block]}")

    def said(self, block: str, machine: str, line: str) -> None:
        self._screen.line(f"    {machine}: {block}: {line}")

    def differs(self, line: str) -> None:
        """Tell how a machine differs that joined after the session began."""
        self._screen.line(f"    {first_line(line)}")

    def lost(self, block: str, machine: str, reason: str) -> None:
        self._screen.line(f"    {machine}: {block}: LOST, and placed anew: {first_line(reason)}")

    def failed(self, block: str, machine: str, reason: str) -> None:
        self._screen.line(f"    {machine or 'no machine'}: {block}: FAILED: {first_line(reason)}")

    def skipped(self, block: str, reason: str) -> None:
        self._screen.line(f"    no machine: {block}: not measured: {first_line(reason)}")

    def fleet_lost(self, reason: str) -> None:
        self._screen.line(f"    the fleet is lost: {first_line(reason)}")
