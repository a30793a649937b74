"""One pytest session's measuring: which cases were asked for, what became of each, and the record of it all.

A block is measured when the first of its cases is reached; the others find their outcome waiting. Nothing here knows
pytest's hooks or prints: the plugin passes events in, and takes outcomes and the record out.
"""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Block, Case, Cell, declined, implementation
from speedscore.bench_suite.matrix.devices import PROBES, DeviceProbe
from speedscore.bench_suite.measuring.block import (
    CaseFailed,
    CaseMeasured,
    CaseUnavailable,
    Listener,
    Outcome,
    Plan,
    measure_block,
)
from speedscore.bench_suite.measuring.budget import Budget
from speedscore.bench_suite.session.results import measured_result, unmeasured
from speedscore.bench_suite.session.resuming import carry_over
from speedscore.bench_suite.workers.handle import InProcessWorker, ProcessWorker, Worker, new_scratch
from speedscore.bench_suite.workers.protocol import Setting
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.bench_suite.workloads.table import MODELS
from speedscore.host.fields import Scalar
from speedscore.host.fingerprint import BUSY_FROM, busy_processors, fingerprint
from speedscore.host.processors import allowed_processors
from speedscore.record.phases import DeviceName
from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, RunRecord

NOT_MEASURED = "the session ended before this case was measured"


class Progress(Listener, Protocol):
    """A listener that also hears of whole blocks."""

    def block_begins(self, block: Block, cases: Sequence[Case]) -> None: ...

    def machine_is_busy(self, processors: float) -> None: ...


class Choices(msgspec.Struct, frozen=True):
    """What a session was asked for, apart from its cases."""

    preset: Preset
    processes: int
    seed: int
    in_process: bool
    budget_seconds: float | None = None
    """Time for the whole session; None leaves it to the preset's rounds."""
    earlier: RunRecord | None = None
    """A session that is taken up again: what it measured is not measured once more."""


class Session:
    """What the plugin keeps between its hooks."""

    def __init__(self, choices: Choices, *, source: Path) -> None:
        self.choices = choices
        self._source = source
        self._order = random.Random(choices.seed)
        self._created = datetime.now(UTC).isoformat(timespec="seconds")
        self._environment: dict[str, Scalar] = {}
        self._cases: dict[str, Case] = {}
        self._earlier: dict[str, CaseResult] = {}
        self._outcomes: dict[Case, Outcome] = {}
        self._results: dict[str, CaseResult] = {}
        self._busy_processors: dict[Block, float] = {}
        self._probes: dict[DeviceName, DeviceProbe] = {}
        self._budget: Budget | None = None
        self._caches: dict[Cell, Path] = {}
        self._make_progress: Callable[[int], Progress] | None = None
        self._progress: Progress | None = None
        self._record: RunRecord | None = None

    def select(self, cases: Mapping[str, Case], *, make_progress: Callable[[int], Progress]) -> None:
        """Say which cases this session is to measure: node ids and cases, after all deselecting.

        Raises RunFileError when an earlier session that is taken up again was measured under other circumstances.
        """
        self._cases = dict(cases)
        self._make_progress = make_progress
        self._environment = fingerprint(self._source)
        if self.choices.earlier is not None:
            self._earlier = carry_over(self.choices.earlier, preset=self.choices.preset, environment=self._environment)
        self._budget = Budget(self.choices.budget_seconds, blocks=len(self._blocks_to_measure()))

    def absence(self, case: Case) -> str:
        """Why the case cannot be measured here, known without starting a worker; empty when it can be tried."""
        probe = self._probes.get(case.device)
        if probe is None:
            probe = self._probes[case.device] = PROBES[case.device]()
        return absence_of(case, probe)

    def carried_over(self, nodeid: str) -> CaseResult | None:
        """What an earlier session measured of this test, where this one takes it up again."""
        return self._earlier.get(nodeid)

    def outcome(self, case: Case) -> Outcome:
        """What became of the case; measures its whole block first where that has not been done."""
        if case not in self._outcomes:
            block_cases = [other for other in self._to_measure() if other.block == case.block]
            progress = self._announce(case.block, block_cases)
            busy = self._busy_processors[case.block] = busy_processors()
            if busy >= BUSY_FROM:
                progress.machine_is_busy(busy)
            plan = Plan(
                preset=self.choices.preset,
                processes=self.choices.processes,
                deadline_seconds=self._budget.next_deadline_seconds() if self._budget else None,
            )
            try:
                measure_block(
                    block_cases,
                    start_worker=self._start_worker,
                    plan=plan,
                    order=self._order,
                    listener=progress,
                    outcomes=self._outcomes,
                )
            finally:
                self._forget_caches()
        return self._outcomes[case]

    def measured(self, nodeid: str, case: Case, outcome: CaseMeasured) -> CaseResult:
        """The saved form of a measured case."""
        busy = self._busy_processors[case.block]
        return measured_result(nodeid, case, outcome, busy_processors=busy, occasion=self._created)

    def note(self, result: CaseResult) -> None:
        """Keep what became of a case. The first word stands: failing to tear down does not undo a measurement."""
        self._results.setdefault(result.nodeid, result)

    def record(self) -> RunRecord:
        """The whole session, every selected case in it; made once."""
        if self._record is None:
            for nodeid, case in self._cases.items():
                self.note(self._earlier.get(nodeid) or self._without_its_test(nodeid, case))
            # What an earlier session measured and this one did not select is part of the whole all the same.
            results = {nodeid: self._results[nodeid] for nodeid in self._cases}
            cases = tuple((self._earlier | results).values())
            self._record = RunRecord(
                schema_version=SCHEMA_VERSION,
                created=self._created,
                preset=self.choices.preset.name,
                seed=self.choices.seed,
                in_process=self.choices.in_process,
                environment=self._environment,
                cases=cases,
                ratios=find_ratios(cases),
            )
        return self._record

    def _to_measure(self) -> list[Case]:
        return [
            case
            for nodeid, case in self._cases.items()
            if nodeid not in self._earlier and case not in self._outcomes and self._can_be_tried(case)
        ]

    def _can_be_tried(self, case: Case) -> bool:
        # A wrong line of the table is the failure of its own cases' tests, not of the session.
        with contextlib.suppress(LookupError):
            return not self.absence(case)
        return False

    def _blocks_to_measure(self) -> set[Block]:
        return {case.block for case in self._to_measure()}

    def _without_its_test(self, nodeid: str, case: Case) -> CaseResult:
        """For a case whose own test never ran: it may have been measured with its block all the same."""
        match self._outcomes.get(case):
            case CaseMeasured() as outcome:
                return self.measured(nodeid, case, outcome)
            case CaseFailed(error):
                return unmeasured(nodeid, case, status="failed", reason=str(error))
            case CaseUnavailable(reason):
                return unmeasured(nodeid, case, status="skipped", reason=reason)
            case None:
                return unmeasured(nodeid, case, status="skipped", reason=NOT_MEASURED)

    def _announce(self, block: Block, cases: list[Case]) -> Progress:
        if self._progress is None:
            if self._make_progress is None:
                raise RuntimeError("select() comes before outcome()")
            self._progress = self._make_progress(len(self._blocks_to_measure()))
        self._progress.block_begins(block, cases)
        return self._progress

    def _start_worker(self, cell: Cell, *, process: int) -> tuple[Worker, Setting]:
        if process % 2 == 0:
            self._forget_caches(cell)
            self._caches[cell] = new_scratch()
        scratch = new_scratch()
        setting = make_setting(cell, preset=self.choices.preset, scratch=scratch, caches=self._caches[cell])
        return (InProcessWorker(scratch) if self.choices.in_process else ProcessWorker(scratch)), setting

    def _forget_caches(self, *cells: Cell) -> None:
        for cell in cells or tuple(self._caches):
            if (folder := self._caches.pop(cell, None)) is not None:
                shutil.rmtree(folder, ignore_errors=True)


def absence_of(case: Case, probe: DeviceProbe) -> str:
    """Why the case cannot be measured where ``probe`` looked for its device; empty when it can be tried."""
    return f"no {case.device}: {probe.absence}" if probe.absence else declined(case)


def make_setting(cell: Cell, *, preset: Preset, scratch: Path, caches: Path) -> Setting:
    """What a worker of the cell is built with: the cell's lines of the tables, and the processors of this process."""
    framework, model = FRAMEWORKS[cell.framework], MODELS[cell.model]
    return Setting(
        cell=cell,
        framework=framework,
        implementation=implementation(framework, model),
        workload_module=model.workload,
        preset=preset.name,
        affinity=allowed_processors(),
        scratch=str(scratch),
        caches=str(caches),
    )
