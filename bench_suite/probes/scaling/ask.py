"""How one is asked: start what gives the framework so many devices, have the step certified there, and judge it.

``seconds`` are those of building, compiling and certifying the shared program, in the slowest process.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from speedscore.bench_suite.frameworks.sharding import Member
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.frameworks.torch.torchrun import torchrun_command
from speedscore.bench_suite.probes.child import installed_versions
from speedscore.bench_suite.probes.ports import LOOPBACK, free_port
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, ProbeUnavailable
from speedscore.bench_suite.probes.process import Lost, ProbeProcess, Raised
from speedscore.bench_suite.probes.scaling.cases import COUNTS, DECLINED, Sharing, sharing_of
from speedscore.bench_suite.probes.scaling.in_process import SharingRequest
from speedscore.bench_suite.probes.scaling.launching import call_together
from speedscore.bench_suite.probes.scaling.proof import Proof, judge
from speedscore.bench_suite.probes.tools import Tools
from speedscore.bench_suite.workloads.scaling import split_share
from speedscore.host.fields import Scalar
from speedscore.text.numbers import first_line

ON_HOST = "forced host devices: correctness, never speed"
_ROOM = "speedscore.bench_suite.probes.scaling"
_REFERENCE = "reference.json"


class DeviceProcesses(msgspec.Struct, frozen=True):
    """The processes that hold one program together, and what each is asked."""

    processes: Sequence[ProbeProcess]
    tasks: Sequence[SharingRequest]

    def call(self, function: str, **arguments: Any) -> list[Any]:
        """As ``call_together``, each with its own task."""
        own = [{"task": msgspec.to_builtins(task), **arguments} for task in self.tasks]
        return call_together(self.processes, f"{_ROOM}.in_process:{function}", own)


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Raises ProbeUnavailable where there are fewer devices than the case asks for."""
    sharing, line = sharing_of(case), FRAMEWORKS[case.framework]
    began = time.perf_counter()
    versions = installed_versions({}, distributions=[*line.distributions, "numpy"])
    if reason := DECLINED.get((case.framework, sharing.way)):
        return Answer("declined", (time.perf_counter() - began,), versions, reason=reason)
    reference = tools.kept.folder("scaling", make=functools.partial(_make_reference, tools)) / _REFERENCE
    began = time.perf_counter()
    timed: dict[str, list[float]] = {}
    try:
        if sharing.in_processes and line.ecosystem == "pytorch":
            proofs = _by_torchrun(case, sharing, tools, reference)
        else:
            started = _start(case, sharing, tools)
            # All have imported the framework before any of them begins to wait for the others.
            started.call("prepare")
            proofs = [msgspec.convert(proof, Proof) for proof in started.call("prove", reference=str(reference))]
            timed = {} if case.device == "cpu" else _time(started, tools.preset)
    except (Raised, Lost) as error:
        if isinstance(error, Raised) and error.type_name == "DeviceUnavailable":
            raise ProbeUnavailable(error.message) from None
        elapsed_seconds = time.perf_counter() - began
        return Answer("refused", (elapsed_seconds,), versions, reason=first_line(str(error)))
    outcome, reason = judge(proofs, way=sharing.way, devices=sharing.devices, split_share=split_share(sharing.devices))
    return Answer(
        outcome,
        (max(proof.seconds for proof in proofs),),
        versions,
        reason=reason,
        observations=_observations(case, sharing, proofs),
        measurements=timed,
    )


def _make_reference(tools: Tools, folder: Path) -> None:
    process = tools.start()
    process.call(f"{_ROOM}.in_process:write_reference", path=str(folder / _REFERENCE))
    process.close()


def _start(case: ProbeCase, sharing: Sharing, tools: Tools) -> DeviceProcesses:
    """Raises DeviceUnavailable, as Raised, before more than one process is started."""
    ecosystem = FRAMEWORKS[case.framework].ecosystem
    task = SharingRequest(case.framework, sharing.way, sharing.devices, case.device, member=None)
    if ecosystem == "tensorflow":
        # Its groups of devices are known by a number that begins anew in each strategy: one strategy a process.
        return DeviceProcesses([tools.start(device=case.device)], [task])
    if ecosystem == "jax" and not sharing.in_processes:
        variables = _forced(COUNTS[-1]) if case.device == "cpu" else {}
        process, _ = tools.start_shared(case.framework, device=case.device, variables=variables)
        return DeviceProcesses([process], [task])
    variables = _forced(1) if ecosystem == "jax" else {}
    first, _ = tools.start_shared(f"{case.framework} 0", device=case.device, variables=variables)
    if case.device != "cpu":
        first.call(f"{_ROOM}.in_process:prepare", task=msgspec.to_builtins(task))
    others = [
        tools.start_shared(f"{case.framework} {rank}", device=case.device, variables=variables)
        for rank in range(1, sharing.devices)
    ]
    rendezvous = _rendezvous(ecosystem, tools)
    members = [Member(rank, sharing.devices, rendezvous) for rank in range(sharing.devices)]
    return DeviceProcesses(
        [first, *(process for process, _ in others)],
        [msgspec.structs.replace(task, member=member) for member in members],
    )


def _forced(devices: int) -> dict[str, str]:
    """Read when JAX is imported, and so set for a fresh process alone."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    return {"XLA_FLAGS": flags.strip()}


def _rendezvous(ecosystem: str, tools: Tools) -> str:
    """Where they find each other: PyTorch's in a new file, JAX's at an address that the first of them takes."""
    return f"{LOOPBACK}:{free_port()}" if ecosystem == "jax" else str(tools.scratch / "rendezvous")


def _by_torchrun(case: ProbeCase, sharing: Sharing, tools: Tools, reference: Path) -> list[Proof]:
    (folder := tools.scratch / "proofs").mkdir()
    task = SharingRequest(case.framework, sharing.way, sharing.devices, case.device, member=None)
    arguments = (str(folder), msgspec.json.encode(task).decode(), str(reference))
    command = torchrun_command(sharing.devices, module=f"{_ROOM}.launched", arguments=arguments)
    process = tools.start()
    if failed := process.call(f"{_ROOM}.launching:run_command", command=command):
        raise Lost(f"{failed}\n{process.last_lines()}", hung=False)
    return [msgspec.json.decode((folder / f"{rank}.json").read_bytes(), type=Proof) for rank in range(sharing.devices)]


def _time(started: DeviceProcesses, preset: str) -> dict[str, list[float]]:
    """Over all devices, and over one of them by the first process alone."""
    # Whoever meets again meets elsewhere: a file that has served once serves no more.
    together = DeviceProcesses(started.processes, [_meeting(task, "timed") for task in started.tasks])
    first = _meeting(started.tasks[0], "alone")
    member = None if first.member is None else msgspec.structs.replace(first.member, processes=1)
    alone = DeviceProcesses(started.processes[:1], [msgspec.structs.replace(first, devices=1, member=member)])
    return {
        "seconds_per_step": together.call("time_steps", preset=preset)[0],
        "one_device_seconds_per_step": alone.call("time_steps", preset=preset)[0],
    }


def _meeting(task: SharingRequest, suffix: str) -> SharingRequest:
    """The same task for a process that meets the others at another place."""
    if task.member is None:
        return task
    member = msgspec.structs.replace(task.member, rendezvous=f"{task.member.rendezvous}-{suffix}")
    return msgspec.structs.replace(task, member=member)


def _observations(case: ProbeCase, sharing: Sharing, proofs: Sequence[Proof]) -> dict[str, Scalar]:
    worst = max(proofs, key=lambda proof: proof.worst_share)
    first = proofs[0]
    return {
        "devices": sharing.devices,
        "device_kind": ON_HOST if case.device == "cpu" else first.facts.get("device_kind"),
        "processes": len(proofs),
        "reference": first.reference,
        "worst_check": worst.worst_check,
        "worst_share_of_tolerance": worst.worst_share,
        "parameters_on_a_device": max(proof.spread.parameters for proof in proofs),
        "optimizer_on_a_device": max(proof.spread.optimizer for proof in proofs),
        "batch_on_a_device": max(proof.spread.batch for proof in proofs),
        "computation_on_a_device": first.computation,
    }
