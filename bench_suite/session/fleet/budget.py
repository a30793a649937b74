"""Shares a session's time out over the blocks of a fleet: a number for each block, known before any is placed.

It plans as if one kind of device came after another, and the blocks of a kind in turns over the machines that have it:
a machine that has several kinds is then never promised twice. It keeps no time itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from speedscore.bench_suite.matrix.cases import Block
from speedscore.fleet.work import FleetMachine
from speedscore.record.phases import DeviceName


def block_seconds(
    budget_seconds: float | None, blocks: Sequence[Block], machines: Sequence[FleetMachine]
) -> float | None:
    """For each block; None where the session has no budget."""
    if budget_seconds is None or not blocks:
        return None
    turns = 0
    for device, count in Counter(block.device for block in blocks).items():
        turns += -(-count // max(1, _with_device(device, machines)))
    return budget_seconds / turns


def _with_device(device: DeviceName, machines: Sequence[FleetMachine]) -> int:
    match device:
        case "cpu":
            return len(machines)
        case "gpu":
            return sum(bool(machine.environment.get("gpu.count")) for machine in machines)
        case "tpu":
            return 1  # no fingerprint tells of one
