"""What a card says of the runs behind it: name, machine, shapes, and how near the certificates were to their limits.

It sums up what the runs hold and judges nothing.
"""

from __future__ import annotations

import msgspec

from speedscore.host.fields import Scalar
from speedscore.scoring.evidence.evidence import Evidence


class RunSummary(msgspec.Struct, frozen=True):
    """One run as a card names it."""

    name: str
    created: str
    preset: str
    machine: str


def summarize_runs(evidence: Evidence) -> tuple[RunSummary, ...]:
    return tuple(
        RunSummary(
            name=run.name,
            created=run.record.created,
            preset=run.record.preset,
            machine=machine_of(run.record.environment),
        )
        for run in evidence.runs
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


def machine_of(environment: dict[str, Scalar]) -> str:
    """Names of the processor and of every GPU that the record's environment holds."""
    return ", ".join(
        str(value)
        for key, value in environment.items()
        if key == "cpu.model" or (key.startswith("gpu.") and key.endswith(".name"))
    )
