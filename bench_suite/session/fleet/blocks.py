"""The blocks of a session on a fleet: all are submitted at once, and each case keeps what its machine made of it.

Where a machine is lost, its block is measured anew as a whole elsewhere, and what comes from there takes the place of
what the first one told: no figure is made of two machines' rounds. Of two words on a case the later one counts; the
fleet tells none of a machine that was given up.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.session.choices import Choices
from speedscore.bench_suite.session.fleet.budget import block_seconds
from speedscore.bench_suite.session.fleet.messages import Known, Request, Said, decode_message, encode
from speedscore.bench_suite.session.fleet.telling import FleetProgress
from speedscore.bench_suite.session.fleet.versions import Admission, Demands, admit
from speedscore.bench_suite.session.results import unmeasured
from speedscore.bench_suite.session.saving.resuming import difference
from speedscore.bench_suite.workloads.table import MODELS, TASKS
from speedscore.fleet.work import (
    Answered,
    Began,
    Event,
    Failed,
    FleetError,
    FleetMachine,
    Lost,
    Piece,
    Reported,
    RunningFleet,
)
from speedscore.host.fields import Scalar
from speedscore.record.named_logs import with_log
from speedscore.record.phases import DeviceName
from speedscore.record.run_record import CaseResult

ENTRY = "speedscore.bench_suite.session.fleet.remote:measure"
KeepResults = Callable[[Sequence[CaseResult]], None]


class FleetResult(msgspec.Struct, frozen=True):
    """What became of a case."""

    result: CaseResult
    problem: str = ""
    """Why its block came to no end; a figure of fewer processes than were asked for may stand in ``result``."""


class FleetBlocks:
    """Places blocks and remembers what became of their cases."""

    def __init__(
        self,
        fleet: RunningFleet,
        *,
        admission: Admission,
        demands: Demands,
        progress: FleetProgress,
    ) -> None:
        """``demands`` say which machines may measure, ``admission`` which of those that are here do."""
        self._fleet = fleet
        self._admission = admission
        self._demands = demands
        self._progress = progress
        self._told = set(admission.lines)
        """Lines about machines that differ, each told once."""
        self._environments = {
            machine.name: machine.environment for machine in fleet.machines if machine.name in admission.admitted
        }
        self._keep: KeepResults = lambda _: None
        self._cases: dict[str, dict[str, Case]] = {}
        """Piece → its cases by node id."""
        self._piece_of: dict[str, str] = {}
        self._pieces: list[Piece] = []
        self._events: Generator[Event, None, None] | None = None
        self._results: dict[str, CaseResult] = {}
        self._ended: dict[str, str] = {}
        """Piece → why it came to no end; empty where it did."""

    @property
    def environments(self) -> Mapping[str, dict[str, Scalar]]:
        """Machine → its environment when it was first allowed to measure."""
        return MappingProxyType(self._environments)

    def place(self, cases: Mapping[str, Case], choices: Choices, *, keep: KeepResults) -> None:
        """Say what is to be measured, once. ``keep`` is given what became of cases as soon as a machine tells it."""
        self._keep = keep
        if choices.earlier is not None:
            # Those that have not answered yet too: whatever comes under such a name must be that machine.
            self._environments |= choices.earlier.machines
        for nodeid, case in cases.items():
            name = str(case.block)
            self._cases.setdefault(name, {})[nodeid] = case
            self._piece_of[nodeid] = name
        machines = [machine for machine in self._fleet.machines if machine.name in self._admission.admitted]
        blocks = [next(iter(own.values())).block for own in self._cases.values()]
        seconds = block_seconds(choices.budget_seconds, blocks, machines)
        self._pieces = [
            Piece(
                name,
                ENTRY,
                encode(self._request(own, choices, seconds)),
                device=self._device(name),
            )
            for name, own in self._cases.items()
        ]

    def result(self, nodeid: str) -> FleetResult:
        """What became of the case; waits until its block has ended.

        Whatever ends the waiting early, Ctrl-C above all, is raised once the machines have been told to end their work.
        """
        piece = self._piece_of[nodeid]
        self._wait(lambda: piece in self._ended)
        result, problem = self._results.get(nodeid), self._ended[piece]
        if result is None:
            why = problem or "its machine said nothing of this case"
            case = self._cases[piece][nodeid]
            result = unmeasured(nodeid, case, status="failed", reason=why)
        return FleetResult(result, problem)

    def result_so_far(self, nodeid: str) -> CaseResult | None:
        """What is known of the case without waiting."""
        if self._ended.get(self._piece_of.get(nodeid, "")):
            return self.result(nodeid).result
        return self._results.get(nodeid)

    def finish(self) -> None:
        """Wait until nothing is being measured any more, where anything has been begun."""
        if self._events is not None:
            self._wait(lambda: len(self._ended) == len(self._pieces))

    def close(self) -> None:
        """End what is still being measured, on all machines."""
        if self._events is not None:
            self._events.close()

    def _request(self, cases: dict[str, Case], choices: Choices, seconds: float | None) -> Request:
        names = {case.model for case in cases.values()}
        frameworks = dict.fromkeys(case.framework for case in cases.values())
        return Request(
            cases=cases,
            preset=choices.preset,
            processes=choices.processes,
            seed=choices.seed,
            environment=self._demands.environment,
            allow=self._demands.allow,
            budget_seconds=seconds,
            frameworks=tuple(FRAMEWORKS[name] for name in frameworks if name in FRAMEWORKS),
            models=tuple(MODELS[name] for name in names if name in MODELS),
            tasks=tuple(TASKS[name] for name in names if name in TASKS),
        )

    def _wait(self, is_over: Callable[[], bool]) -> None:
        if self._events is None:
            self._progress.expect(self._cases)
            self._events = self._fleet.run(self._pieces, admits=self._admits)
        try:
            while not is_over():
                event = next(self._events, None)
                if event is None:
                    raise FleetError("the fleet has ended without a word on it")
                self._hear(event)
        except FleetError as error:
            # What was told before stays told, and the session goes on to its end: it is saved.
            for piece in self._cases.keys() - self._ended.keys():
                self._ended[piece] = str(error)
            self._progress.fleet_lost(str(error))
        except BaseException:
            self.close()
            raise

    def _admits(self, machine: FleetMachine) -> bool:
        """Whether it may measure. Of one that has joined since, or come back as another, it is told why not."""
        admission = admit([machine], self._demands)
        lines, may = admission.lines, bool(admission.admitted)
        if may:
            then = self._environments.setdefault(machine.name, machine.environment)
            if changed := difference(then, machine.environment):
                lines, may = [f"{machine.name} measures nothing: {changed}, and a run describes a machine once"], False
        for line in lines:
            if line not in self._told:
                self._told.add(line)
                self._progress.differs(line)
        return may

    def _hear(self, event: Event) -> None:
        piece = event.piece
        match event:
            case Began(machine=machine):
                self._progress.began(piece, machine)
            case Reported(machine=machine, message=message):
                self._take(piece, machine, message)
            case Answered(machine=machine, answer=answer, log=log):
                self._take(piece, machine, answer, log=log)
                self._ended[piece] = ""
            case Lost(machine=machine, reason=reason):
                self._progress.lost(piece, machine, reason)
            case Failed(reason=reason, lacks_device=True) if self._device(piece) != "cpu":
                # As where there is no fleet, and the device is not here.
                self._ended[piece] = ""
                self._results |= {
                    nodeid: unmeasured(nodeid, case, status="skipped", reason=reason)
                    for nodeid, case in self._cases[piece].items()
                }
                self._progress.skipped(piece, reason)
            case Failed(machine=machine, reason=reason):
                self._ended[piece] = f"{machine}: {reason}" if machine else reason
                self._progress.failed(piece, machine, reason)

    def _device(self, piece: str) -> DeviceName:
        return next(iter(self._cases[piece].values())).device

    def _take(self, piece: str, machine: str, content: bytes, *, log: str = "") -> None:
        match decode_message(content):
            case Said(line):
                self._progress.said(piece, machine, line)
            case Known(cases):
                own = [_placed(case, machine, log) for case in cases if self._is_of(case, piece)]
                self._results |= {case.nodeid: case for case in own}
                self._keep(own)

    def _is_of(self, case: CaseResult, piece: str) -> bool:
        return case.nodeid in self._cases[piece]


def _placed(case: CaseResult, machine: str, log: str) -> CaseResult:
    """With its machine, and where it failed with the file that says more than the last lines of its worker."""
    reason = with_log(case.reason, log) if case.status == "failed" else case.reason
    return msgspec.structs.replace(case, machine=machine, reason=reason)
