"""The probes of all runs that are scored, each question once: the newest answer to it, else the newest that was asked.

Nothing is asked or judged here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import msgspec

from speedscore.bench_suite.probes.mistakes.corpus import About, list_cases, read_about
from speedscore.record.probe_result import ProbeResult
from speedscore.report.content import Content
from speedscore.report.identifiers import probe_group_id


class HeldProbe(msgspec.Struct, frozen=True):
    """A probe and the run that holds it."""

    run: str
    probe: ProbeResult


def probes_of(content: Content) -> tuple[HeldProbe, ...]:
    """In the order of the runs, the oldest first."""
    kept: dict[str, HeldProbe] = {}
    for run in content.runs:
        for probe in run.record.probes:
            before = kept.get(probe.nodeid)
            if before is None or probe.status == "answered" or before.probe.status != "answered":
                kept[probe.nodeid] = HeldProbe(run=run.name, probe=probe)
    return tuple(kept.values())


def groups_of(held: Iterable[HeldProbe]) -> dict[str, list[HeldProbe]]:
    """By the address of their detail those that one cell of a table counts together: of a line, family and target."""
    groups: dict[str, list[HeldProbe]] = {}
    for each in held:
        name = probe_group_id(each.probe.framework, each.probe.family, each.probe.target)
        groups.setdefault(name, []).append(each)
    return groups


@functools.cache
def mistakes() -> dict[str, About]:
    """What the corpus of this release says of each of its mistakes."""
    return {subject: read_about(subject) for subject in {case.subject for case in list_cases()}}
