"""Which memory layout PyTorch's images have: chosen by measuring, once a machine, and kept for every later process.

PyTorch's documentation names both, NCHW as the default and ``channels_last`` as the one that many convolutions run
faster in; which of them does depends on processor, threads, version and precision: on an H100 float32 ran 6 % faster as
NCHW, and tensor cores, which it does not use, take ``channels_last``. The measuring is done by ``layout_trial`` in a
process of its own, so that the program that asks finds its memory untouched. Eager PyTorch is measured, and a compiled
program takes the same layout, as its user would: to compile both only to choose took minutes. What was chosen stands in
a small file in the user's cache folder; without such a folder nothing is measured, so that all processes of a case run
the same layout in any case.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import torch

from speedscore.bench_suite.workloads.workload import Workload
from speedscore.host.caches import cache_folder
from speedscore.host.fingerprint import processor_kind
from speedscore.host.peaks import Precision
from speedscore.record.phases import DeviceName

VARIABLE = "SPEEDSCORE_TORCH_LAYOUT"
"""Names a layout that is taken without measuring: for tests, or to run the layout of another machine."""
CONTIGUOUS, CHANNELS_LAST = LAYOUTS = ("NCHW", "channels_last")
KEPT = "torch-layouts"
"""The folder of choices among the user's caches: a file each, that may be deleted at any time."""
LIMIT_SECONDS = 240.0
"""For the whole trial, which takes seconds."""


class Layout(msgspec.Struct, frozen=True):
    """A layout, and why it is taken."""

    name: str
    """One of ``LAYOUTS``."""
    reason: str

    @property
    def channels_last(self) -> bool:
        return self.name == CHANNELS_LAST


class Trial(msgspec.Struct, frozen=True):
    """What is measured, and where: all that the choice depends on."""

    implementation: str
    """The module whose ``make_trial`` makes the network."""
    arguments: dict[str, int]
    """Of ``make_trial``."""
    images: tuple[int, ...]
    """Shape of the batch, NHWC."""
    device: DeviceName
    device_kind: str
    threads: int
    torch: str
    """The version."""
    precision: Precision

    @property
    def file_name(self) -> str:
        return f"{hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]}.json"


class Measured(msgspec.Struct, frozen=True):
    """Milliseconds of a step of the trial's network, forward and backward pass, in each layout."""

    contiguous_ms: float
    channels_last_ms: float
    ratio: float
    """channels_last over NCHW: the median of the ratios of neighbouring rounds."""

    @property
    def layout(self) -> Layout:
        name = CHANNELS_LAST if self.ratio < 1 else CONTIGUOUS
        found = f"channels_last {self.channels_last_ms:.1f} ms, NCHW {self.contiguous_ms:.1f} ms"
        return Layout(name, f"measured on this machine, a shorter network: {found}")


def choose_layout(
    workload: Workload, *, implementation: str, arguments: dict[str, int], device: DeviceName, kind: str
) -> Layout:
    """The layout of a model's images, in the workload's precision, in every process of this machine that asks for it.

    ``kind`` is the device by its maker's name. Raises ValueError for a layout that there is not in the environment,
    RuntimeError when the trial failed or did not end.
    """
    if wanted := os.environ.get(VARIABLE):
        if wanted not in LAYOUTS:
            raise ValueError(f"{VARIABLE}: expected {' or '.join(LAYOUTS)}, found {wanted!r}")
        return Layout(wanted, f"asked for by {VARIABLE}")
    trial = Trial(
        implementation=implementation,
        arguments=arguments,
        images=workload.inputs().shape,
        device=device,
        device_kind=processor_kind() if device == "cpu" else kind,
        threads=torch.get_num_threads(),
        torch=str(torch.__version__),
        precision=workload.precision,
    )
    try:
        kept = cache_folder(KEPT) / trial.file_name
        kept.parent.mkdir(parents=True, exist_ok=True)
        return (_read(kept) or _keep(kept, trial)).layout
    except OSError as error:
        return Layout(CONTIGUOUS, f"PyTorch's default, as nothing measured can be kept: {error}")


def _read(path: Path) -> Measured | None:
    """What is kept there; None where there is nothing. Raises OSError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Measured)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # Left by a machine that fell over, or by hand; to be measured anew.
        path.unlink(missing_ok=True)
        return None


def _keep(path: Path, trial: Trial) -> Measured:
    """Measure, and write the file; where another process was first, its file stays, and is what is given back.

    Raises OSError, RuntimeError.
    """
    # Opened before anything is measured: a folder that takes no file must not cost the time of a trial.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix="trial-") as file:
        measured = _measure(trial)
        file.write(msgspec.json.encode(measured))
        file.flush()
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
    return _read(path) or measured


def _measure(trial: Trial) -> Measured:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "speedscore.bench_suite.frameworks.torch.layout_trial"],
            input=msgspec.json.encode(trial),
            capture_output=True,
            check=False,
            timeout=LIMIT_SECONDS + 10,
        )
    except OSError as error:
        raise _failure(trial, f"could not be started ({error})") from None
    except subprocess.TimeoutExpired as late:
        raise _failure(trial, f"did not end within {late.timeout:.0f} s", late.stderr) from None
    if done.returncode != 0:
        raise _failure(trial, f"ended with exit code {done.returncode}", done.stderr)
    try:
        return msgspec.json.decode(done.stdout, type=Measured)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _failure(trial, f"gave an answer that cannot be read ({error})", done.stderr) from None


def _failure(trial: Trial, what: str, said: bytes | None = None) -> RuntimeError:
    last = (said or b"").decode(errors="replace").strip()[-500:]
    return RuntimeError(
        f"no memory layout could be chosen for {trial.implementation}: the trial {what} ({last}); set {VARIABLE} to "
        f"{' or '.join(LAYOUTS)} to do without it"
    )
