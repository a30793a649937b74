"""Runs in a framework's processes: build the shared program, certify it, look where its arrays lie, and time it.

What is timed, is timed on real devices alone. The framework is known by the module ``scaling`` of its folder only.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, cast

import msgspec

from speedscore.bench_suite.frameworks.sharding import Member, Scaling, scaling_module
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.scaling.proof import Proof
from speedscore.bench_suite.workers.certificate import CertificateError, certify
from speedscore.bench_suite.workloads.reference import Reference
from speedscore.bench_suite.workloads.scaling import make_scaling_reference, make_timed_workload, make_workload
from speedscore.host.clock import seconds
from speedscore.record.phases import DeviceName
from speedscore.record.run_record import Certificate

_WARM_UP_STEPS = 5
_ROUNDS = 20
_STEPS_IN_ROUND = 10


class SharingRequest(msgspec.Struct, frozen=True):
    """What a process is asked."""

    framework: str
    way: str
    devices: int
    device: DeviceName
    member: Member | None
    """Which of several processes it is; None for one by itself."""


def write_reference(memory: dict[str, Any], *, path: str) -> None:
    """The float64 answer, for all processes."""
    del memory
    Path(path).write_bytes(msgspec.json.encode(make_scaling_reference()))


def prepare(memory: dict[str, Any], *, task: dict[str, Any]) -> None:
    """Import the framework. Raises DeviceUnavailable where there are fewer devices than the task asks for."""
    del memory
    asked = msgspec.convert(task, SharingRequest)
    scaling = _scaling(asked)
    # On the host every process brings a device, and JAX may not be asked for those of all before it has joined them.
    if asked.member is None or asked.device != "cpu":
        scaling.require_devices(asked.devices, asked.device)


def prove(memory: dict[str, Any], *, task: dict[str, Any], reference: str) -> dict[str, Any]:
    """A ``Proof`` of the task."""
    del memory
    proof: dict[str, Any] = msgspec.to_builtins(prove_task(msgspec.convert(task, SharingRequest), Path(reference)))
    return proof


def prove_task(task: SharingRequest, reference: Path) -> Proof:
    """``reference`` is the file of ``write_reference``."""
    scaling = _scaling(task)
    # The program is another function's: it must be gone before the processes part (see PyTorch's ``joined``).
    with scaling.joined(task.member, task.device):
        return _prove_joined(task, scaling, reference=msgspec.json.decode(reference.read_bytes(), type=Reference))


def _prove_joined(task: SharingRequest, scaling: Scaling, *, reference: Reference) -> Proof:
    workload = make_workload()
    began = seconds()
    program = scaling.build(
        workload, line=FRAMEWORKS[task.framework], way=task.way, devices=task.devices, device=task.device
    )
    program.compile()
    certificate = certify(program, workload, "training", reference=reference)
    elapsed_seconds = seconds() - began
    program.step()
    program.wait()
    flops = program.counts().get("xla_flops")
    worst = max(certificate.checks, key=lambda check: _used(check.error, check.tolerance))
    return Proof(
        seconds=elapsed_seconds,
        failure=_failure(task, certificate),
        worst_check=worst.quantity,
        worst_share=_used(worst.error, worst.tolerance),
        reference=certificate.reference,
        spread=scaling.spread(program),
        computation=None if flops is None else flops / workload.training_flops(),
        facts=program.describe(),
    )


def time_steps(memory: dict[str, Any], *, task: dict[str, Any], preset: str) -> list[float]:
    """Seconds a step, a value a round, of ``gpt`` at the session's sizes."""
    del memory
    asked = msgspec.convert(task, SharingRequest)
    scaling = _scaling(asked)
    with scaling.joined(asked.member, asked.device):
        return _time_joined(asked, scaling, preset=preset)


def _time_joined(asked: SharingRequest, scaling: Scaling, *, preset: str) -> list[float]:
    program = scaling.build(
        make_timed_workload(preset),
        line=FRAMEWORKS[asked.framework],
        way=asked.way,
        devices=asked.devices,
        device=asked.device,
    )
    program.compile()
    for _ in range(_WARM_UP_STEPS):
        program.step()
    program.wait()
    samples = []
    for _ in range(_ROUNDS):
        began = seconds()
        for _ in range(_STEPS_IN_ROUND):
            program.step()
        program.wait()
        samples.append((seconds() - began) / _STEPS_IN_ROUND)
    return samples


def _scaling(task: SharingRequest) -> Scaling:
    return cast(Scaling, importlib.import_module(scaling_module(task.framework)))


def _failure(task: SharingRequest, certificate: Certificate) -> str:
    if certificate.passed:
        return ""
    return str(CertificateError(f"{task.framework} by {task.way} over {task.devices}", certificate))


def _used(error: float, tolerance: float) -> float:
    """The part of the tolerance that an error uses; an exact quantity uses none of it or all."""
    return error / tolerance if tolerance else float(error > 0)
