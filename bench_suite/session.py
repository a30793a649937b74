"""One pytest session's measuring: which cases were asked for, what became of each, and the record of it all.

A block is measured when the first of its cases is reached; the others find their outcome waiting. Nothing here knows
pytest's hooks or prints: the plugin passes events in, and takes outcomes and the record out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from bench_suite.block import CaseFailed, CaseMeasured, CaseUnavailable, Listener, Outcome, measure_block
from bench_suite.cases import Block, Case, declined
from bench_suite.devices import PROBES, DeviceProbe
from bench_suite.frameworks.program import DeviceName
from bench_suite.frameworks.table import FRAMEWORKS
from bench_suite.machine import BUSY_FROM, busy_processors, fingerprint
from bench_suite.presets import Preset
from bench_suite.record import SCHEMA_VERSION, CaseResult, Measurement, RunRecord
from bench_suite.workers.handle import InProcessWorker, ProcessWorker, Worker, new_scratch
from bench_suite.workers.isolation import allowed_processors
from bench_suite.workers.protocol import Setting
from bench_suite.workloads.table import MODELS

NOT_MEASURED = "the session ended before this case was measured"


class Progress(Listener, Protocol):
    """A listener that also hears of whole blocks."""

    def block_begins(self, block: Block, cases: Sequence[Case]) -> None: ...

    def machine_is_busy(self, processors: float) -> None: ...


class Session:
    """What the plugin keeps between its hooks."""

    def __init__(self, *, preset: Preset, seed: int, in_process: bool, source: Path) -> None:
        self.preset = preset
        self.seed = seed
        self.in_process = in_process
        self._source = source
        self._order = random.Random(seed)
        self._created = datetime.now(UTC)
        self._cases: dict[str, Case] = {}
        self._outcomes: dict[Case, Outcome] = {}
        self._results: dict[str, CaseResult] = {}
        self._busy_processors: dict[Block, float] = {}
        self._probes: dict[DeviceName, DeviceProbe] = {}
        self._make_progress: Callable[[int], Progress] | None = None
        self._progress: Progress | None = None
        self._record: RunRecord | None = None

    def select(self, cases: Mapping[str, Case], *, make_progress: Callable[[int], Progress]) -> None:
        """Say which cases this session is to measure: node ids and cases, after all deselecting."""
        self._cases = dict(cases)
        self._make_progress = make_progress

    def absence(self, case: Case) -> str:
        """Why the case cannot be measured here, known without starting a worker; empty when it can be tried."""
        probe = self._probes.get(case.device)
        if probe is None:
            probe = self._probes[case.device] = PROBES[case.device]()
        if probe.absence:
            return f"no {case.device}: {probe.absence}"
        return declined(case)

    def outcome(self, case: Case) -> Outcome:
        """What became of the case; measures its whole block first where that has not been done."""
        if case not in self._outcomes:
            block_cases = [
                other
                for other in self._cases.values()
                if other.block == case.block and other not in self._outcomes and not self.absence(other)
            ]
            progress = self._announce(case.block, block_cases)
            busy = self._busy_processors[case.block] = busy_processors()
            if busy >= BUSY_FROM:
                progress.machine_is_busy(busy)
            measure_block(
                block_cases,
                start_worker=self._start_worker,
                preset=self.preset,
                order=self._order,
                listener=progress,
                outcomes=self._outcomes,
                fresh_processes=not self.in_process,
            )
        return self._outcomes[case]

    def measured(self, nodeid: str, case: Case, outcome: CaseMeasured) -> CaseResult:
        """The saved form of a measured case."""
        return _to_result(nodeid, case, outcome, busy_processors=self._busy_processors[case.block])

    def note(self, result: CaseResult) -> None:
        """Keep what became of a case. The first word stands: failing to tear down does not undo a measurement."""
        self._results.setdefault(result.nodeid, result)

    def record(self) -> RunRecord:
        """The whole session, every selected case in it; made once."""
        if self._record is None:
            for nodeid, case in self._cases.items():
                self.note(self._without_its_test(nodeid, case))
            self._record = RunRecord(
                schema_version=SCHEMA_VERSION,
                created=self._created.isoformat(timespec="seconds"),
                preset=self.preset.name,
                seed=self.seed,
                in_process=self.in_process,
                environment=fingerprint(self._source),
                cases=tuple(self._results[nodeid] for nodeid in self._cases),
            )
        return self._record

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
            measurable = {case.block for case in self._cases.values() if not self.absence(case)}
            self._progress = self._make_progress(len(measurable))
        self._progress.block_begins(block, cases)
        return self._progress

    def _start_worker(self, case: Case) -> tuple[Worker, Setting]:
        scratch = new_scratch()
        setting = Setting(
            case=case,
            framework=FRAMEWORKS[case.framework],
            workload_module=MODELS[case.model],
            preset=self.preset.name,
            affinity=allowed_processors(),
            scratch=str(scratch),
        )
        return (InProcessWorker(scratch) if self.in_process else ProcessWorker(scratch)), setting


def _to_result(nodeid: str, case: Case, outcome: CaseMeasured, *, busy_processors: float) -> CaseResult:
    first = outcome.prepared[0]
    by_process = [
        each.stages_seconds
        | {
            "first_step_seconds": each.first_step_seconds,
            "time_to_first_step_seconds": each.time_to_first_step_seconds,
        }
        for each in outcome.prepared
    ]
    memory = [each.memory_bytes for each in outcome.prepared]
    measurements = [
        Measurement(name=case.metric, unit="s", better="lower", samples=outcome.rounds_seconds),
        *(_one_a_process(name, "s", by_process) for name in by_process[0] if name != case.metric),
        *(_one_a_process(name, "bytes", memory) for name in memory[0]),
    ]
    return CaseResult(
        **_identity(nodeid, case),
        status="measured",
        stopped=outcome.stopped,
        metric=case.metric,
        measurements=tuple(measurements),
        turns=outcome.turns,
        steps_per_round=1 if case.phase == "compilation" else first.steps_per_round,
        certificate=outcome.certificate,
        workload=outcome.workload,
        program=outcome.program,
        worker=outcome.worker | {"processors_busy_before": round(busy_processors, 2)},
    )


def _one_a_process(name: str, unit: Literal["s", "bytes"], processes: Sequence[Mapping[str, float]]) -> Measurement:
    samples = tuple(float(process[name]) for process in processes if name in process)
    return Measurement(name=name, unit=unit, better="lower", samples=samples)


def unmeasured(nodeid: str, case: Case, *, status: Literal["skipped", "failed"], reason: str) -> CaseResult:
    """The saved form of a case that has no figures."""
    return CaseResult(**_identity(nodeid, case), status=status, reason=reason)


def _identity(nodeid: str, case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "nodeid": nodeid,
        "framework": case.framework,
        "ecosystem": FRAMEWORKS[case.framework].ecosystem,
        "model": case.model,
        "device": case.device,
        "phase": case.phase,
        "precision": case.precision,
    }
