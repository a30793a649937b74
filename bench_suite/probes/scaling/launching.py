"""Processes that hold one program together: started, called at the same time, and ended together when one fails.

Each is a probe's own process, so that it ends with the session. It never knows what they are asked.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

from speedscore.bench_suite.probes.process import ProbeProcess, Raised


def call_together(
    processes: Sequence[ProbeProcess], function: str, arguments: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """Call the function in all processes at once, each with its own arguments, and return all values.

    Raises what the first to fail raised; the others, which may wait for it, are ended.
    """
    with ThreadPoolExecutor(len(processes)) as executor:
        calls = [
            executor.submit(process.call, function, **own) for process, own in zip(processes, arguments, strict=True)
        ]
        done, waiting = wait(calls, return_when=FIRST_EXCEPTION)
        errors = [error for call in done if (error := call.exception()) is not None]
        if errors:
            for process in processes:
                process.is_lost = True
                process.kill()
            wait(waiting)
            # A process that was lost says less than one that raised: it may have been waiting for the other.
            raise next((error for error in errors if isinstance(error, Raised)), errors[0])
    return [call.result() for call in calls]


def run_command(memory: dict[str, Any], *, command: list[str]) -> str:
    """Runs in a probe's process: start the launcher as a child of it, and wait. Returns what failed, or nothing.

    What the launcher and its processes print is in the process's log; they are ended with the process.
    """
    del memory
    status = subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode
    return f"the launcher ended with exit code {status}" if status else ""
