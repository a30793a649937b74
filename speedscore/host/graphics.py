"""What NVIDIA's driver says of its cards, asked in a process of its own: ``python -m speedscore.host.graphics``.

The driver's library runs code that is not ours: it may hang, crash, or answer nonsense. So nothing loads it in the
process that asks; whatever goes wrong is a sentence in ``Graphics.problem``, never an error. It opens no device for
computing.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from speedscore.host.fields import Scalar
from speedscore.host.import_path import import_path
from speedscore.host.reaper import mark
from speedscore.text.cleaning import one_line

LIMIT_SECONDS = 20.0
"""A healthy driver answers within one; a card that wakes up may take several."""
_END_SECONDS = 2.0
_MOST_CHARACTERS = 200
_MOST_CARDS = 1024


class Graphics(msgspec.Struct, frozen=True):
    """What was found; texts are one short line, safe to print."""

    names: tuple[str, ...] = ()
    """Of the cards, in the driver's order, which is that of the PCI bus."""
    uuids: tuple[str, ...] = ()
    """Of the same cards, as ``GPU-...``; empty where one is not told. They say which card is used; no run has them."""
    fields: dict[str, Scalar] = {}
    """Readings by their name in the fingerprint, as ``gpu.0.memory_bytes``; what a card does not tell is missing."""
    problem: str = ""
    """What went wrong; empty where nothing did, as where there is no driver."""


@functools.cache
def ask_graphics() -> Graphics:
    """Ask in a process of its own, once in the life of this one."""
    return ask_process([sys.executable, "-m", __name__], limit_seconds=LIMIT_SECONDS)


def ask_process(command: list[str], *, limit_seconds: float) -> Graphics:
    """What a process writes to its standard output as JSON; a problem where it crashes, hangs or answers nonsense."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **mark(), "PYTHONPATH": import_path()},
        )
    except OSError as error:
        return Graphics(problem=_short(f"no process could be started to ask the NVIDIA driver: {error}"))
    try:
        answer, _ = process.communicate(timeout=limit_seconds)
    except subprocess.TimeoutExpired:
        return Graphics(problem=f"the NVIDIA driver's library did not answer within {limit_seconds:.0f} s")
    finally:
        # Also where Ctrl-C ended the wait. One that hangs in the kernel hears no signal, and is not waited for.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode:
        return Graphics(
            problem=f"the NVIDIA driver's library ended the process that asked it ({_how(process.returncode)})"
        )
    try:
        return msgspec.json.decode(answer, type=Graphics)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Graphics(problem="the NVIDIA driver's library left no answer that can be read")


def _how(status: int) -> str:
    if status > 0:
        return f"exit code {status}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


def read_graphics() -> Graphics:
    """Ask the driver's library in this very process. For the process that is started to ask, and for tests."""
    try:
        import pynvml
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what keeps the cards from being seen
        return Graphics(problem=_short(f"pynvml cannot be imported: {type(error).__name__}: {error}"))
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        absent = error.value == pynvml.NVML_ERROR_LIBRARY_NOT_FOUND
        return Graphics(problem="" if absent else _short(f"the NVIDIA driver's library says: {error}"))
    except Exception as error:  # noqa: BLE001 - as above
        return Graphics(problem=_short(f"the NVIDIA driver's library failed: {type(error).__name__}: {error}"))
    try:
        return _read(pynvml)
    except Exception as error:  # noqa: BLE001 - as above
        # The driver is there: a framework may well use what its management library does not name.
        return Graphics(names=("NVIDIA GPU (unnamed)",), problem=_short(f"{type(error).__name__}: {error}"))
    finally:
        with contextlib.suppress(Exception):
            pynvml.nvmlShutdown()


def _read(library: Any) -> Graphics:
    fields: dict[str, Scalar] = {}
    _note(fields, "gpu.driver", lambda: _text(library.nvmlSystemGetDriverVersion()))
    count = min(int(library.nvmlDeviceGetCount()), _MOST_CARDS)
    fields["gpu.count"] = count
    names: list[str] = []
    uuids: list[str] = []
    for index in range(count):
        card = library.nvmlDeviceGetHandleByIndex(index)
        names.append(_text(library.nvmlDeviceGetName(card)) or "NVIDIA GPU (unnamed)")
        uuids.append(_uuid(library, card))
        fields[f"gpu.{index}.name"] = names[-1]
        for name, read in _READINGS.items():
            _note(fields, f"gpu.{index}.{name}", functools.partial(read, library, card))
    return Graphics(tuple(names), tuple(uuids), fields)


def _uuid(library: Any, card: Any) -> str:
    with contextlib.suppress(Exception):
        return _text(library.nvmlDeviceGetUUID(card))
    return ""


def _note(fields: dict[str, Scalar], name: str, read: Callable[[], Scalar]) -> None:
    # Some cards and virtual machines do not tell; the field is then missing, not zero.
    with contextlib.suppress(Exception):
        fields[name] = read()


_READINGS: dict[str, Callable[[Any, Any], Scalar]] = {
    "compute_capability": lambda library, card: "{}.{}".format(*library.nvmlDeviceGetCudaComputeCapability(card)),
    "memory_bytes": lambda library, card: int(library.nvmlDeviceGetMemoryInfo(card).total),
    "sm_clock_mhz": lambda library, card: int(library.nvmlDeviceGetClockInfo(card, library.NVML_CLOCK_SM)),
    "power_limit_milliwatts": lambda library, card: int(library.nvmlDeviceGetEnforcedPowerLimit(card)),
    "throttle_reasons": lambda library, card: int(library.nvmlDeviceGetCurrentClocksThrottleReasons(card)),
    "utilisation_percent": lambda library, card: int(library.nvmlDeviceGetUtilizationRates(card).gpu),
}


def _text(value: object) -> str:
    return _short(value.decode(errors="replace") if isinstance(value, bytes) else str(value))


def _short(text: str) -> str:
    line = one_line(text[: 10 * _MOST_CHARACTERS])
    return line if len(line) <= _MOST_CHARACTERS else f"{line[: _MOST_CHARACTERS - 1]}…"


def main() -> None:
    # What a library prints must not stand among the answer.
    answer = os.dup(1)
    os.dup2(2, 1)
    encoded = msgspec.json.encode(read_graphics())
    with os.fdopen(answer, "wb") as stream:
        stream.write(encoded)


if __name__ == "__main__":
    main()
