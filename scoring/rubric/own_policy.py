"""A policy of one's own: other weights or other rules than the rubric's, and the words by which a card admits to them.

The criteria themselves stay as they are; whoever wants other questions writes a rubric. Nothing is scored here.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from speedscore.scoring.rubric.rubric import DIMENSIONS, Dimension, Policy, Rubric, RubricError


class OwnRubric(msgspec.Struct, frozen=True):
    """A rubric and what was changed in it."""

    rubric: Rubric
    departures: tuple[str, ...] = ()
    """As in ``weight of performance 3 instead of 1``; empty where nothing was changed."""


def apply_policy(rubric: Rubric, *, weights: str | None, policy: Path | None) -> OwnRubric:
    """The rubric with a policy file's rules and then with ``weights`` as in ``performance=3,production=2``.

    Raises RubricError for a dimension that does not exist or is given twice, a weight that is negative or no number,
    weights that are all zero, and a policy file that cannot be read or names a rule that there is not.
    """
    own = rubric if policy is None else _with_file(rubric, policy)
    if weights is not None:
        own = _with_weights(own, _parsed(weights), source="--weights")
    return OwnRubric(rubric=own, departures=departures(rubric, own))


def _parsed(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in text.split(","):
        name, sign, number = part.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise RubricError(f"--weights: expected DIMENSION=NUMBER, as in performance=3, found {part!r}") from None
        if not sign:
            raise RubricError(f"--weights: expected DIMENSION=NUMBER, as in performance=3, found {part!r}")
    return found


def _with_file(rubric: Rubric, path: Path) -> Rubric:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RubricError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RubricError(f"{path}: not valid TOML ({error})") from error
    if unknown := [name for name in document if name not in ("policy", "weights")]:
        raise RubricError(f"{path}: expected the tables [policy] and [weights] of a rubric, found {unknown[0]!r}")
    try:
        rules = msgspec.convert(document.get("policy", {}), type=dict[str, Any])
        weights = msgspec.convert(document.get("weights", {}), type=dict[str, float])
        policy = msgspec.convert({**msgspec.to_builtins(rubric.policy), **rules}, type=Policy)
    except msgspec.ValidationError as error:
        raise RubricError(f"{path}: {error}") from error
    return _with_weights(msgspec.structs.replace(rubric, policy=policy), weights, source=str(path))


def _with_weights(rubric: Rubric, weights: dict[str, float], *, source: str) -> Rubric:
    own: dict[Dimension, float] = {}
    for name, weight in weights.items():
        dimension = _dimension(name, source)
        if dimension in own:
            raise RubricError(f"{source}: {dimension} is given twice")
        own[dimension] = weight
    try:
        return msgspec.structs.replace(rubric, weights={**rubric.weights, **own})
    except ValueError as error:
        raise RubricError(f"{source}: {error}") from error


def _dimension(name: str, source: str) -> Dimension:
    """By its whole name or the beginning of it."""
    found = [dimension for dimension in DIMENSIONS if name and dimension.startswith(name)]
    if len(found) != 1:
        what = f"could be {' or '.join(found)}" if found else "is no dimension"
        raise RubricError(f"{source}: {name!r} {what}; there are {', '.join(DIMENSIONS)}")
    return found[0]


def departures(rubric: Rubric, own: Rubric) -> tuple[str, ...]:
    """What of policy and weights is another in ``own``, in words."""
    rules = msgspec.structs.asdict(own.policy)
    found = [
        f"{name} {value} instead of {before}"
        for name, before in msgspec.structs.asdict(rubric.policy).items()
        if (value := rules[name]) != before
    ]
    found += [
        f"weight of {dimension} {own.weights[dimension]:g} instead of {before:g}"
        for dimension, before in rubric.weights.items()
        if own.weights[dimension] != before
    ]
    return tuple(found)
