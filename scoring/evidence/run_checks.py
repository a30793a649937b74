"""Why a run cannot be judged although it can be read: what no session can have measured, and what contradicts itself.

A saved file may be damaged, edited, or made by a machine whose clock is wrong. It is refused here with a reason, before
a figure of it reaches a logarithm or a sum. Nothing is repaired, and how good a measurement was is not asked.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from speedscore.record.measurement import Measurement
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.text.cleaning import one_line

_SHORTEST_SECONDS, _LONGEST_SECONDS = 1e-12, 1e9
"""Limits of a round: less than a clock can tell, and thirty years."""
_LEAST, _MOST = 1e-18, 1e24
"""Limits of any other sample that is not zero, in whatever unit: orders of magnitude beyond the largest machines."""

_LONGEST_NAME = 60
"""Characters that a card's title and columns have room for."""


def find_problem(run: RunRecord, *, today: datetime.date) -> str:
    """The first reason not to judge the run, in one line; empty where there is none."""
    return next(_problems(run, today=today), "")


def _problems(run: RunRecord, *, today: datetime.date) -> Iterator[str]:
    yield from _of_date(run.created, of="its date", today=today)
    ecosystems: dict[str, str] = {}
    places = set()
    for case in (case for case in run.cases if case.status == "measured"):
        ecosystem = ecosystems.setdefault(case.framework, case.ecosystem)
        if ecosystem != case.ecosystem:
            yield f"{case.framework} is of {ecosystem} in one case and of {case.ecosystem} in another; expected one"
        for name in (case.framework, case.ecosystem, case.model):
            if not name.strip():
                yield f"{case.id or 'a case'} does not say of which framework, ecosystem and model it is"
            if len(name) > _LONGEST_NAME:
                yield f"the name {name[:_LONGEST_NAME]!r}… has {len(name)} characters; expected at most {_LONGEST_NAME}"
        place = (case.framework, case.model, case.device, case.phase, case.precision, case.machine)
        if place in places:
            yield f"{' '.join(filter(None, place))} stands in the run twice; expected each once"
        places.add(place)
        yield from _of_case(case)
    for probe in run.probes:
        yield from _of_measurements(probe.id, probe.measurements)
        if probe.occasion:
            yield from _of_date(probe.occasion, of=f"the date of {probe.id}", today=today)


def _of_date(moment: str, *, of: str, today: datetime.date) -> Iterator[str]:
    try:
        day = datetime.datetime.fromisoformat(moment).date()
    except ValueError:
        yield f"{of} {one_line(moment)!r} is none; expected ISO 8601, as in 2026-11-22T12:00:00+00:00"
        return
    # Somewhere it is tomorrow already.
    if day > today + datetime.timedelta(days=1):
        yield (
            f"made on {day}, after today, {today} (UTC); expected a day that has begun: is that machine's clock right?"
        )


def _of_case(case: CaseResult) -> Iterator[str]:
    for seconds in case.rounds_seconds:
        if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
            yield (
                f"a round of {case.id} took {seconds:g} s; expected {_SHORTEST_SECONDS:g} to {_LONGEST_SECONDS:g}: "
                "the file is damaged, measure again"
            )
            return
    yield from _of_measurements(case.id, case.measurements)
    if case.certificate is not None and not 0 <= case.certificate.worst_ratio <= 1:
        yield f"the certificate of {case.id} has an error below zero or beyond its tolerance; measure again"


def _of_measurements(name: str, measurements: Iterable[Measurement]) -> Iterator[str]:
    for measurement in measurements:
        for sample in measurement.samples:
            if sample and not _LEAST <= sample <= _MOST:
                yield (
                    f"{measurement.name} of {name} has a sample of {sample:g}; expected 0 or {_LEAST:g} to {_MOST:g}: "
                    "the file is damaged, measure again"
                )
                return
