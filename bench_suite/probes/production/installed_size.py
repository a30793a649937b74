"""What installing a framework brings: its distributions and all that they require, their bytes, and what is missing.

The graph of requirements is read from the metadata of what is installed here, markers evaluated, extras followed only
where a requirement asks for them. No framework is imported and nothing is installed. Bytes are those of the files that
each distribution lists as its own, compiled Python files included. ``seconds`` is the walk.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.tools import Tools

_EXAMPLES = 4
"""As many of the names of what is missing are shown."""


class Installed(NamedTuple):
    """One distribution that is installed."""

    version: str
    requires: tuple[str, ...]
    """Its requirements, as its metadata have them."""


class Walk(NamedTuple):
    """What is reached from some distributions."""

    found: frozenset[str]
    """Canonical names, those that it began with included."""
    missing: tuple[str, ...]
    """``wanted (for whom)`` that is not installed."""
    conflicting: tuple[str, ...]
    """``name version, wanted (for whom)`` that is installed in a version that was not asked for."""


def list_cases() -> Sequence[ProbeCase]:
    """One a framework."""
    return [ProbeCase("install", framework=line.id) for line in probed_frameworks()]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Walk the requirements of the distributions that hold the framework's packages."""
    del tools
    began = time.perf_counter()
    installed = read_installed()
    owners = metadata.packages_distributions()
    roots = find_roots(case.framework, owners)
    walk = walk_requirements(roots, installed)
    elsewhere = {
        name
        for line in probed_frameworks()
        if line.ecosystem != FRAMEWORKS[case.framework].ecosystem and not line.missing_packages()
        for name in walk_requirements(find_roots(line.id, owners), installed).found
    }
    own_bytes = sum(map(count_bytes, roots))
    all_bytes = own_bytes + sum(map(count_bytes, walk.found - set(roots)))
    return judge(
        walk,
        seconds=time.perf_counter() - began,
        versions={name: installed[name].version for name in roots},
        measurements={
            "install_own_bytes": [own_bytes],
            "install_bytes": [all_bytes],
            "install_dependencies": [len(walk.found - set(roots))],
            "install_shared_dependencies": [len((walk.found - set(roots)) & elsewhere)],
        },
    )


def judge(
    walk: Walk, *, seconds: float, versions: dict[str, str], measurements: Mapping[str, Sequence[float]]
) -> Answer:
    """``incomplete`` where a requirement is not installed, ``conflicting`` where its version does not fit."""
    reason = "; ".join((*walk.missing, *walk.conflicting)[:_EXAMPLES])
    outcome = "incomplete" if walk.missing else "conflicting" if walk.conflicting else "complete"
    return Answer(
        outcome,
        (seconds,),
        versions,
        reason=reason,
        observations={"own": ", ".join(sorted(versions))},
        measurements=measurements,
    )


def read_installed() -> dict[str, Installed]:
    """Canonical name → what is installed; where a name is found twice, the first is what Python imports."""
    installed: dict[str, Installed] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            installed.setdefault(
                canonicalize_name(name), Installed(distribution.version, tuple(distribution.requires or ()))
            )
    return installed


def find_roots(framework: str, owners: Mapping[str, Sequence[str]]) -> list[str]:
    """The distributions that hold the packages of the framework's line. ``owners``: importable name → distributions."""
    return sorted({canonicalize_name(name) for package in FRAMEWORKS[framework].packages for name in owners[package]})


def walk_requirements(roots: Iterable[str], installed: Mapping[str, Installed]) -> Walk:
    """Everything that the roots need, by the requirements of what is installed."""
    found: set[str] = set()
    missing: dict[str, None] = {}
    conflicting: dict[str, None] = {}
    asked: set[tuple[str, str]] = set()
    waiting = [(name, "") for name in roots]
    while waiting:
        if (node := waiting.pop()) in asked:
            continue
        asked.add(node)
        name, extra = node
        found.add(name)
        for text in installed[name].requires:
            requirement = Requirement(text)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
                continue
            wanted, note = canonicalize_name(requirement.name), f"{requirement.name}{requirement.specifier} ({name})"
            if wanted not in installed:
                missing[note] = None
                continue
            if not requirement.specifier.contains(installed[wanted].version, prereleases=True):
                conflicting[f"{wanted} {installed[wanted].version}, wanted {note}"] = None
            waiting += [(wanted, wanted_extra) for wanted_extra in ("", *sorted(requirement.extras))]
    return Walk(frozenset(found), tuple(missing), tuple(conflicting))


def count_bytes(name: str) -> int:
    """Of the files that a distribution lists as its own and that are there."""
    total = 0
    for file in metadata.distribution(name).files or ():
        try:
            total += file.locate().stat().st_size  # type: ignore[attr-defined, unused-ignore]
        except OSError:
            continue
    return total
