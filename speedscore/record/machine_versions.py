"""Where the machines behind a run's figures differ in their versions: what a fleet was allowed, and readers must know.

A figure is of one machine and its versions, and a score joins figures of several. It says what differs, and judges and
refuses nothing.
"""

from __future__ import annotations

from speedscore.host.distributions import takes_part
from speedscore.host.fields import as_text
from speedscore.record.machines import measured_by_machine
from speedscore.record.run_record import RunRecord

PACKAGE, PYTHON = "package.", "python."
"""Beginnings of the fields that hold a version."""


def differing_versions(run: RunRecord) -> dict[str, dict[str, str]]:
    """Field, as ``package.jax`` → machine, as a case names it → its version, where they are not the same on all that
    measured or answered probes.

    A machine that lacks a package is left out, for nothing that it measured needs it. First are the packages after
    which a measured line is named, and last what is of Python itself.
    """
    measured = measured_by_machine(run)
    lines = {case.framework for cases in measured.values() for case in cases}
    probed = [""] if any(probe.status == "answered" for probe in run.probes) else []
    environments = {
        machine: run.machines[machine] if machine else run.environment
        for machine in dict.fromkeys([*probed, *measured])
    }
    fields = dict.fromkeys(
        field for environment in environments.values() for field in environment if _is_version(field)
    )
    found: dict[str, dict[str, str]] = {}
    for field in sorted(fields, key=lambda field: (field.startswith(PYTHON), field.removeprefix(PACKAGE) not in lines)):
        versions = {
            machine: version
            for machine, environment in environments.items()
            if (version := as_text(environment.get(field))) is not None
        }
        if len(set(versions.values())) > 1:
            found[field] = versions
    return found


def _is_version(field: str) -> bool:
    return field.startswith(PYTHON) or (field.startswith(PACKAGE) and takes_part(field.removeprefix(PACKAGE)))
