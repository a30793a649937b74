"""The detail of a run: when, on which machine, of which commit, with which versions, and how much was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from speedscore.host.fields import Scalar
from speedscore.record.machines import OWN, machine_of, measured_by_machine
from speedscore.record.run_record import RunRecord
from speedscore.report.blocks import Cell, Column, Detail, DetailTable
from speedscore.report.content import Content
from speedscore.report.details.cases import fields_table
from speedscore.report.identifiers import run_id
from speedscore.text.cleaning import one_line

_PARTS = {"package.": "Versions", "git.": "Commit"}
"""Beginning of an environment's field → the table that it stands in; the rest is the machine."""


def run_details(content: Content) -> tuple[Detail, ...]:
    """One of each run, those too that hold no case or are not scored."""
    return tuple(
        Detail(
            id=run_id(run.name),
            title=f"Run {run.name}",
            entries=tuple(_entries(run.record)),
            tables=(*_machines(run.record), *_tables(run.record.environment), *_of_others(run.record)),
        )
        for run in (*content.runs, *(run for run, _ in content.left_out))
    )


def _entries(run: RunRecord) -> Iterator[tuple[str, Cell]]:
    yield "Made", Cell(run.created)
    yield "Preset", Cell(run.preset)
    yield "Seed of the order of turns", Cell(f"{run.seed}")
    if run.in_process:
        yield "Where it ran", Cell("inside pytest itself, which is no basis for a ranking")
    if run.cases:
        yield "Cases", Cell(_counts(Counter(case.status for case in run.cases)))
        occasions = dict.fromkeys(case.occasion for case in run.cases if case.occasion)
        if len(occasions) > 1:
            yield "Measured in several sessions", Cell(", ".join(occasions))
    if run.probes:
        yield "Probes", Cell(_counts(Counter(probe.status for probe in run.probes)))
    yield "Form of the file", Cell(f"version {run.schema_version}")


def _counts(counts: Counter[str]) -> str:
    return f"{counts.total()}: {', '.join(f'{count} {status}' for status, count in counts.most_common())}"


def _machines(run: RunRecord) -> Iterator[DetailTable]:
    """Which machines there are and what was measured on each; nothing of a run of one machine."""
    if run.machines:
        measured = measured_by_machine(run)
        yield DetailTable(
            title="Machines",
            columns=(Column("machine"), Column("hardware"), Column("measured cases")),
            rows=tuple(
                (one_line(machine) or OWN, machine_of(environment), len(measured.get(machine, ())))
                for machine, environment in {"": run.environment, **run.machines}.items()
            ),
        )


def _of_others(run: RunRecord) -> Iterator[DetailTable]:
    """Of every other machine what is not as on the run's own."""
    for machine, environment in run.machines.items():
        names = dict.fromkeys([*run.environment, *environment])
        differing = {
            name: environment.get(name) for name in names if environment.get(name) != run.environment.get(name)
        }
        if differing:
            yield fields_table(f"{one_line(machine)}, where it is not as {OWN}", differing)


def _tables(environment: dict[str, Scalar]) -> Iterator[DetailTable]:
    tables: dict[str, dict[str, Scalar]] = {"Machine and Python": {}, "Versions": {}, "Commit": {}}
    for name, value in environment.items():
        part = next((start for start in _PARTS if name.startswith(start)), None)
        tables[_PARTS[part] if part else "Machine and Python"][name.removeprefix(part or "")] = value
    for title, fields in tables.items():
        if fields:
            yield fields_table(title, fields)
