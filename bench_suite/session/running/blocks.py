"""The blocks of a session: each is measured when the first of its cases is asked for, within its share of the time.

It keeps what became of every case. How a case is saved, and what an outcome means for a test, is decided elsewhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from speedscore.bench_suite.matrix.cases import Block, Case
from speedscore.bench_suite.measuring.block import BlockInterrupted, BlockPlan, KeepProfile, measure_block
from speedscore.bench_suite.measuring.budget import Budget
from speedscore.bench_suite.measuring.load_watch import unknown_load
from speedscore.bench_suite.measuring.outcomes import CaseOutcome, Listener
from speedscore.bench_suite.measuring.product_peak import MeasureProduct, unknown_product
from speedscore.bench_suite.session.choices import Choices
from speedscore.bench_suite.session.running.machine import Machine
from speedscore.bench_suite.session.running.worker_factory import OpenWorkers
from speedscore.host.control_groups import Throttling
from speedscore.host.fingerprint import BUSY_FROM


class ProgressListener(Listener, Protocol):
    """A listener that also hears of whole blocks."""

    def block_begins(self, block: Block, cases: Sequence[Case]) -> None: ...

    def machine_is_busy(self, processors: float) -> None: ...


class SessionBlocks:
    """Measures blocks on demand and remembers the outcomes."""

    def __init__(
        self,
        cases: Sequence[Case],
        choices: Choices,
        *,
        machine: Machine,
        open_workers: OpenWorkers,
        make_progress: Callable[[int], ProgressListener],
        keep: Callable[[Mapping[Case, CaseOutcome]], None],
        keep_profile: KeepProfile | None,
    ) -> None:
        """``cases`` are all that can be measured here. The time budget runs from now on.

        ``keep`` is given what became of cases as soon as it is known: after each process of a block, and at its end;
        ``keep_profile``, where there is one, their profiles.
        """
        self._cases = cases
        self._choices = choices
        self._machine = machine
        self._open_workers = open_workers
        self._keep = keep
        self._keep_profile = keep_profile
        blocks = len({case.block for case in cases})
        self._progress = make_progress(blocks)
        self._budget = Budget(choices.budget_seconds, blocks=blocks, clock=machine.clock)
        self._order = random.Random(choices.seed)
        self._outcomes: dict[Case, CaseOutcome] = {}
        self._busy_processors: dict[Block, float] = {}
        self._throttled_before: dict[Block, Throttling | None] = {}
        self._throttled_after: dict[Block, Throttling | None] = {}

    def outcome(self, case: Case) -> CaseOutcome:
        """What became of the case; measures its whole block first where that has not been done.

        Whatever ends the block early, Ctrl-C above all, is raised when every worker has ended, and costs no outcome.
        """
        if case not in self._outcomes:
            self._measure(case.block)
        return self._outcomes[case]

    def outcome_so_far(self, case: Case) -> CaseOutcome | None:
        """What is known of the case without measuring anything."""
        return self._outcomes.get(case)

    def busy_processors(self, block: Block) -> float:
        """How many processors others kept busy before the block was measured."""
        return self._busy_processors[block]

    def throttling(self, block: Block) -> Throttling | None:
        """What a container's quota did while the block was measured, so far as it has been; None without one."""
        before, after = self._throttled_before[block], self._throttled_after.get(block) or self._machine.throttling()
        return after.since(before) if before is not None and after is not None else None

    def _measure(self, block: Block) -> None:
        cases = [case for case in self._cases if case.block == block and case not in self._outcomes]
        self._progress.block_begins(block, cases)
        self._look_at_the_load(block)
        plan = BlockPlan(
            preset=self._choices.preset,
            processes=self._choices.processes,
            deadline_seconds=self._budget.next_deadline_seconds(),
        )
        try:
            with self._open_workers() as start_worker:
                outcomes = measure_block(
                    cases,
                    start_worker=start_worker,
                    plan=plan,
                    order=self._order,
                    listener=self._progress,
                    clock=self._machine.clock,
                    process_ended=self._keep,
                    keep_profile=self._keep_profile,
                    # A process of pytest's own is for a debugger, and nothing in it is measured again.
                    measure_product=self._measure_product(block),
                    others_seconds=unknown_load if self._choices.in_process else self._machine.others_seconds,
                )
        except BlockInterrupted as interrupted:
            self._outcomes.update(interrupted.outcomes)
            self._keep(interrupted.outcomes)
            raise interrupted.cause from None
        self._throttled_after[block] = self._machine.throttling()
        self._outcomes.update(outcomes)
        self._keep(outcomes)

    def _measure_product(self, block: Block) -> MeasureProduct:
        """Only a processor is held against what NumPy can do on it."""
        if block.device != "cpu" or self._choices.in_process or not self._choices.preset.audited:
            return unknown_product
        return partial(self._machine.measure_product, self._choices.preset.gauging)

    def _look_at_the_load(self, block: Block) -> None:
        busy = self._machine.busy_processors(self._choices.preset.busy_look_seconds)
        self._busy_processors[block] = busy
        self._throttled_before[block] = self._machine.throttling()
        if busy >= BUSY_FROM:
            self._progress.machine_is_busy(busy)
