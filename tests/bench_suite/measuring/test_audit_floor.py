"""Results of a task that are rounding noise are judged by the whole that they are part of."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from speedscore.bench_suite.measuring.audit import RoundAudit
from speedscore.bench_suite.measuring.role_rounds import RoleRounds, RoundRefused
from speedscore.bench_suite.workers.protocol import (
    Done,
    DrawBatch,
    Elements,
    Repeat,
    Repeated,
    Settle,
    Settled,
    Show,
    Shown,
    TimedRound,
    TimeRound,
)
from speedscore.bench_suite.workloads.task import Arguments, Limits

SIZES = {"gradient.kernel": 4096, "gradient.bias": 64}


class GoesOn:
    """A task of which float64 answers no single call."""

    limits = Limits(dict.fromkeys(SIZES, 1e-5), "made up")
    calls = 2
    made_by = "float64 NumPy"

    def arguments(self, _: int = 0) -> Arguments:
        return {}

    def answers(self, _: Arguments) -> Any:
        return {name: np.ones(size) for name, size in SIZES.items()}


@dataclasses.dataclass
class MadeUpWorker:
    """Shows a bias beside a kernel; done again, it gives another."""

    shown_bias: float
    again_bias: float

    def __call__(self, request: Any, _: type[Any], /) -> Any:
        match request:
            case DrawBatch():
                return Done()
            case Settle():
                return Settled(None)
            case TimeRound():
                return TimedRound(1.0)
            case Show():
                return Shown(elements(1.0, self.shown_bias), size=sum(SIZES.values()))
            case Repeat():
                return Repeated((elements(3.0, self.again_bias), elements(1.0, self.again_bias)))
        raise AssertionError(request)


def elements(kernel: float, bias: float) -> Elements:
    return {"gradient.kernel": (kernel,) * 64, "gradient.bias": (bias,) * 64}


def look(worker: MadeUpWorker) -> None:
    now = iter(range(1000))
    rounds = RoleRounds("capability", worker, lambda: 0.0, clock=lambda: float(next(now)))
    rounds.take(1)
    RoundAudit(rounds, worker, lambda: GoesOn()).look()  # type: ignore[arg-type, return-value]


def test_noise_may_differ_from_call_to_call() -> None:
    look(MadeUpWorker(shown_bias=1e-7, again_bias=-1e-7))


def test_what_is_more_than_noise_may_not() -> None:
    with pytest.raises(RoundRefused, match=r"of its gradient\.bias against calls without a clock"):
        look(MadeUpWorker(shown_bias=1e-3, again_bias=-1e-3))
