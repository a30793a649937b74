"""Where PyTorch runs: what a CPU, a CUDA GPU and a TPU under torch_xla each need around the same training step.

A platform finds its device, sets its precision, waits, and watches the steady state. It never knows a model, never
compiles one, and imports torch_xla only once a case asks for a TPU.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32, DeviceName

Facts = dict[str, Scalar]


class Platform:
    """The CPU, where every call returns when its work is done; the other platforms say what is different there."""

    name: DeviceName = "cpu"
    kind = "cpu"
    """What the maker calls the device."""
    eager_part = "nothing"
    """What of a step is compiled where nobody asked for it."""
    optimizer_part = "fused"
    """How the optimizer runs."""
    fused = True
    capturable = False
    """Whether Adam's count of steps and what follows from it are computed on the device without being fused."""
    chooses_layout = True
    """Whether the memory layout of a tensor is what the convolution sees."""
    evaluating: Any = torch.inference_mode
    """The context of a pass without gradients."""

    def __init__(self) -> None:
        self.device = torch.device("cpu")
        self.compile_options: dict[str, Any] = {}

    def begin(self) -> None:
        """Called before the model is run."""

    def end(self) -> None:
        """Called when a step, or a pass, has been queued."""

    def keep(self, result: torch.Tensor) -> torch.Tensor:
        """What a step or a pass gave, in memory that the next one of any program leaves alone."""
        return result.detach()

    def wait(self) -> None:
        """Block until the device has done all that was queued."""

    def pending(self) -> bool:
        return False

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Inside it, or at its end, copies between host and device raise an error. The CPU has none to see."""
        yield

    def reset_peak(self) -> None:
        """Forget what was allocated and freed so far."""

    def memory(self) -> dict[str, int]:
        """As in ``program.Program``, with ``allocator_reserved_bytes``: what the allocator took from the driver."""
        return {}

    def describe(self) -> Facts:
        return {"matmul_precision": torch.get_float32_matmul_precision()}


class Cuda(Platform):
    """The current CUDA device; with ``graphs`` what is compiled is recorded and replayed as CUDA graphs.

    The graphs hold forward and backward pass, each one launch. The optimizer runs outside of them, on gradients that
    lie in their memory until the next step; fused, it counts its steps on the device and need not be capturable.
    """

    name = "gpu"

    def __init__(self, *, graphs: bool, tf32: bool) -> None:
        super().__init__()
        self.device = torch.device("cuda")
        self.kind = torch.cuda.get_device_name()
        self._graphs = graphs
        torch.backends.cudnn.allow_tf32 = tf32
        # The shapes never change, so the fastest convolution is worth looking for once; the search is in the warm-up.
        torch.backends.cudnn.benchmark = True
        if graphs:
            self.compile_options = {"mode": "reduce-overhead"}
            # Otherwise a graph that cannot be recorded runs without CUDA graphs after no more than a log line.
            inductor: Any = importlib.import_module("torch._inductor.config")
            inductor.triton.cudagraph_or_error = True
            self._mark_step: Any = torch.compiler.cudagraph_mark_step_begin

    def begin(self) -> None:
        # PyTorch takes a pass whose backward never came, as in the certificate, for one that is still under way.
        if self._graphs:
            self._mark_step()

    def keep(self, result: torch.Tensor) -> torch.Tensor:
        # All graphs of a process share one pool: a replay writes its results where the one before did, be it of another
        # program or of the same.
        return result.detach().clone() if self._graphs else result.detach()

    def wait(self) -> None:
        torch.cuda.synchronize()

    def pending(self) -> bool:
        # Replays, backward passes and fused optimizers all run on the stream that was current when they were queued.
        return not torch.cuda.current_stream().query()

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Every call that makes the host wait for the device raises, but ``wait`` does not.

        That covers ``.item()`` and copies from and to pageable memory; an asynchronous copy from pinned memory is not
        seen.
        """
        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("error")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode(before)

    def reset_peak(self) -> None:
        # What building and the search for convolutions freed would otherwise count as reserved.
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

    def memory(self) -> dict[str, int]:
        return {
            "allocator_peak_bytes": torch.cuda.max_memory_allocated(),
            "allocator_reserved_bytes": torch.cuda.max_memory_reserved(),
        }

    def describe(self) -> Facts:
        return super().describe() | {
            "cudnn_benchmark": torch.backends.cudnn.benchmark,
            "tf32": torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32,
        }


_WATCHED = {
    "CompileTime": "compilations",
    "TransferToDeviceTime": "copies to the device",
    "TransferFromDeviceTime": "copies from the device",
}
"""torch_xla's metrics whose count may not grow in the steady state, and what they count."""


class Tpu(Platform):
    """A TPU under torch_xla, which traces tensors lazily and compiles what it has traced at the end of each step.

    The whole step is one graph that takes over the memory of the parameters. Under ``torch.compile`` forward and
    backward are traced once and for all, as graphs of their own.

    Its batch normalisation lets the running variance follow the biased variance of a batch (tried, 2.9), PyTorch's own
    the unbiased one. Over few values a channel that is no longer the same network, and the certificate says so.
    """

    name = "tpu"
    eager_part = "the whole step, from lazy tensors"
    optimizer_part = "from lazy tensors"
    # XLA fuses the plain loop over the parameters; a count of steps on the host would be sent to the device each time.
    fused = False
    capturable = True
    # XLA chooses the layout itself.
    chooses_layout = False
    # Inference tensors fail in torch_xla 2.9: "Cannot set version_counter for inference tensor".
    evaluating: Any = torch.no_grad

    def __init__(self) -> None:
        """Raises DeviceUnavailable where torch_xla is missing or drives anything but a TPU."""
        super().__init__()
        if importlib.util.find_spec("torch_xla") is None:
            raise DeviceUnavailable(
                "asked for 'tpu', but torch_xla is not installed; pip install 'torch_xla[tpu]' in the version of torch "
                f"({torch.__version__.partition('+')[0]})"
            )
        self._xla: Any = importlib.import_module("torch_xla")
        self._model: Any = importlib.import_module("torch_xla.core.xla_model")
        self._metrics: Any = importlib.import_module("torch_xla.debug.metrics")
        self._backends: Any = importlib.import_module("torch_xla.backends")
        self.device = self._find()
        self.kind = self._model.xla_device_kind(self.device)
        self.compile_options = {"backend": "openxla"}
        # A float32 product is otherwise one of bfloat16.
        self._backends.set_mat_mul_precision("highest")
        self._queued = False

    def _find(self) -> torch.device:
        try:
            device: torch.device = self._xla.device()
            hardware = self._model.xla_device_hw(device)
        except RuntimeError as error:
            hardware = f"none ({str(error).partition(chr(10))[0]})"
        if hardware != "TPU":
            raise DeviceUnavailable(
                f"asked for 'tpu', but the device that torch_xla {self._xla.__version__} found is {hardware}; "
                "check PJRT_DEVICE and libtpu"
            )
        return device

    def end(self) -> None:
        self._xla.sync()
        self._queued = True

    def wait(self) -> None:
        self._xla.sync()
        self._model.wait_device_ops()
        self._queued = False

    def pending(self) -> bool:
        # torch_xla does not tell what is done: whatever was queued counts until it was waited for.
        return self._queued

    @contextmanager
    def steady(self) -> Iterator[None]:
        """At its end a compilation, or a copy between host and device, raises."""
        before = self._counts()
        yield
        for name, count in self._counts().items():
            if count > before[name]:
                raise RuntimeError(
                    f"{count - before[name]} {_WATCHED[name]} ran where none was expected; warm up until there are none"
                )

    def _counts(self) -> dict[str, int]:
        return {name: (self._metrics.metric_data(name) or (0,))[0] for name in _WATCHED}

    def memory(self) -> dict[str, int]:
        return {"allocator_peak_bytes": self._model.get_memory_info(self.device)["peak_bytes_used"]}

    def describe(self) -> Facts:
        return {"matmul_precision": self._backends.get_mat_mul_precision(), "torch_xla": self._xla.__version__}


def find_platform(device: DeviceName, *, graphs: bool, precision: Precision = FLOAT32) -> Platform:
    """The platform of that name, set to float32 at its highest precision unless ``precision`` is TF32.

    Raises DeviceUnavailable, which says what was asked for and what was found.
    """
    if graphs and device != "gpu":
        raise DeviceUnavailable(
            f"asked for CUDA graphs on {device!r}, but only a GPU replays them; use variant compile"
        )
    tf32 = precision == "tf32"
    if tf32 and device != "gpu":
        raise DeviceUnavailable(f"asked for TF32 on {device!r}, but only the tensor cores of an NVIDIA GPU have it")
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    if device == "tpu":
        return Tpu()
    if device == "cpu":
        return Platform()
    if torch.cuda.is_available():
        return Cuda(graphs=graphs, tf32=tf32)
    built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
    raise DeviceUnavailable(
        f"asked for 'gpu', but torch {torch.__version__} ({built}) found {torch.cuda.device_count()} CUDA devices"
    )
