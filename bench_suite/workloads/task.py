"""What every framework must compute where that is no model's step or pass: the contract of a task.

A task fixes the arguments of one call, as named NumPy arrays, and what must come out of it. The right answer is made on
the spot in float64 NumPy, for these arguments and for any others. It never imports a framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.sketch import Sketch
from speedscore.host.fields import Scalar

Arguments = dict[str, NDArray[np.float32] | NDArray[np.int32]]


class SketchedAnswer(msgspec.Struct, frozen=True):
    """A right answer of which no more than a sketch is known."""

    name: str
    """Of the tensor that the sketch was made of."""
    sketch: Sketch


Answers = Mapping[str, NDArray[np.float64] | SketchedAnswer]
Results = dict[str, NDArray[np.float32]]


class Limits(msgspec.Struct, frozen=True):
    """Largest relative error, of the L2 norms, that a float32 implementation may have against float64.

    Results whose names have the same word before their first dot are parts of one: a part that is below a thousandth of
    the whole is judged by that, for what it lacks is noise.
    """

    by_result: dict[str, float]
    """Every result of a call, by name."""
    reason: str
    """What was observed, and why the limits stand where they do."""


class TaskWorkload(Protocol):
    """One task at one preset."""

    @property
    def model(self) -> str:
        """Its id in the table of tasks."""
        ...

    @property
    def preset(self) -> str: ...
    @property
    def limits(self) -> Limits: ...

    @property
    def calls(self) -> int:
        """Of how many calls in a row ``answers`` speaks: 1, unless a call goes on from what the one before left."""
        ...

    @property
    def made_by(self) -> str:
        """How the right answers are computed, as in ``float64 NumPy, by hand``."""
        ...

    def arguments(self, draw: int = 0) -> Arguments:
        """What a call is given: always the same for one ``draw``, and for each of the same shapes and types."""
        ...

    def answers(self, arguments: Arguments) -> Answers:
        """What must come of ``calls`` calls on these arguments."""
        ...

    def flops(self) -> int:
        """Operations of one call by formula (a multiply and an add are two); 0 where no formula is fair to all."""
        ...

    def describe(self) -> dict[str, Scalar]:
        """The true sizes in plain values. ``work`` and ``work_unit``, where there are any, say how much of what one
        call does, as in 131072 ``environment steps``."""
        ...
