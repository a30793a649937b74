"""How much time the driver of a fleet spends on a piece, on ten to a thousand machines: simulated, without a machine.

    python tests/performance/fleet_growth.py

The link to the cluster is a stand-in that answers at once, in the order of a simulated clock; what is timed is the
driver: placing, encoding and decoding what goes over the wire, and telling. What Ray itself needs is not in it.
"""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Iterator

from speedscore.fleet import wire
from speedscore.fleet.fleet import Fleet
from speedscore.fleet.work import Answered, Failed, Lost, Piece

SIZES = ((10, 1_000), (100, 10_000), (1_000, 100_000))
LOSSES = 0.001
"""Of the placings, so many end with the machine, which comes back a while later."""
SEED = 16


class SimulatedCluster:
    """A link to machines that take one to nine simulated seconds for a piece, and report once on the way."""

    def __init__(self, machines: int) -> None:
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
                self._schedule(seconds / 2, wire.Signed(begin.number, wire.Message(b"half")))
                self._schedule(seconds, wire.Signed(begin.number, wire.Done(b"all")))

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


def main() -> None:
    print("| machines | pieces | lost and placed anew | driver's µs a piece |\n|---:|---:|---:|---:|")
    for machines, count in SIZES:
        seconds, lost = driver_seconds_per_piece(machines, count)
        print(f"| {machines:,} | {count:,} | {lost:,} | {seconds * 1e6:.0f} |")


if __name__ == "__main__":
    main()
