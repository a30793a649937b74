"""A few more steps of a program under its framework's own profiler, when its last round is over.

The loop is the one that is timed, each step marked. It reads no clock: under a profiler a step takes longer, and its
time is no figure. It never imports a framework.
"""

from __future__ import annotations

from pathlib import Path

from speedscore.bench_suite.frameworks.profiling import Profiling
from speedscore.bench_suite.frameworks.program import Runnable
from speedscore.bench_suite.workers.rounds import queueing, settle
from speedscore.record.phases import Role

PROFILED_STEPS = 5
"""Enough to tell one that is unlike the others, few enough for the file of a large model to open."""


def profile_steps(program: Runnable, *, role: Role, folder: Path) -> tuple[str, ...]:
    """The names of the files of the profile in ``folder``, which is made; none where the framework has no profiler.

    Raises whatever the profiler raises, DeviceUnavailable where it has none for the device.
    """
    if not isinstance(program, Profiling):
        return ()
    folder.mkdir(parents=True)
    queue = queueing(program, role)
    settle(program, role=role, steps=1)
    with program.profiling(folder) as mark_step:
        for number in range(PROFILED_STEPS):
            with mark_step(step_num=number):
                queue()
                if role == "inference":
                    program.wait()
        program.wait()
    return tuple(sorted(path.name for path in folder.iterdir()))
