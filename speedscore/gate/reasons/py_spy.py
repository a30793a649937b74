"""Samples of a side from py-spy, where it is installed and the system lets it read another process.

py-spy samples from outside: it takes nothing from the program, and sees the thread also while that holds the
interpreter. It needs leave to read the other's memory (ptrace), which many containers refuse; then the side samples
itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import msgspec

from speedscore.gate.sides.side import Observed, SampledFunction
from speedscore.host.clock import seconds
from speedscore.host.reaper import mark

MOST_FRAMES = 60
"""Of a stack, the innermost: what a sample is charged to stands there, also below a deep recursion."""
RATE_HERTZ = 500
_READY_SECONDS = 10.0
_END_SECONDS = 20.0
_SAMPLING = "Sampling process"
"""Said by py-spy as it begins."""
_FRAME = re.compile(r"(?P<name>.*) \((?P<file>.*?)(?::(?P<line>\d+))?\)")
_ROUND_FILE, _ROUND_NAMES = "speedscore_gate_rounds.py", ("Rounds.time", "time")
"""Below that function the benchmark begins; py-spy before 0.4 does not qualify names."""


def find_py_spy() -> str | None:
    """Where it was installed for this interpreter, whose environment need not be activated and may see that of another
    behind itself, or else on the path."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.files("py-spy") or ():
            if file.name == "py-spy" and (installed := Path(str(file.locate()))).exists():
                return str(installed.resolve())
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy")


class Samples(msgspec.Struct, frozen=True):
    """What py-spy has seen, as ``Observed`` has it."""

    functions: tuple[SampledFunction, ...]
    stacks: tuple[tuple[tuple[int, ...], float], ...]


class PySpy:
    """One recording of a process, begun when it is made; ``why_not`` says why it was not, empty where it was."""

    def __init__(self, program: str, process_id: int, *, folder: Path) -> None:
        """Raises OSError where the program cannot be run."""
        self.why_not = ""
        self._path = folder / "samples.txt"
        command = [
            *(program, "record", "--pid", str(process_id), "--format", "raw", "--output", str(self._path)),
            # With idle threads: a benchmark that waits is slower too.
            *("--rate", str(RATE_HERTZ), "--duration", "3600", "--idle", "--function", "--full-filenames"),
        ]
        self._log_path = folder / "py-spy.log"
        self._log = self._log_path.open("w")
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
                env={**os.environ, **mark()},
            )
        except OSError:
            self._log.close()
            raise
        try:
            self._wait_for_samples()
        except BaseException:  # Ctrl-C: nobody has this object yet, to close it
            self._process.kill()
            self._process.wait()
            self._log.close()
            raise

    def _wait_for_samples(self) -> None:
        end = seconds() + _READY_SECONDS
        while self._process.poll() is None and _SAMPLING not in self._said():
            if seconds() >= end:
                self._process.kill()
                self.why_not = "py-spy: did not begin to sample"
                return
            time.sleep(0.02)
        if self._process.poll() is not None:
            self.why_not = self._last_line()

    def finish(self, observed: Observed) -> Observed:
        """``observed`` with the samples, or with why there are none."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        try:
            samples = read_samples(self._path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return msgspec.structs.replace(observed, failed=self._last_line())
        return msgspec.structs.replace(observed, functions=samples.functions, stacks=samples.stacks)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _said(self) -> str:
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    def _last_line(self) -> str:
        lines = [line.strip() for line in self._said().splitlines() if line.strip()]
        return f"py-spy: {lines[-1][:200] if lines else 'ended at once'}"


def read_samples(text: str) -> Samples:
    """From lines such as ``main (/a/b.py:1);work (/a/b.py:7) 12``; those outside of a round are left out."""
    functions: dict[SampledFunction, int] = {}
    stacks: dict[tuple[int, ...], float] = {}
    for line in text.splitlines():
        names, _, count = line.rpartition(" ")
        frames = [_FRAME.fullmatch(frame) for frame in names.split(";")]
        rounds = [index for index, frame in enumerate(frames) if frame and _is_round(frame)]
        if not rounds or not count.isdecimal():
            continue
        below = [frame for frame in frames[rounds[-1] + 1 :] if frame][-MOST_FRAMES:]
        stack = tuple(functions.setdefault(_function(frame), len(functions)) for frame in below)
        if stack:
            stacks[stack] = stacks.get(stack, 0.0) + int(count) / RATE_HERTZ
    return Samples(tuple(functions), tuple(stacks.items()))


def _is_round(frame: re.Match[str]) -> bool:
    return frame["name"] in _ROUND_NAMES and frame["file"].endswith(_ROUND_FILE)


def _function(frame: re.Match[str]) -> SampledFunction:
    return SampledFunction(name=frame["name"], file=frame["file"], line=int(frame["line"] or 0))
