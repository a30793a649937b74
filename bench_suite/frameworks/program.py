"""A workload built in one framework: the verbs that measuring and certifying know, and nothing else of a framework.

This module never imports a framework; each framework's folder has a class that answers these verbs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName, Role

if TYPE_CHECKING:
    # Collecting the matrix imports this module, and has no time for NumPy.
    import numpy as np
    from numpy.typing import NDArray

    from speedscore.bench_suite.workloads.task import Arguments, Results, TaskWorkload
    from speedscore.bench_suite.workloads.workload import Array, Weights, Workload


class DeviceUnavailable(RuntimeError):
    """The framework cannot use the device that the case asks for. The message says what was asked for and found."""


class Runnable(Protocol):
    """What a model's program and a task's have in common: the verbs of whoever compiles, waits and watches."""

    def load(self) -> None:
        """Go back to the start. Of a model: put the canonical weights and state back, with a fresh optimizer; of a
        task: begin again with the present arguments. Blocks until that is on the device."""
        ...

    def compile(self) -> dict[str, float]:
        """Compile what the role runs, ahead of the first step, and return seconds by stage.

        JAX: ``trace_seconds``, ``lower_seconds``, ``backend_compile_seconds``; none of a framework that compiles
        inside its first call, or never. Of a training program the first of them is ``optimizer_state_seconds``: from
        when weights and batch are on the device until the optimizer is there too, as it took when the program was
        built. Time to the first step begins there, so nothing may be compiled before. Called once, before the first
        ``step``, ``infer`` or ``call``, and once more, then without the optimizer, after a batch of another size.
        """
        ...

    def wait(self) -> None:
        """Block until what was asked for is there: of a pass its logits, of a step every updated tensor and the loss,
        of a task every result and whatever it leaves for the next call.

        Calls run in the order in which they were queued, so the last pass ends the passes before it.
        """
        ...

    def pending(self) -> bool:
        """True while queued work is unfinished."""
        ...

    def steady(self) -> AbstractContextManager[None]:
        """Inside it, a trace, a compilation, or a copy between host and device raises an error that says which."""
        ...

    def reset_peak(self) -> None:
        """Forget what the allocator held at most so far, where it can. Called once, after the first step: libraries
        look for their fastest kernels there, in more memory than any step needs."""
        ...

    def memory(self) -> dict[str, int]:
        """Bytes by definition: ``allocator_peak_bytes`` (accelerators), ``static_plan_bytes`` (XLA); else empty."""
        ...

    def counts(self) -> dict[str, int]:
        """What can be counted of the program, the same in every fresh process of it: ``xla_flops``, ``graph_breaks``.

        Asked once, after ``compile``, warm-up and certificate, before another program is built: it may take its time.
        Empty where nothing is counted.

        Unit, direction and title of each name here, and of those in ``compile`` and ``memory``, stand in the table
        ``speedscore.record.metrics``, or in the framework's own line (``Framework.metrics``) where another package
        brings it; a stage of ``compile`` is declared twice, as it is and with ``warm_`` before it. A name that nobody
        declared fails the case.
        """
        ...

    def describe(self) -> dict[str, Scalar]:
        """What ran: ``platform``, ``threads`` (those that compute), ``variant``, ``layout``, and so on.

        After the first step, where it can be told: ``compiled_from_cache``. Without it a program has no figure from
        warm caches, except one that says ``"compiled": "nothing"``.
        """
        ...


class Program(Runnable, Protocol):
    """Holds weights and batch on its device from the moment it is built; the weights are the workload's own."""

    def feed(self, inputs: Array, targets: NDArray[np.int32]) -> None:
        """Put another batch, of the shapes of the workload's own, in the place of the present one; before every round.

        ``inputs`` of a program of the role inference have one example, and targets only a training program has. What
        was compiled serves on, and blocks until the batch is on the device. A batch of more or fewer examples may be
        put there too; then ``compile`` is called again before the next step.
        """
        ...

    def step(self) -> None:
        """Queue one optimizer step on the training batch. Training only."""
        ...

    def infer(self) -> None:
        """Queue one forward pass in evaluation mode: inference of the single input, throughput of the whole batch."""
        ...

    def loss(self) -> float:
        """Loss of the last step, before its update. Training only."""
        ...

    def forward(self) -> NDArray[np.float32]:
        """Logits. Training: of the batch at the present weights, in training mode. Else: of the last ``infer``."""
        ...

    def loss_and_gradients(self) -> tuple[float, Weights]:
        """Loss of the batch at the present weights and its gradients, canonical in names and layouts. Training only."""
        ...

    def weights(self) -> Weights:
        """Present parameters and state together, under canonical names and layouts."""
        ...

    def trained_count(self) -> int:
        """Number of trained scalars as the framework itself counts them."""
        ...

    def dispatch(self) -> Callable[[], None] | None:
        """One call of the step with its computation left out, until it returns; None where that cannot be had.

        The call takes the same path through Python as ``step``, with a tree of the same form whose arrays have one
        element, and the compiled program behind it computes nothing. So it costs what a step costs on the host before
        any kernel runs: the library's own work, the framework's handling of arguments and results, the runtime's
        account of their memory. It is not waited for. Training only.
        """
        ...


class TaskProgram(Runnable, Protocol):
    """A task in one framework; it holds the arguments on its device from the moment it is built."""

    def feed(self, arguments: Arguments) -> None:
        """Take other arguments, of the shapes of the present ones, and begin with them; before every round.

        Blocks until they are on the device; what was compiled serves on.
        """
        ...

    def call(self) -> None:
        """Queue one call."""
        ...

    def results(self) -> Results:
        """What the last call gave, by name, as float32 on the host."""
        ...


class Builder(Protocol):
    """What a line of the framework table points to."""

    def __call__(
        self, workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
    ) -> Program:
        """Import the framework, build the program, put weights and batch on the device.

        ``implementation`` is the module that writes the model in this framework; what it must offer is the
        framework's own affair. Raises DeviceUnavailable when the framework cannot use the device.
        """
        ...


class TaskBuilder(Protocol):
    """What builds the tasks of a line of the framework table."""

    def __call__(
        self, task: TaskWorkload, *, implementation: str, device: DeviceName, variant: str, threads: int
    ) -> TaskProgram:
        """Import the framework, build the task's program, put the arguments of draw 0 on the device.

        ``implementation`` is the module that writes the task in this framework. Raises DeviceUnavailable when the
        framework cannot use the device.
        """
        ...
