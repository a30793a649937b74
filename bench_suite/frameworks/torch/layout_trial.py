"""Times one network of images in both memory layouts: a process of its own, a ``Trial`` on standard input, JSON back.

The networks take turns, so that a drift of the machine favours neither. It chooses nothing and keeps nothing.
"""

from __future__ import annotations

import importlib
import os
import signal
import statistics
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import torch

from speedscore.bench_suite.frameworks.torch.memory_layout import LIMIT_SECONDS, Measured, Trial
from speedscore.bench_suite.frameworks.torch.platforms import Platform, find_platform
from speedscore.bench_suite.frameworks.torch.program import find_autocast, make_objective
from speedscore.host.clock import seconds

WARM_UP_STEPS = 3
PAIRS = 11
ROUND_SECONDS = 0.03
"""Shortest round of the slower layout."""


def main() -> None:
    if hasattr(signal, "alarm"):
        # Whoever asked may have been killed.
        signal.alarm(int(LIMIT_SECONDS))
    trial = msgspec.json.decode(sys.stdin.buffer.read(), type=Trial)
    # Compilers print where they like; the reply gets a stream of its own.
    with os.fdopen(os.dup(1), "wb") as replies:
        os.dup2(2, 1)
        replies.write(msgspec.json.encode(measure(trial)))


def measure(trial: Trial) -> Measured:
    """Steps of forward and backward pass in each layout, in turns, in the trial's precision."""
    platform = find_platform(trial.device, graphs=False, precision=trial.precision)
    torch.set_num_threads(trial.threads)
    steps = [_make_step(trial, platform, channels_last=channels_last) for channels_last in (False, True)]
    for step in steps:
        _time(step, platform, count=WARM_UP_STEPS)
    count = max(1, round(ROUND_SECONDS / max(_time(step, platform, count=1) for step in steps)))
    pairs = [[_time(step, platform, count=count) for step in steps] for _ in range(PAIRS)]
    contiguous, channels_last = (1e3 * statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(second / first for first, second in pairs)
    return Measured(contiguous_ms=contiguous, channels_last_ms=channels_last, ratio=ratio)


def _make_step(trial: Trial, platform: Platform, *, channels_last: bool) -> Callable[[], None]:
    torch.manual_seed(0)
    module: Any = importlib.import_module(trial.implementation).make_trial(**trial.arguments).to(platform.device)
    images = torch.rand(trial.images).permute(0, 3, 1, 2)
    if channels_last:
        module = module.to(memory_format=torch.channels_last)
    else:
        images = images.contiguous()
    images = images.to(platform.device)
    targets = torch.zeros(trial.images[0], dtype=torch.long, device=platform.device)
    objective = make_objective(module, find_autocast(platform, trial.precision))

    def step() -> None:
        module.zero_grad(set_to_none=True)
        platform.begin()
        objective(images, targets)[0].backward()
        platform.end()

    return step


def _time(step: Callable[[], None], platform: Platform, *, count: int) -> float:
    """Seconds a step."""
    start = seconds()
    for _ in range(count):
        step()
    platform.wait()
    return (seconds() - start) / count


if __name__ == "__main__":
    main()
