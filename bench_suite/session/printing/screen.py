"""Where progress is written: lines for everybody, and one live line where somebody watches.

It writes through pytest's terminal reporter, past its capturing, and never to a file or to standard output directly.
What the lines say is decided elsewhere.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import pytest

from speedscore.host.clock import seconds
from speedscore.text.cleaning import one_line

_REDRAW_SECONDS = 0.2


class Screen(Protocol):
    """What progress needs of a terminal."""

    @property
    def is_live(self) -> bool:
        """Whether anybody sees the live line."""
        ...

    @property
    def is_fresh(self) -> bool:
        """Whether the live line was drawn a moment ago, and need not be drawn again."""
        ...

    def line(self, text: str) -> None: ...

    def draw(self, text: str, *, now: bool = False) -> None:
        """Show this in the place of the last live line; without ``now`` only where that is no longer fresh."""
        ...


def wants_live_line(reporter: pytest.TerminalReporter) -> bool:
    """Only where somebody watches: on a terminal, outside CI, and without NO_COLOR (https://no-color.org)."""
    return bool(reporter.isatty) and not os.environ.get("NO_COLOR") and not os.environ.get("CI")


class Terminal:
    """Pytest's own terminal, where there is one."""

    def __init__(self, config: pytest.Config) -> None:
        self._reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        self._capture = config.pluginmanager.get_plugin("capturemanager")
        self._live = self._reporter is not None and wants_live_line(self._reporter)
        self._drawn_at_seconds = 0.0
        self._drawn = False

    @property
    def is_live(self) -> bool:
        return self._live

    @property
    def is_fresh(self) -> bool:
        return seconds() - self._drawn_at_seconds <= _REDRAW_SECONDS

    def line(self, text: str) -> None:
        if self._reporter is None:
            return
        with self._uncaptured():
            if self._drawn:
                self._reporter.rewrite("", erase=True)
                self._reporter.rewrite("")
                self._drawn = False
            self._reporter.write_line(one_line(text))

    def draw(self, text: str, *, now: bool = False) -> None:
        if not self._live or self._reporter is None:
            return
        if now or not self.is_fresh:
            with self._uncaptured():
                self._reporter.ensure_newline()
                self._reporter.rewrite(one_line(text), erase=True)
            self._drawn = True
            self._drawn_at_seconds = seconds()

    def _uncaptured(self) -> AbstractContextManager[None]:
        # There is no capture manager under "-p no:capture".
        return nullcontext() if self._capture is None else self._capture.global_and_fixture_disabled()
