"""Cells of the families' tables, made of saved answers: one function for each kind. It asks and compares nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.record.probe_result import ProbeResult
from speedscore.text.numbers import first_line

Cell = Callable[[ProbeResult], str]


def answers_table(
    probes: Iterable[ProbeResult],
    family: str,
    title: str,
    columns: Mapping[str, Cell],
    *,
    notes: tuple[str, ...] = (),
) -> Sequence[Table]:
    """One table with a row for each answer to the family, in their order; none where there are none."""
    rows = tuple(
        (probe.framework, *(cell(probe) for cell in columns.values())) for probe in list_answered(probes, family)
    )
    return (Table(("", *columns), rows, title=title, notes=notes),) if rows else ()


def list_answered(probes: Iterable[ProbeResult], family: str) -> list[ProbeResult]:
    """The probes of the family that were answered."""
    return [probe for probe in probes if probe.family == family and probe.status == "answered"]


def outcome(probe: ProbeResult) -> str:
    return probe.outcome


def subject(probe: ProbeResult) -> str:
    return probe.subject


def target(probe: ProbeResult) -> str:
    return probe.target or NOTHING


def reason(probe: ProbeResult) -> str:
    return first_line(probe.reason) or NOTHING


def observation(name: str) -> Cell:
    """What was seen, by its name."""

    def cell(probe: ProbeResult) -> str:
        value = probe.observations.get(name)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return NOTHING if value is None else str(value)

    return cell


def samples(probe: ProbeResult, name: str) -> tuple[float, ...]:
    """Of a metric; none where it was not measured."""
    measurement = probe.find(name)
    return () if measurement is None else measurement.samples


def middle(probe: ProbeResult, name: str) -> float | None:
    """The median of a metric; None where it was not measured."""
    measured = samples(probe, name)
    return median(measured) if measured else None


def quantity(name: str, shown: Callable[[float], str]) -> Cell:
    """The median of a metric, as ``shown`` writes it."""

    def cell(probe: ProbeResult) -> str:
        value = middle(probe, name)
        return NOTHING if value is None else shown(value)

    return cell


def count(name: str) -> Cell:
    """The median of a metric that counts."""
    return quantity(name, lambda value: f"{value:,.0f}")


def ratio(name: str, base: str) -> Cell:
    """How many times the median of one metric is that of another."""

    def cell(probe: ProbeResult) -> str:
        above, below = middle(probe, name), middle(probe, base)
        return NOTHING if above is None or not below else f"{above / below:.2f} ×"

    return cell
