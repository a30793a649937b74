"""Measures one block on the machine that it was placed on, with the code of every session, and tells the outcomes.

It is a whole session without pytest: devices are looked for here, and a case that cannot be measured here is skipped
with the reason. What is measured is told after each process, so that a machine that is lost loses little. Nothing is
saved here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Block, Case
from speedscore.bench_suite.session.choices import Choices
from speedscore.bench_suite.session.fleet.messages import Known, Message, Request, Said, decode_request, encode
from speedscore.bench_suite.session.fleet.versions import differing_versions
from speedscore.bench_suite.session.printing.progress import Progress
from speedscore.bench_suite.session.running.machine import Machine, this_machine
from speedscore.bench_suite.session.running.worker_factory import OpenWorkers, block_workers
from speedscore.bench_suite.session.saving.journal import NO_MACHINES, Machines, MakeSession
from speedscore.bench_suite.session.session import Session
from speedscore.bench_suite.workloads.table import MODELS, TASKS
from speedscore.fleet.work import FleetError, Report
from speedscore.host.fields import is_allowed
from speedscore.host.scratch import make_scratch
from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_record import CaseResult

Tell = Callable[[Message], None]


def measure(request: bytes, report: Report) -> bytes:
    """The entry of a piece: a request in, and at the end what became of all of its cases.

    Raises FleetError where this machine runs other versions than the session that leads.
    """
    asked = decode_request(request)
    machine = this_machine(Path(__file__).parent)
    # Asked of this very process too: a machine may have joined, or been changed, since it was looked at.
    differing = differing_versions(asked.environment, machine.environment)
    if forbidden := [text for field, text in differing.items() if not is_allowed(field, asked.allow)]:
        raise FleetError(f"nothing is measured on a machine of other versions: {'; '.join(forbidden)}")
    # This process knows no plugins: what other packages brought into the tables comes with the request.
    FRAMEWORKS.update({line.id: line for line in asked.frameworks})
    MODELS.update({line.id: line for line in asked.models})
    TASKS.update({line.id: line for line in asked.tasks})
    task_caches = make_scratch("caches")
    try:
        open_workers = partial(block_workers, asked.preset, in_process=False, task_caches=task_caches)
        results = measure_cases(
            asked, machine=machine, open_workers=open_workers, tell=lambda message: report(encode(message))
        )
    finally:
        shutil.rmtree(task_caches, ignore_errors=True)
    return encode(Known(results))


def measure_cases(asked: Request, *, machine: Machine, open_workers: OpenWorkers, tell: Tell) -> tuple[CaseResult, ...]:
    """What became of all cases of a block, in their order."""
    choices = Choices(
        preset=asked.preset,
        processes=asked.processes,
        seed=asked.seed,
        in_process=False,
        budget_seconds=asked.budget_seconds,
    )
    session = Session(
        choices,
        asked.cases,
        machine=machine,
        open_workers=open_workers,
        make_progress=lambda _: _ToldProgress(_ToldLines(tell)),
        objection=lambda _: "",
        journal=_ToldResults(tell),
    )
    return tuple(session.conclude(nodeid, case) for nodeid, case in asked.cases.items())


class _ToldResults:
    """In the place of a journal: what it would have on the disk is on its way to the session that leads."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def keep(self, cases: Sequence[CaseResult], *, session: MakeSession, machines: Machines = NO_MACHINES) -> None:
        del session, machines
        self._tell(Known(tuple(cases)))

    def keep_probe(self, probe: ProbeResult, *, session: MakeSession) -> None:
        del session
        raise ValueError(f"{probe.nodeid}: probes are asked where the session is, not on a fleet")


class _ToldLines:
    """A screen that nobody watches live: each line goes to the session that leads."""

    is_live = False
    is_fresh = False

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def line(self, text: str) -> None:
        self._tell(Said(text.strip()))

    def draw(self, text: str, *, now: bool = False) -> None:
        """A live line tells what is over in a moment, which is not worth a message."""


class _ToldProgress(Progress):
    def block_begins(self, block: Block, cases: Sequence[Case]) -> None:
        """Said by the session that leads, which knows how many there are."""
