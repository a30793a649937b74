"""How much time the driver of a fleet spends on a piece, and a session on a case, on ten to a thousand machines:
simulated, without a machine.

    PYTHONPATH=. python tests/performance/fleet_growth.py

The link to the cluster is a stand-in that answers at once, in the order of a simulated clock; what is timed is the
driver: placing, encoding and decoding what goes over the wire, and telling; of a session also what becomes of each
case, with its line in the journal. Such a session takes up one that had measured as many cases, all of them others.
What Ray itself needs, and what a disk takes, is not in it.
"""

from __future__ import annotations

import heapq
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.session.choices import Choices
from speedscore.bench_suite.session.fleet.blocks import FleetBlocks
from speedscore.bench_suite.session.fleet.messages import Known, decode_request, encode
from speedscore.bench_suite.session.fleet.telling import FleetProgress
from speedscore.bench_suite.session.fleet.versions import Demands, admit
from speedscore.bench_suite.session.printing.progress import Progress
from speedscore.bench_suite.session.running.machine import Machine
from speedscore.bench_suite.session.saving.journal import Journal
from speedscore.bench_suite.session.session import Session
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.fleet import wire
from speedscore.fleet.fleet import Fleet
from speedscore.fleet.work import Answered, Failed, Lost, Piece
from speedscore.record.run_record import CaseResult, RunRecord
from tests.bench_suite.measuring.fakes import FakeWorkers
from tests.clocks import FakeClock
from tests.sample_runs import a_case, a_run

SIZES = ((10, 1_000), (100, 10_000), (1_000, 100_000))
SESSIONS = ((10, 300), (100, 3_000), (1_000, 30_000))
"""Machines and cases, of which three are a block."""
FRAMEWORKS = ("jax", "torch", "tensorflow")
ROUNDS_SECONDS = ((0.1,) * 10, (0.1,) * 10)
"""Of a case in each process."""
LOSSES = 0.001
"""Of the placings, so many end with the machine, which comes back a while later."""
SEED = 16


class SimulatedCluster:
    """A link to machines that take one to nine simulated seconds for a piece, and report once on the way."""

    def __init__(self, machines: int, *, answer: Callable[[bytes], bytes] = lambda _: b"all") -> None:
        """``answer`` makes what a piece tells on the way and at its end out of its request."""
        self._answer = answer
        self._draw = random.Random(SEED)
        self._happening: list[tuple[float, int, bytes]] = []
        self._order = 0
        self.simulated_seconds = 0.0
        self._kind = {
            f"machine-{number}": ("cpu", "gpu") if number % 10 == 0 else ("cpu",) for number in range(machines)
        }
        for name in self._kind:
            self._join(name, after_seconds=0.0)
        self._schedule(0.0, wire.Standing())

    def send(self, command: wire.Command) -> None:
        # Over the wire and back, as with a cluster.
        begin = wire.decode_command(wire.encode(command))
        if isinstance(begin, wire.Begin):
            seconds = self._draw.uniform(1.0, 9.0)
            if self._draw.random() < LOSSES:
                self._schedule(seconds, wire.Left(begin.machine, "power cut"))
                self._join(begin.machine, after_seconds=seconds + 60.0)
            else:
                answer = self._answer(begin.do.request)
                self._schedule(seconds / 2, wire.Signed(begin.number, wire.Message(answer)))
                self._schedule(seconds, wire.Signed(begin.number, wire.Done(answer)))

    def next_news(self, within_seconds: float) -> wire.News | None:  # noqa: ARG002
        if not self._happening:
            return None
        self.simulated_seconds, _, line = heapq.heappop(self._happening)
        return wire.decode_news(line)

    def _join(self, name: str, *, after_seconds: float) -> None:
        self._schedule(after_seconds, wire.Joined(name, {}, self._kind[name]))  # type: ignore[arg-type]

    def _schedule(self, after_seconds: float, news: wire.News) -> None:
        self._order += 1
        heapq.heappush(self._happening, (self.simulated_seconds + after_seconds, self._order, wire.encode(news)))


def pieces(count: int) -> Iterator[Piece]:
    """One in twenty needs what one machine in ten has."""
    for number in range(count):
        yield Piece(f"piece-{number}", "module:function", b"{}", device="gpu" if number % 20 == 0 else "cpu")


def driver_seconds_per_piece(machines: int, count: int) -> tuple[float, int]:
    """And how many placings were lost."""
    fleet = Fleet(SimulatedCluster(machines))
    fleet.wait_for_machines()
    work = list(pieces(count))
    began = time.process_time()
    ends, lost = 0, 0
    for event in fleet.run(work):
        ends += isinstance(event, Answered | Failed)
        lost += isinstance(event, Lost)
    seconds = (time.process_time() - began) / count
    if ends != count:
        raise RuntimeError(f"{count} pieces, {ends} ends")
    return seconds, lost


class NoScreen:
    """Nobody watches."""

    is_live = is_fresh = False

    def line(self, text: str) -> None: ...

    def draw(self, text: str, *, now: bool = False) -> None: ...


def cases_of(count: int, *, model: str) -> dict[str, CaseResult]:
    """By node id, as their machines will tell them."""
    results = (
        a_case(framework, ROUNDS_SECONDS, model=f"{model}-{number}")
        for number in range(count // len(FRAMEWORKS))
        for framework in FRAMEWORKS
    )
    return {result.nodeid: result for result in results}


def driver_seconds_per_case(machines: int, count: int, *, folder: Path) -> float:
    """Of a session that takes up another: from the first case that is asked for to the last that is known."""
    results = cases_of(count, model="now")
    cases = {nodeid: Case(each.framework, each.model, "cpu", each.phase) for nodeid, each in results.items()}

    def answer(request: bytes) -> bytes:
        # Made again for each message, which counts for the driver: as little as what it then decodes.
        return encode(Known(tuple(results[nodeid] for nodeid in decode_request(request).cases)))

    fleet = Fleet(SimulatedCluster(machines, answer=answer))
    fleet.wait_for_machines(machines)
    demands = Demands({})
    journal = Journal(folder)
    session = Session(
        Choices(PRESETS["smoke"], processes=2, seed=1, in_process=False, earlier=before(count)),
        cases,
        machine=Machine(environment={}, detectors={}, busy_processors=lambda _: 0.0, clock=time.monotonic),
        open_workers=FakeWorkers(FakeClock(now=0.0)).open,
        make_progress=no_progress,
        objection=lambda _: "",
        journal=journal,
        fleet=FleetBlocks(
            fleet, admission=admit(fleet.machines, demands), demands=demands, progress=FleetProgress(NoScreen())
        ),
    )
    began = time.process_time()
    found = [session.from_fleet(nodeid) for nodeid in cases]
    spent_seconds = time.process_time() - began
    journal.remove()
    if any(each is None or each.result.status != "measured" for each in found):
        raise RuntimeError("a case was not measured")
    return spent_seconds / count


def before(count: int) -> RunRecord:
    """A session on a fleet that was cut off."""
    cases = [msgspec.structs.replace(each, machine="machine-0") for each in cases_of(count, model="before").values()]
    return a_run(*cases, environment={}, machines={"machine-0": {}})


def no_progress(total_blocks: int) -> Progress:
    return Progress(NoScreen(), total_blocks=total_blocks)


def main() -> None:
    print("| machines | pieces | lost and placed anew | driver's µs a piece |\n|---:|---:|---:|---:|")
    for machines, count in SIZES:
        seconds_per_piece, lost = driver_seconds_per_piece(machines, count)
        print(f"| {machines:,} | {count:,} | {lost:,} | {seconds_per_piece * 1e6:.0f} |")
    print("\n| machines | cases | taken up beside | session's µs a case |\n|---:|---:|---:|---:|")
    for machines, count in SESSIONS:
        with tempfile.TemporaryDirectory() as folder:
            seconds_per_case = driver_seconds_per_case(machines, count, folder=Path(folder))
        print(f"| {machines:,} | {count:,} | {count:,} | {seconds_per_case * 1e6:.0f} |")


if __name__ == "__main__":
    main()
