"""Says what is being measured, how far it is and what is left: a live line on a terminal, plain lines in a log.

It writes through pytest's terminal reporter, past its capturing, and never to a file or to standard output directly.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from statistics import median

import pytest

from speedscore.bench_suite.matrix.cases import Block, Case, Cell
from speedscore.bench_suite.measuring.outcomes import CaseFailed, CaseMeasured, CaseOutcome, CaseUnavailable
from speedscore.bench_suite.measuring.stopping import widest_fraction
from speedscore.bench_suite.probes.pool import ProbeOutcome
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.session.noise import is_too_noisy, likely_reason
from speedscore.host.clock import seconds
from speedscore.host.control_groups import quota_processors
from speedscore.host.processors import allowed_processors
from speedscore.record.phases import PHASES
from speedscore.record.rounds import figure_of_rounds
from speedscore.record.run_record import Round
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import duration, first_line, percent

_REDRAW_SECONDS = 0.2


def wants_live_line(reporter: pytest.TerminalReporter) -> bool:
    """Only where somebody watches: on a terminal, outside CI, and without NO_COLOR (https://no-color.org)."""
    return bool(reporter.isatty) and not os.environ.get("NO_COLOR") and not os.environ.get("CI")


class Progress:
    """A listener of blocks and of probes that writes to the terminal."""

    def __init__(self, config: pytest.Config, *, total_blocks: int = 0, probes: Sequence[ProbeCase] = ()) -> None:
        self._reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        self._capture = config.pluginmanager.get_plugin("capturemanager")
        self._total_blocks = total_blocks
        self._begun_blocks = 0
        self._total_probes = len(probes)
        self._probes_left = Counter(" ".join(filter(None, (case.family, case.target))) for case in probes)
        self._probes_done: dict[str, Counter[str]] = {}
        self._live = self._reporter is not None and wants_live_line(self._reporter)
        self._drawn_at_seconds = 0.0
        self._drawn = False
        self._busy_processors = 0.0
        """Of others, before the present block."""

    def block_begins(self, block: Block, cases: Sequence[Case]) -> None:
        self._begun_blocks += 1
        self._busy_processors = 0.0
        frameworks = ", ".join(dict.fromkeys(case.framework for case in cases))
        phases = ", ".join(dict.fromkeys(PHASES[case.phase].title for case in cases))
        self._line(f"[{self._begun_blocks}/{self._total_blocks}] {block}: {frameworks} ({phases})")

    def machine_is_busy(self, processors: float) -> None:
        self._busy_processors = processors
        self._line(f"    this machine is busy: others use {processors:.1f} processors; what follows is slower for it")

    def preparing(self, cell: Cell, *, process: int) -> None:
        self._draw(f"    {cell.framework}: building, compiling, certifying (process {process + 1})", now=True)

    def round_done(self, case: Case, rounds_seconds: Sequence[float]) -> None:
        if self._live and seconds() - self._drawn_at_seconds > _REDRAW_SECONDS:
            middle = duration(median(rounds_seconds))
            self._draw(f"    {PHASES[case.phase].title} {case.framework}: {middle}, round {len(rounds_seconds)}")

    def disturbed(self, *, process: int, processors: float) -> None:
        self._line(f"    others used {processors:.1f} processors during the rounds of process {process + 1}")

    def case_done(self, case: Case, outcome: CaseOutcome) -> None:
        name = f"{PHASES[case.phase].title} {case.framework}"
        match outcome:
            case CaseMeasured(rounds=rounds, stopped=stopped):
                self._line(f"    {name}: {self._figure(case, rounds, stopped=stopped)}")
            case CaseUnavailable(reason):
                self._line(f"    {name}: not measured: {first_line(reason)}")
            case CaseFailed(error):
                self._line(f"    {name}: FAILED: {first_line(str(error))}")

    def probe_done(self, case: ProbeCase, outcome: ProbeOutcome) -> None:
        """One that went wrong is a line at once; the others are counted, and said when all of their kind are done."""
        kind = " ".join(filter(None, (case.family, case.target)))
        self._probes_left[kind] -= 1
        said = outcome.answer.outcome if outcome.answer else outcome.status
        self._probes_done.setdefault(kind, Counter())[said] += 1
        place = f"[{sum(map(Counter.total, self._probes_done.values()))}/{self._total_probes}]"
        if outcome.status == "failed":
            self._line(f"{place} {case.family} {case.id}: FAILED: {first_line(outcome.reason)}")
        if not self._probes_left[kind]:
            counts = ", ".join(f"{count} {word}" for word, count in self._probes_done[kind].most_common())
            self._line(f"{place} {kind}: {counts}")
        else:
            self._draw(f"{place} {case.family} {case.id}: {said} ({duration(outcome.wall_seconds)})")

    def _figure(self, case: Case, rounds: Sequence[Round], *, stopped: str) -> str:
        middle = duration(figure_of_rounds(rounds))
        if PHASES[case.phase].compiles:
            # A process measures it once: there is no interval over rounds.
            return f"{middle}, {_count(len(rounds), 'process', 'processes')}"
        count = _count(len(rounds), "round", "rounds")
        fraction = widest_fraction(rounds)
        if fraction is None:
            return f"{middle}, too few for an interval: {count} ({stopped})"
        if is_too_noisy(fraction):
            reason = likely_reason(
                busy_processors=self._busy_processors,
                quota_processors=quota_processors(),
                processors=len(allowed_processors()),
            )
            return f"{middle}, too noisy: {count} ({stopped}); likely reason: {reason}"
        return f"{middle}, ±{percent(fraction)} within a process, {count} ({stopped})"

    def _draw(self, text: str, *, now: bool = False) -> None:
        if not self._live or self._reporter is None:
            return
        if now or seconds() - self._drawn_at_seconds > _REDRAW_SECONDS:
            with self._uncaptured():
                self._reporter.ensure_newline()
                self._reporter.rewrite(one_line(text), erase=True)
            self._drawn = True
            self._drawn_at_seconds = seconds()

    def _line(self, text: str) -> None:
        if self._reporter is None:
            return
        with self._uncaptured():
            if self._drawn:
                self._reporter.rewrite("", erase=True)
                self._reporter.rewrite("")
                self._drawn = False
            self._reporter.write_line(one_line(text))

    def _uncaptured(self) -> AbstractContextManager[None]:
        # There is no capture manager under "-p no:capture".
        return nullcontext() if self._capture is None else self._capture.global_and_fixture_disabled()


def _count(number: int, singular: str, plural: str) -> str:
    return f"one {singular}" if number == 1 else f"{number} {plural}"
