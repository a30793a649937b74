"""The machines of a run: which cases were measured on which, and what each is called by people.

Figures of two machines are never put side by side: whoever shows, compares or averages cases of a run takes them
machine by machine, through this module. It compares nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.text.cleaning import one_line

OWN = "the machine that led the run"
"""What the run's own machine is called beside others."""


def by_machine(cases: Iterable[CaseResult]) -> dict[str, list[CaseResult]]:
    """Machine, as a case names it → its cases, the run's own machine first and then by name."""
    grouped: dict[str, list[CaseResult]] = {}
    for case in cases:
        grouped.setdefault(case.machine, []).append(case)
    return {machine: grouped[machine] for machine in sorted(grouped)}


def apart_by_machine(run: RunRecord) -> dict[str, RunRecord]:
    """Machine, as a case names it → the run as it would be with the cases of that machine alone, and no other.

    The run's own machine, always there and first, has the probes too, and what was measured nowhere is left to the
    machine that the case names.
    """
    cases = {"": [], **by_machine(run.cases)} if run.machines else {"": list(run.cases)}
    return {
        machine: msgspec.structs.replace(
            run,
            environment=run.machines[machine] if machine else run.environment,
            cases=tuple(own),
            ratios=tuple(ratio for ratio in run.ratios if ratio.machine == machine),
            probes=() if machine else run.probes,
            machines={machine: run.machines[machine]} if machine else {},
        )
        for machine, own in cases.items()
    }


def machine_of(environment: Mapping[str, Scalar]) -> str:
    """Names of the processor and of every GPU that the record's environment holds."""
    return ", ".join(
        str(value)
        for key, value in environment.items()
        if key == "cpu.model" or (key.startswith("gpu.") and key.endswith(".name"))
    )


def named_machine(run: RunRecord, machine: str) -> str:
    """As in ``box-2 (AMD EPYC 7B13, NVIDIA H100)``, safe to print."""
    environment = run.machines[machine] if machine else run.environment
    hardware = machine_of(environment)
    return one_line(f"{machine or OWN}{f' ({hardware})' if hardware else ''}")


def measured_by_machine(run: RunRecord) -> dict[str, list[CaseResult]]:
    """The same of the cases of a run that have figures."""
    return by_machine(case for case in run.cases if case.status == "measured")
