"""Looks for accelerators without a framework: device files, the PCI bus and NVIDIA's management library.

It says what was looked for and what was found, so that a skip can be acted on. It never opens a device for computing;
whether a framework can use what was found is for the worker to say.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pynvml

from bench_suite.frameworks.program import DeviceName

GOOGLE_PCI_VENDOR = "0x1ae0"
PROCESSING_ACCELERATOR_PCI_CLASS = "0x1200"
"""Google sells network and storage devices under its vendor number too."""
AMD_COMPUTE_FILE = Path("/dev/kfd")


class DeviceProbe(msgspec.Struct, frozen=True):
    """What a search for one kind of device came to."""

    found: tuple[str, ...]
    """Names of the devices; empty when there is none."""
    looked_for: str

    @property
    def absence(self) -> str:
        """Why a case on this device is skipped; empty when the device is there."""
        return "" if self.found else f"found none of what was looked for: {self.looked_for}"


def probe_cpu() -> DeviceProbe:
    return DeviceProbe(found=("CPU",), looked_for="a processor")


def probe_gpu() -> DeviceProbe:
    """NVIDIA GPUs by the driver's management library, AMD GPUs by the kernel's compute device."""
    found = list(_nvidia_names())
    if AMD_COMPUTE_FILE.exists():
        found.append("AMD GPU")
    return DeviceProbe(
        found=tuple(found), looked_for=f"an NVIDIA GPU and its driver (NVML), an AMD GPU ({AMD_COMPUTE_FILE})"
    )


def probe_tpu(root: Path = Path("/")) -> DeviceProbe:
    """Cloud TPUs: the accelerator's device files, or Google's processors on the PCI bus."""
    found = [str(path) for path in sorted((root / "dev").glob("accel[0-9]*"))]
    found += [
        f"PCI {device.name}"
        for device in sorted((root / "sys/bus/pci/devices").glob("*"))
        if _first_line(device / "vendor") == GOOGLE_PCI_VENDOR
        and _first_line(device / "class").startswith(PROCESSING_ACCELERATOR_PCI_CLASS)
    ]
    return DeviceProbe(
        found=tuple(found),
        looked_for=f"/dev/accel*, a processing accelerator of PCI vendor {GOOGLE_PCI_VENDOR} (Google)",
    )


PROBES: dict[DeviceName, Callable[[], DeviceProbe]] = {"cpu": probe_cpu, "gpu": probe_gpu, "tpu": probe_tpu}


def _nvidia_names() -> list[str]:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        # No driver, no library or no permission: in every case nothing that a framework could use.
        return []
    try:
        count = pynvml.nvmlDeviceGetCount()
        return [str(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(index))) for index in range(count)]
    except pynvml.NVMLError as error:
        # The driver is there: a framework may well use what the management library does not name.
        return [f"NVIDIA GPU (unnamed: {error})"]
    finally:
        pynvml.nvmlShutdown()


def _first_line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
