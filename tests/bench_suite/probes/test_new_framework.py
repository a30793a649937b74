"""A framework that the suite has just been given is asked what is asked of all: no family's table has its ecosystem."""

from __future__ import annotations

import importlib

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.probe import Family, ProbeCase, probed_frameworks

NEW = Framework(
    "fresh", "speedscore.bench_suite.frameworks.fresh.program:build", ecosystem="fresh", extra="fresh", packages=()
)
OF_AN_ECOSYSTEM = {"nan", "survival", "scaling"}
"""Asked of those alone of whose ecosystem the family knows a switch, an older release, or a way to share a step."""


def list_cases(family: Family) -> list[ProbeCase]:
    """As the family lists them now, and not as they were kept when they were listed first."""
    module, _, function = family.cases.partition(":")
    return list(getattr(importlib.import_module(module), function)())


def test_every_family_still_lists_its_cases_and_asks_of_it_what_needs_no_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {name: list_cases(family) for name, family in FAMILIES.items()}
    monkeypatch.setitem(FRAMEWORKS, NEW.id, NEW)
    assert NEW in probed_frameworks()
    after = {name: list_cases(family) for name, family in FAMILIES.items()}
    added = {name: [case for case in cases if case not in before[name]] for name, cases in after.items()}
    assert {name: len(cases) - len(added[name]) for name, cases in after.items()} == {
        name: len(cases) for name, cases in before.items()
    }
    assert {case.framework for cases in added.values() for case in cases} == {NEW.id}
    asked = {name for name, cases in added.items() if cases}
    assert asked >= {"import", "install", "reproducible", "trace", "deprecations", "hiccups", "shapes"}
    assert not asked & OF_AN_ECOSYSTEM
