"""What runs on a machine of a fleet: the gate of one share, in a pytest of its own, whose lines are passed on.

It decides nothing: the report of that gate is the answer.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path

import msgspec

from speedscore.fleet.work import Report
from speedscore.gate.parts.trees import BASE, HEAD
from speedscore.host.git import git_complaint

ENTRY = f"{__name__}:gate_part"
_LAST_LINES = 12


class PartRequest(msgspec.Struct, frozen=True):
    """The gate of one share."""

    arguments: tuple[str, ...]
    """Of pytest; what lies in head is named from the folder that pytest is started in."""
    folder: str
    """In head, where that is."""


def gate_part(request: bytes, report: Report) -> bytes:
    """The report of the gate as JSON. Raises RuntimeError with its last lines where there is none."""
    asked = msgspec.json.decode(request, type=PartRequest)
    here = Path.cwd()
    for side in (HEAD, BASE):
        # Without it nothing says where a checkout begins whose rootdir lies deeper; where git is not, none may.
        git_complaint(here / side, "init", "--quiet")
    with tempfile.TemporaryDirectory(prefix="speedscore-part-") as scratch:
        written = Path(scratch) / "gate.json"
        command = [sys.executable, "-m", "pytest", "-p", "speedscore.plugin", *asked.arguments]
        last: deque[str] = deque(maxlen=_LAST_LINES)
        with subprocess.Popen(
            [*command, f"--gate={here / BASE}", f"--gate-json={written}"],
            cwd=here / HEAD / asked.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                last.append(line.rstrip())
                if line.startswith("gate: "):
                    report(line.strip().encode())
        if not written.exists():
            raise RuntimeError(f"its gate left no report: {' | '.join(filter(None, last))}")
        return written.read_bytes()
