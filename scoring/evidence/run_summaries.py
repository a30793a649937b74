"""What a card says of the runs behind it: name, machine, shapes, and how near the certificates were to their limits.

It sums up what the runs hold and judges nothing.
"""

from __future__ import annotations

import msgspec

from speedscore.record.machine_versions import differing_versions
from speedscore.record.machines import machine_of, measured_by_machine
from speedscore.scoring.evidence.evidence import Evidence, NamedRun


class MachineSummary(msgspec.Struct, frozen=True):
    """One of the machines that the figures of a run come from."""

    name: str
    """The machine's name in the run; empty for the one that led it."""
    hardware: str
    measured: int
    """Cases that were measured on it."""


class RunSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One run as a card names it."""

    name: str
    created: str
    preset: str
    machine: str
    """The hardware that its figures come from; of several machines that of each, once."""
    machines: tuple[MachineSummary, ...] = ()
    """Left out where no other than the run's own machine measured anything."""
    differing_versions: dict[str, dict[str, str]] = {}
    """Field, as ``package.jax`` → machine, by its name → its version, where these machines have not all the same. The
    run's own is among them where it answered probes, too."""


def summarize_runs(evidence: Evidence) -> tuple[RunSummary, ...]:
    return tuple(_summary(run) for run in evidence.runs)


def _summary(run: NamedRun) -> RunSummary:
    record = run.record
    machines = tuple(
        MachineSummary(name=machine, hardware=machine_of(record.environment_of(cases[0])), measured=len(cases))
        for machine, cases in measured_by_machine(record).items()
    )
    # Where nothing was measured there may be probes, which the run's own machine was asked.
    hardware = dict.fromkeys(machine.hardware for machine in machines) or [machine_of(record.environment)]
    return RunSummary(
        name=run.name,
        created=record.created,
        preset=record.preset,
        machine=" and ".join(filter(None, hardware)),
        machines=machines if any(machine.name for machine in machines) else (),
        differing_versions=differing_versions(record),
    )


def worst_error(evidence: Evidence) -> float | None:
    """Largest error of all certificates over its tolerance; None when nothing was measured."""
    return max(
        (
            measured.case.certificate.worst_ratio
            for group in evidence.measured.values()
            for measured in group
            if measured.case.certificate is not None
        ),
        default=None,
    )


def shapes(evidence: Evidence) -> dict[str, str]:
    """One line a model, from the first measured case of each."""
    by_model: dict[str, str] = {}
    for group in evidence.measured.values():
        for measured in group:
            if measured.case.model not in by_model:
                by_model[measured.case.model] = ", ".join(
                    f"{name} {value}" for name, value in measured.case.workload.items() if name != "preset"
                )
    return dict(sorted(by_model.items()))
