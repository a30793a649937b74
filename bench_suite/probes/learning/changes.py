"""How much of a program changes with what it is to do: NumPy to a framework, several devices, bfloat16, checkpointing.

Pairs of small programs that train the same perceptron, in ``fixtures/learning/changes/<change>/<framework>.py``; both
are run, and their losses must agree. What differs is counted over normalised lines and over tokens. A pair that does
not run or does not agree is no answer of a framework's: the probe has failed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.learning.counting import count_change
from speedscore.bench_suite.probes.learning.files import learning_folder
from speedscore.bench_suite.probes.ports import LOOPBACK, free_port
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.process import ProbeProcess
from speedscore.bench_suite.probes.scaling.launching import call_together
from speedscore.bench_suite.probes.tools import Tools

DEVICES = 2
_PROCESS = "speedscore.bench_suite.probes.learning.program_process"
_FIRST = "numpy"
"""The folder of the programs that every other change begins from."""


class ChangeKind(msgspec.Struct, frozen=True):
    """One of the changes there are."""

    title: str
    rtol: float
    """By how much, relative to itself, each loss may differ afterwards."""
    differs: bool = False
    """Whether some loss must differ: computed in another precision they do, unless nothing was changed."""
    devices: int = 1
    """On how many the program must say that it ran afterwards."""


CHANGES = {
    "numpy": ChangeKind("NumPy to the framework", rtol=1e-4),
    "devices": ChangeKind("one device to several", rtol=1e-4, devices=DEVICES),
    "bfloat16": ChangeKind("float32 to bfloat16", rtol=2e-2, differs=True),
    "checkpointing": ChangeKind("add checkpointing", rtol=1e-5),
}


class Launch(msgspec.Struct, frozen=True):
    """How a framework's program comes to several devices on one host."""

    variables: dict[str, str] = {}
    prepare: str = ""
    """``module:function`` that is called first, with the number of devices as ``count``."""
    processes: int = 1
    """How many run the program at once, each told its rank as ``torchrun`` tells it."""


_ON_JAX = Launch({"XLA_FLAGS": f"--xla_force_host_platform_device_count={DEVICES}"})
_LAUNCHES = {
    "torch": Launch(processes=DEVICES),
    "tensorflow": Launch(prepare="speedscore.bench_suite.frameworks.tensorflow.learning.devices:split_host"),
}


class ChangeDisagrees(Exception):
    """The program computes something else after the change; the message says what was expected and what was found."""


def list_cases() -> Sequence[ProbeCase]:
    """One for each change and framework that has a program of it."""
    return [
        ProbeCase("change", framework=line.id, subject=change, is_quick=True)
        for line in probed_frameworks()
        for change in CHANGES
        if program_of(change, line.id).is_file()
    ]


def program_of(change: str, framework: str) -> Path:
    return learning_folder() / "changes" / change / f"{framework}.py"


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Run both and count; ``seconds`` are those of the changed program, in a process that has run the other one."""
    before = program_of(_FIRST, "numpy" if case.subject == _FIRST else case.framework)
    launch = _LAUNCHES.get(case.framework, _ON_JAX) if CHANGES[case.subject].devices > 1 else Launch()
    return ask_change(
        before,
        program_of(case.subject, case.framework),
        change=CHANGES[case.subject],
        launch=launch,
        distributions=FRAMEWORKS[case.framework].distributions,
        tools=tools,
    )


def ask_change(
    before: Path, after: Path, *, change: ChangeKind, launch: Launch, distributions: Sequence[str], tools: Tools
) -> Answer:
    """Raises ChangeDisagrees, and whatever running either program raises."""
    processes = _start(launch, tools)
    old = processes[0].call(f"{_PROCESS}:run_program", path=str(before))
    began = time.perf_counter()
    news = call_together(processes, f"{_PROCESS}:run_program", [{"path": str(after)}] * len(processes))
    seconds = time.perf_counter() - began
    for new in news:
        check_agreement(old["losses"], new["losses"], change=change, devices=new["devices"])
    counted = count_change(before.read_text(), after.read_text())
    return Answer(
        "counted",
        (seconds,),
        processes[0].versions(*distributions, "numpy"),
        observations={"first_loss": news[0]["losses"][0], "devices": news[0]["devices"]},
        measurements={
            "change_lines_before": [counted.lines_before],
            "change_lines_after": [counted.lines_after],
            "change_lines": [counted.lines_removed + counted.lines_added],
            "change_tokens": [counted.tokens_removed + counted.tokens_added],
        },
    )


def check_agreement(before: Sequence[float], after: Sequence[float], *, change: ChangeKind, devices: int) -> None:
    """Raises ChangeDisagrees for other losses, for the same ones where they must differ, and for too few devices."""
    if len(before) != len(after) or not before:
        raise ChangeDisagrees(f"{change.title}: expected {len(before)} losses, at least one, found {len(after)}")
    for old, new in zip(before, after, strict=True):
        if not math.isclose(old, new, rel_tol=change.rtol):
            raise ChangeDisagrees(f"{change.title}: expected a loss of {old} within {change.rtol:g}, found {new}")
    if change.differs and list(before) == list(after):
        raise ChangeDisagrees(f"{change.title}: expected losses that differ in their last digits, found the same ones")
    if devices != change.devices:
        raise ChangeDisagrees(
            f"{change.title}: expected the program to use {change.devices} devices, it used {devices}"
        )


def _start(launch: Launch, tools: Tools) -> list[ProbeProcess]:
    port = str(free_port()) if launch.processes > 1 else ""
    processes = [
        tools.start(variables=launch.variables | _rank_variables(rank, launch.processes, port))
        for rank in range(launch.processes)
    ]
    if launch.prepare:
        for process in processes:
            process.call(launch.prepare, count=DEVICES)
    return processes


def _rank_variables(rank: int, processes: int, port: str) -> dict[str, str]:
    """What ``torchrun`` gives each of its processes; nothing for one that is alone."""
    if processes == 1:
        return {}
    return {"RANK": str(rank), "WORLD_SIZE": str(processes), "MASTER_ADDR": LOOPBACK, "MASTER_PORT": port}
