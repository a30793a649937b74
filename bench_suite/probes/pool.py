"""Asks many probes, as many at a time as there are processors, each on a processor of its own.

Probes are no stopwatch: beside each other they disturb nothing but the figures of their own, and each has the same
neighbours. It keeps what each came to, and an interrupt ends every process before it goes on.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.kept import Kept
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, ProbeUnavailable
from speedscore.bench_suite.probes.tools import SharedProcesses, Tools
from speedscore.host.reaper import mark
from speedscore.host.scratch import remove_leftovers
from speedscore.record.metrics import find_metric


class ProbeOutcome(msgspec.Struct, frozen=True):
    """What one probe came to."""

    status: Literal["answered", "failed", "skipped"]
    answer: Answer | None = None
    """There exactly when it was answered."""
    reason: str = ""
    """Why there is no answer."""
    wall_seconds: float = 0.0


Listener = Callable[[ProbeCase, ProbeOutcome], None]
"""Hears of each probe as it ends, in the thread that called ``ask_all``."""


def ask_all(cases: Sequence[ProbeCase], *, preset: str, processors: Sequence[int], listener: Listener) -> None:
    """Ask each of the cases and tell the listener what came of it.

    What is raised meanwhile in this thread, Ctrl-C above all, ends every process that was started and goes on; what the
    listener was told by then stands.
    """
    mark()  # once, before there are threads: it starts the process that tidies up after us
    remove_leftovers()
    waiting = queue.SimpleQueue[Sequence[ProbeCase]]()
    blocks = _in_blocks(cases)
    for block in blocks:
        waiting.put(block)
    ended = queue.SimpleQueue[tuple[ProbeCase, ProbeOutcome]]()
    kept = Kept()
    slots = [_Slot(preset, processor, kept, waiting, ended) for processor in processors[: len(blocks)]]
    try:
        for slot in slots:
            slot.start()
        for _ in cases:
            listener(*ended.get())
    finally:
        for slot in slots:
            slot.stop()
        for slot in slots:
            slot.join()
        kept.close()


def _in_blocks(cases: Sequence[ProbeCase]) -> list[list[ProbeCase]]:
    """Those of one block together, where the first of them stands; every other one by itself."""
    blocks: dict[str, list[ProbeCase]] = {}
    for case in cases:
        blocks.setdefault(case.block or f"{case.family} {case.id}", []).append(case)
    return list(blocks.values())


def ask_one(case: ProbeCase, tools: Tools) -> ProbeOutcome:
    """Ask one probe. Whatever goes wrong in asking it is its own failure."""
    family = FAMILIES[case.family]
    began = time.monotonic()

    def outcome(
        status: Literal["answered", "failed", "skipped"], reason: str = "", answer: Answer | None = None
    ) -> ProbeOutcome:
        return ProbeOutcome(status, answer, reason, time.monotonic() - began)

    try:
        if absence := case.absence():
            return outcome("skipped", absence)
        answer = family.load_ask()(case, tools)
        if answer.outcome not in family.outcomes:
            raise ValueError(f"{case.family} answered {answer.outcome!r}; expected one of {', '.join(family.outcomes)}")
        for name in answer.measurements:
            find_metric(name)
    except ProbeUnavailable as error:
        return outcome("skipped", str(error))
    except Exception as error:  # noqa: BLE001 - a probe that is wrong costs its own case
        return outcome("failed", f"{type(error).__name__}: {error}")
    return outcome("answered", answer=answer)


class _Slot(threading.Thread):
    """Asks one probe after the other on one processor."""

    def __init__(
        self,
        preset: str,
        processor: int,
        kept: Kept,
        waiting: queue.SimpleQueue[Sequence[ProbeCase]],
        ended: queue.SimpleQueue[tuple[ProbeCase, ProbeOutcome]],
    ) -> None:
        super().__init__(name=f"probes on processor {processor}", daemon=True)
        self._preset = preset
        self._processor = processor
        self._kept = kept
        self._waiting = waiting
        self._ended = ended
        self._lock = threading.Lock()
        self._stopped = False
        self._tools: Tools | None = None

    def run(self) -> None:
        while block := self._next():
            waiting = deque(block)
            try:
                self._ask_block(waiting)
            except Exception as error:  # noqa: BLE001 - whoever waits for these cases would wait for ever
                words = f"the probe could not be set up or closed: {type(error).__name__}: {error}"
                for case in waiting:
                    self._end(case, ProbeOutcome("failed", reason=words))

    def _ask_block(self, waiting: deque[ProbeCase]) -> None:
        """Ask them one after the other, and take out each that has ended."""
        shared = SharedProcesses()
        try:
            while waiting:
                self._ask(waiting[0], shared)
                waiting.popleft()
        finally:
            shared.close()

    def _ask(self, case: ProbeCase, shared: SharedProcesses) -> None:
        tools = self._open(case, shared)
        if tools is None:
            return
        try:
            outcome = ask_one(case, tools)
        finally:
            tools.close()
        self._end(case, outcome)

    def _end(self, case: ProbeCase, outcome: ProbeOutcome) -> None:
        if not self._stopped:
            self._ended.put((case, outcome))

    def stop(self) -> None:
        """End what is being asked, from another thread, and ask no more."""
        with self._lock:
            self._stopped = True
            if self._tools is not None:
                self._tools.kill()

    def _next(self) -> Sequence[ProbeCase]:
        """A block; empty where none is left, or no more are to be asked."""
        try:
            return () if self._stopped else self._waiting.get_nowait()
        except queue.Empty:
            return ()

    def _open(self, case: ProbeCase, shared: SharedProcesses) -> Tools | None:
        with self._lock:
            if self._stopped:
                return None
            limit_seconds = FAMILIES[case.family].limit_seconds
            self._tools = Tools(
                preset=self._preset,
                processors=(self._processor,),
                limit_seconds=limit_seconds,
                kept=self._kept,
                shared=shared,
            )
            return self._tools
