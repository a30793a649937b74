"""The sample framework's program: the multilayer perceptron by hand, and the misbehaviour that the variant names."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workloads import mlp_reference
from speedscore.bench_suite.workloads.reference_steps import Doubles, optimizer_step
from speedscore.bench_suite.workloads.workload import Array, Weights, Workload
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName, Role

KEPT_BYTES = 128 << 20
"""What the variant ``keeping`` has allocated in ``compile`` and does not free."""


class SampleProgram:
    def __init__(self, workload: Workload, *, role: Role, device: DeviceName, variant: str, threads: int) -> None:
        self._workload = workload
        self.feed(workload.single_input() if role == "inference" else workload.inputs(), workload.targets())
        self._device = device
        self._variant = variant
        self._threads = threads
        self._answer: NDArray[np.float64] | None = None
        self._timed = False
        self._coin = random.Random(7)
        self._peak_bytes = 0
        self._has_stepped = False
        self.load()

    def feed(self, inputs: Array, targets: NDArray[np.int32]) -> None:
        self._inputs, self._targets = inputs, targets

    def load(self) -> None:
        self._parameters: Doubles = {k: v.astype(np.float64) for k, v in self._workload.parameters().items()}
        if self._variant == "wrong":
            self._parameters["dense1.kernel"] = self._parameters["dense1.kernel"].T.copy()
        self._moments: dict[str, Doubles] = {}
        self._step = 0
        self._loss = float("nan")

    def compile(self) -> dict[str, float]:
        if self._variant == "crash":
            print("about to fall over", flush=True)
            os._exit(3)
        if self._variant == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._variant == "hang":
            print("thinking forever", file=sys.stderr, flush=True)
            time.sleep(3600)
        if self._variant == "talkative":
            print("looks for a card")
        if self._variant == "raise":
            raise ValueError("no kernel for this shape")
        if self._variant == "raise half a character":
            raise ValueError("no kernel in /opt/b\udcfcro")
        if self._variant in ("forge", "chatter"):
            # To every pipe that the process holds, as a program would that looks for the worker's.
            forged = b'{"number":2,"secret":"","reply":{"type":"TimedRound","seconds":1e-9}}\n'
            for number in range(3, 1024):
                with contextlib.suppress(OSError):
                    if stat.S_ISFIFO(os.fstat(number).st_mode):
                        os.write(number, forged if self._variant == "forge" else b"step 1 of 10\n")
        if self._variant == "verbose":
            raise ValueError("x" * 50_000_000)
        if self._variant == "keeping":
            # As a compiler does that stays loaded; what it gives back is the other half.
            self._kept, _ = (b"\x01" * KEPT_BYTES for _ in range(2))
        return {}

    def step(self) -> None:
        if self._variant == "idle" and self._timed:
            return
        if self._variant == "restless":
            time.sleep(0.05 * self._coin.getrandbits(1))
        if self._variant == "searching":
            # As libraries do that try every kernel once.
            self._peak_bytes = max(self._peak_bytes, 100 if self._has_stepped else 5_000)
            self._has_stepped = True
        found = mlp_reference.train(self._parameters, {}, self._inputs, self._targets)
        self._loss = found.loss
        self._step += 1
        optimizer_step(self._workload.optimizer, self._step, self._parameters, found.gradients, self._moments)

    def infer(self) -> None:
        if self._variant == "idle" and self._timed:
            return
        self._answer = mlp_reference.predict(self._parameters, {}, self._inputs)

    def wait(self) -> None:
        pass

    def pending(self) -> bool:
        return self._variant == "pending"

    @contextlib.contextmanager
    def steady(self) -> Iterator[None]:
        self._timed = True
        yield
        if self._variant == "recompile":
            raise RuntimeError("a compilation happened inside the timed region")

    def loss(self) -> float:
        return float("nan") if self._variant == "diverge" and self._timed else self._loss

    def forward(self) -> NDArray[np.float32]:
        if self._answer is None:
            return mlp_reference.train(self._parameters, {}, self._inputs, self._targets).outputs.astype(np.float32)
        return self._answer.astype(np.float32)

    def loss_and_gradients(self) -> tuple[float, Weights]:
        found = mlp_reference.train(self._parameters, {}, self._inputs, self._targets)
        return found.loss, {name: values.astype(np.float32) for name, values in found.gradients.items()}

    def weights(self) -> Weights:
        return {name: values.astype(np.float32) for name, values in self._parameters.items()}

    def trained_count(self) -> int:
        return sum(values.size for values in self._parameters.values())

    def dispatch(self) -> Callable[[], None]:
        return lambda: None

    def reset_peak(self) -> None:
        self._peak_bytes = 0

    def memory(self) -> dict[str, int]:
        return {"allocator_peak_bytes": self._peak_bytes} if self._variant == "searching" else {}

    def counts(self) -> dict[str, int]:
        return {"graph_breaks": 3, "exported_bytes": sum(values.nbytes for values in self._parameters.values())}

    def describe(self) -> dict[str, Scalar]:
        return {
            "platform": "gpu" if self._variant == "elsewhere" else self._device,
            "threads": self._threads + (self._variant == "threads"),
            "variant": "half \udcfc" if self._variant == "describe half a character" else self._variant,
            # Made up: it compiles nothing, but passes for what does.
            "compiled_from_cache": True,
        }


class ProfiledSample(SampleProgram):
    """The sample with a profiler, which writes down the marks of the steps."""

    @contextlib.contextmanager
    def profiling(self, folder: Path) -> Iterator[Callable[..., contextlib.AbstractContextManager[object]]]:
        marked: list[str] = []

        def mark_step(*, step_num: int) -> contextlib.AbstractContextManager[object]:
            marked.append(f"step {step_num}")
            return contextlib.nullcontext()

        yield mark_step
        (folder / "marks.txt").write_text("\n".join(marked))


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> SampleProgram:
    assert implementation.endswith(".mlp")
    if variant == "unavailable":
        raise DeviceUnavailable(f"asked for {device}, but this build of the sample framework has none")
    kind = ProfiledSample if variant == "profiled" else SampleProgram
    return kind(workload, role=role, device=device, variant=variant, threads=threads)
