"""What runs on a machine of a fleet: the gate of one part, in a pytest of its own, whose lines are passed on.

It decides nothing: the report of that gate is the answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path

import msgspec

from speedscore.fleet.wire import MOST_MESSAGE_BYTES
from speedscore.fleet.work import Report
from speedscore.gate.part import INSTRUCTIONS, LeaderInstructions
from speedscore.gate.parts.trees import BASE, HEAD
from speedscore.gate.reporting.report_file import read_report
from speedscore.host.git import git_complaint
from speedscore.host.kept_logs import append, kept_log
from speedscore.text.cleaning import without_colours

ENTRY = f"{__name__}:gate_part"
NO_TIME = b""
_LAST_LINES = 12


class PartRequest(msgspec.Struct, frozen=True):
    """The gate of one part."""

    arguments: tuple[str, ...]
    """Of pytest; what lies in head is named from the folder that pytest is started in."""
    folder: str
    """In head, where that is."""
    left_seconds: float | None = None
    """Of the budget as the part was placed; None without one."""
    instructions: LeaderInstructions = LeaderInstructions()


def gate_part(request: bytes, report: Report) -> bytes:
    """The report of the gate as JSON; ``NO_TIME`` where nothing of the budget was left.

    Told before its end are the gate's lines and, as JSON, what would come of it if it were cut off, for this machine
    may be lost. Raises RuntimeError with the gate's last lines where it leaves no report of its end.
    """
    asked = msgspec.json.decode(request, type=PartRequest)
    if asked.left_seconds is not None and asked.left_seconds <= 0:
        return NO_TIME
    budget = [] if asked.left_seconds is None else [f"--gate-time-budget={asked.left_seconds:.3f}s"]
    here = Path.cwd()
    for side in (HEAD, BASE):
        # Without it nothing says where a checkout begins whose rootdir lies deeper; where git is not, none may.
        git_complaint(here / side, "init", "--quiet")
    with tempfile.TemporaryDirectory(prefix="speedscore-part-") as scratch:
        written = Path(scratch) / "gate.json"
        so_far = _Changing(written)
        instructions = Path(scratch) / "instructions.json"
        instructions.write_bytes(msgspec.json.encode(asked.instructions))
        command = [sys.executable, "-m", "pytest", "-p", "speedscore.plugin", *asked.arguments, *budget]
        last: deque[str] = deque(maxlen=_LAST_LINES)
        log = kept_log("gate")
        with subprocess.Popen(
            [*command, f"--gate={here / BASE}", f"--gate-json={written}"],
            cwd=here / HEAD / asked.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | {INSTRUCTIONS: str(instructions)},
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                append(log, line.encode())
                last.append(without_colours(line.rstrip()))
                if line.startswith("gate: "):
                    if changed := so_far.read():
                        report(changed)
                    report(line.strip().encode())
        said = " | ".join(filter(None, last))
        if not written.exists():
            raise RuntimeError(f"its gate left no report: {said}")
        content = written.read_bytes()
        # A gate that crashed or was killed leaves what it last told of itself: that is no answer.
        if process.returncode != read_report(content, what="the report of its gate").exit_code:
            raise RuntimeError(f"its gate did not come to its end, and left exit code {process.returncode}: {said}")
        return content


class _Changing:
    """A file that is replaced as a whole now and then."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = 0

    def read(self) -> bytes:
        """What is in it, once; empty where that has been read, there is none yet, or it is too long to be told."""
        try:
            content, seen = self._path.read_bytes(), self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return b""
        if seen == self._seen or len(content) > MOST_MESSAGE_BYTES:
            return b""
        self._seen = seen
        return content
