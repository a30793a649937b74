"""Says what is being measured, how far it is and what is left: a live line on a terminal, plain lines in a log.

It finds the words alone; where they are written is the screen's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from speedscore.bench_suite.matrix.cases import Block, Case, Cell
from speedscore.bench_suite.measuring.outcomes import CaseFailed, CaseMeasured, CaseOutcome, CaseUnavailable
from speedscore.bench_suite.measuring.stopping import widest_fraction
from speedscore.bench_suite.probes.pool import ProbeOutcome
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.session.noise import is_too_noisy, likely_reason
from speedscore.bench_suite.session.printing.screen import Screen
from speedscore.host.control_groups import quota_processors
from speedscore.host.processors import allowed_processors
from speedscore.record.phases import PHASES
from speedscore.record.rounds import figure_of_rounds
from speedscore.record.run_record import Round
from speedscore.text.numbers import duration, first_line, percent


def named_block(block: Block, cases: Sequence[Case]) -> str:
    """A block and what of it is measured, in one line."""
    frameworks = ", ".join(dict.fromkeys(case.framework for case in cases))
    phases = ", ".join(dict.fromkeys(PHASES[case.phase].title for case in cases))
    return f"{block}: {frameworks} ({phases})"


class Progress:
    """A listener of blocks and of probes that writes to a screen."""

    def __init__(self, screen: Screen, *, total_blocks: int = 0, probes: Sequence[ProbeCase] = ()) -> None:
        self._screen = screen
        self._total_blocks = total_blocks
        self._begun_blocks = 0
        self._total_probes = len(probes)
        self._probes_left = Counter(" ".join(filter(None, (case.family, case.target))) for case in probes)
        self._probes_done: dict[str, Counter[str]] = {}
        self._busy_processors = 0.0
        """How many processors others were using before the present block."""

    def block_begins(self, block: Block, cases: Sequence[Case]) -> None:
        self._begun_blocks += 1
        self._busy_processors = 0.0
        self._screen.line(f"[{self._begun_blocks}/{self._total_blocks}] {named_block(block, cases)}")

    def machine_is_busy(self, processors: float) -> None:
        self._busy_processors = processors
        self._screen.line(
            f"    this machine is busy: others use {processors:.1f} processors; what follows is slower for it"
        )

    def preparing(self, cell: Cell, *, process: int) -> None:
        self._screen.draw(f"    {cell.framework}: building, compiling, certifying (process {process + 1})", now=True)

    def round_done(self, case: Case, rounds_seconds: Sequence[float]) -> None:
        if self._screen.is_live and not self._screen.is_fresh:
            middle = duration(median(rounds_seconds))
            self._screen.draw(f"    {PHASES[case.phase].title} {case.framework}: {middle}, round {len(rounds_seconds)}")

    def disturbed(self, *, process: int, processors: float) -> None:
        self._screen.line(f"    others used {processors:.1f} processors during the rounds of process {process + 1}")

    def case_done(self, case: Case, outcome: CaseOutcome) -> None:
        name = f"{PHASES[case.phase].title} {case.framework}"
        match outcome:
            case CaseMeasured(rounds=rounds, stopped=stopped):
                self._screen.line(f"    {name}: {self._figure(case, rounds, stopped=stopped)}")
            case CaseUnavailable(reason):
                self._screen.line(f"    {name}: not measured: {first_line(reason)}")
            case CaseFailed(error):
                self._screen.line(f"    {name}: FAILED: {first_line(str(error))}")

    def probe_done(self, case: ProbeCase, outcome: ProbeOutcome) -> None:
        """Print a failed probe at once; count the others, and print the counts when all of their kind are done."""
        kind = " ".join(filter(None, (case.family, case.target)))
        self._probes_left[kind] -= 1
        said = outcome.answer.outcome if outcome.answer else outcome.status
        self._probes_done.setdefault(kind, Counter())[said] += 1
        place = f"[{sum(map(Counter.total, self._probes_done.values()))}/{self._total_probes}]"
        if outcome.status == "failed":
            self._screen.line(f"{place} {case.family} {case.id}: FAILED: {first_line(outcome.reason)}")
        if not self._probes_left[kind]:
            counts = ", ".join(f"{count} {word}" for word, count in self._probes_done[kind].most_common())
            self._screen.line(f"{place} {kind}: {counts}")
        else:
            self._screen.draw(f"{place} {case.family} {case.id}: {said} ({duration(outcome.wall_seconds)})")

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


def _count(number: int, singular: str, plural: str) -> str:
    return f"one {singular}" if number == 1 else f"{number} {plural}"
