"""Which fixtures a test uses, and which of them could not be made: a fixture that fails or waits does so in every test
that uses it, and is to be named in each. It makes none, and decides nothing."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

_FAILED_IN = "_speedscore_gate_failed_in"


def key_of(fixture: pytest.FixtureDef[Any], parameter: int | None) -> str:
    """The same on both sides, and another for one of the same name that is defined elsewhere, and for each of its
    parameters, by their place; None where it has none."""
    return f"{fixture.baseid}::{fixture.argname}{'' if parameter is None else f'[{parameter}]'}"


def parameter_of(request: Any) -> int | None:
    """Of the fixture that is asked for."""
    return request.param_index if hasattr(request, "param") else None


def fixtures_of(item: pytest.Item) -> Iterator[pytest.FixtureDef[Any]]:
    """Those that its signature and its marks lead to, and theirs in turn; not what a body asks for as it runs."""
    # There is no public way to ask for the definitions of those names.
    info = getattr(item, "_fixtureinfo", None)
    for name, definitions in (info.name2fixturedefs if info else {}).items():
        for definition in reversed(definitions):
            yield definition
            if name not in definition.argnames:  # else it is made from the one that it stands in for
                break


def fixture_users(items: Iterable[pytest.Item]) -> dict[str, list[int]]:
    """By the key of a fixture the places of the tests that use it."""
    users: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        places: dict[str, int] = getattr(getattr(item, "callspec", None), "indices", {})
        for key in {key_of(definition, places.get(definition.argname)) for definition in fixtures_of(item)}:
            users.setdefault(key, []).append(place)
    return users


def names_around(fixture: pytest.FixtureDef[Any]) -> dict[str, Any]:
    """Those of the module in which it is written, as a conftest.py; empty where that is not known."""
    names: dict[str, Any] = getattr(inspect.unwrap(fixture.func), "__globals__", {})
    return names


def mark_failure(error: BaseException, fixture: pytest.FixtureDef[Any]) -> None:
    """Let the exception say where it is from: pytest keeps that of a shared fixture, and raises it again in every
    further test that uses it, without making the fixture again."""
    vars(error).setdefault(_FAILED_IN, fixture.argname)


def failed_in(error: BaseException) -> str:
    """The fixture that raised it first; empty where none did."""
    return str(vars(error).get(_FAILED_IN, ""))
