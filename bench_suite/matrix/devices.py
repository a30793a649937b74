"""Looks for accelerators without a framework: device files, the PCI bus and NVIDIA's management library.

The library is asked in a process of its own (``speedscore.host.graphics``), for it may hang or crash. What is said here
is what was looked for and what was found, so that a skip can be acted on. No device is opened for computing; whether a
framework can use what was found is for the worker to say.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from speedscore.host.graphics import Graphics, ask_graphics
from speedscore.host.peaks import Precision
from speedscore.host.processors import BFLOAT16_FLAGS, has_bfloat16
from speedscore.record.phases import DeviceName

GOOGLE_PCI_VENDOR = "0x1ae0"
"""Of network and storage devices too, so that the vendor alone proves nothing."""
TPU_PCI_DEVICES = {
    "0x0027": "TPU v2 or v3",
    "0x0056": "TPU (plc)",
    "0x005e": "TPU v4",
    "0x0062": "TPU v5p",
    "0x0063": "TPU v5e",
    "0x006f": "TPU v6e",
    "0x0076": "TPU7x",
}
"""As JAX and PyTorch/XLA list them (jax/_src/hardware_utils.py, torch_xla/_internal/tpu.py)."""
PROCESSING_ACCELERATOR_PCI_CLASS = "0x1200"
"""Tells a TPU that is not in the list; not all that are have it: a v5e was seen as 0xff00, a v6e as 0x1200."""
AMD_COMPUTE_FILE = Path("/dev/kfd")


_TENSOR_CORES_FROM = 8
"""The first compute capability whose tensor cores take TF32 and bfloat16."""
_NO_BFLOAT16 = (
    f"this processor has no instructions for it: /proc/cpuinfo names none of {', '.join(BFLOAT16_FLAGS)}; measure on "
    "one that has them, as Intel's from Cooper Lake, AMD's from Zen 4, Arm's from Neoverse V1 on"
)


class DetectedDevice(msgspec.Struct, frozen=True):
    """The result of a search for one kind of device."""

    found: tuple[str, ...]
    """Names of the devices; empty when there is none."""
    looked_for: str
    problem: str = ""
    """What went wrong while looking, in one line; empty where nothing did."""
    lacking: dict[Precision, str] = {}
    """Precision → why the device does not compute in it; empty where it has all that its kind may have."""

    @property
    def absence(self) -> str:
        """Why a case on this device is skipped; empty when the device is there."""
        if self.found:
            return ""
        absence = f"found none of what was looked for: {self.looked_for}"
        return f"{absence}; {self.problem}" if self.problem else absence


def detect_cpu() -> DetectedDevice:
    lacking: dict[Precision, str] = {} if has_bfloat16() else {"bfloat16": _NO_BFLOAT16}
    return DetectedDevice(found=("CPU",), looked_for="a processor", lacking=lacking)


def detect_gpu() -> DetectedDevice:
    """NVIDIA GPUs by the driver's management library, AMD GPUs by the kernel's compute device."""
    graphics = ask_graphics()
    device_names = list(graphics.names)
    if AMD_COMPUTE_FILE.exists():
        device_names.append("AMD GPU")
    return DetectedDevice(
        found=tuple(device_names),
        looked_for=f"an NVIDIA GPU and its driver (NVML), an AMD GPU ({AMD_COMPUTE_FILE})",
        problem=graphics.problem,
        lacking=_lacking_of_card(graphics),
    )


def detect_tpu(root: Path = Path("/")) -> DetectedDevice:
    """Cloud TPUs: the accelerator's device files, or Google's processors on the PCI bus.

    From v5e on a TPU is handed to its machine by VFIO and has no file of its own, only a numbered one in ``/dev/vfio``
    as any such device may have; the bus tells what it is.
    """
    device_names = [str(path) for path in sorted((root / "dev").glob("accel[0-9]*"))]
    device_names += [
        f"{name} (PCI {device.name})"
        for device in sorted((root / "sys/bus/pci/devices").glob("*"))
        if (name := _tpu_name(device))
    ]
    return DetectedDevice(
        found=tuple(device_names),
        looked_for=f"/dev/accel*, a TPU or a processing accelerator of PCI vendor {GOOGLE_PCI_VENDOR} (Google)",
    )


def _lacking_of_card(graphics: Graphics) -> dict[Precision, str]:
    """Of CUDA's first card, which is the one that frameworks take; where it may be one that has all, or the driver does
    not tell, the worker is to find out."""
    if not graphics.names:
        return {"tf32": "TF32 is a mode of NVIDIA's tensor cores"}
    found: list[str] = []
    for number in _first_cards(graphics):
        capability = str(graphics.fields.get(f"gpu.{number}.compute_capability", ""))
        if not capability or int(capability.partition(".")[0]) >= _TENSOR_CORES_FROM:
            return {}
        found.append(f"{graphics.names[number]} has {capability}")
    why = (
        f"needs a card of compute capability {_TENSOR_CORES_FROM}.0 (Ampere) or newer, and "
        f"{', '.join(dict.fromkeys(found))}"
    )
    return {"tf32": why, "bfloat16": why}


def _first_cards(graphics: Graphics) -> Sequence[int]:
    """The cards, by their numbers in the driver's order, one of which is CUDA's first: as few as can be told.

    CUDA takes the first that ``CUDA_VISIBLE_DEVICES`` names, by a UUID's beginning or by its own numbers. These begin
    with the fastest card, whichever it takes for that, unless ``CUDA_DEVICE_ORDER`` asks for the order of the bus.
    """
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0].strip()
    if first.startswith("GPU-"):
        named = [number for number, uuid in enumerate(graphics.uuids) if uuid.startswith(first)]
    elif first.isdecimal() and os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID":
        named = [number for number in range(len(graphics.names)) if number == int(first)]
    else:
        named = []
    return named or range(len(graphics.names))


DETECTORS: dict[DeviceName, Callable[[], DetectedDevice]] = {"cpu": detect_cpu, "gpu": detect_gpu, "tpu": detect_tpu}


def _tpu_name(device: Path) -> str:
    """What the entry of the PCI bus is called; empty when it is no TPU."""
    if _first_line(device / "vendor") != GOOGLE_PCI_VENDOR:
        return ""
    accelerates = _first_line(device / "class").startswith(PROCESSING_ACCELERATOR_PCI_CLASS)
    return TPU_PCI_DEVICES.get(_first_line(device / "device"), "TPU" if accelerates else "")


def _first_line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
