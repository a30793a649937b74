"""Weights and rules that a user sets in place of the rubric's, and the words in which a card says so.

The criteria stay as they are: whoever wants other questions writes a rubric. Nothing is scored here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from speedscore.scoring.facts.toml_file import TomlError, read_toml
from speedscore.scoring.rubric.criterion import DIMENSIONS, Dimension
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.rubric import Rubric, RubricError


class OverriddenRubric(msgspec.Struct, frozen=True):
    """A rubric and what was changed in it."""

    rubric: Rubric
    departures: tuple[str, ...] = ()
    """As in ``weight of performance 3 instead of 1``; empty where nothing was changed."""


def apply_overrides(rubric: Rubric, *, weights: str | None, policy: Path | None) -> OverriddenRubric:
    """The rubric with a policy file's rules and then with ``weights`` as in ``performance=3,production=2``.

    Raises RubricError for a dimension that does not exist or is given twice, a weight that is negative or no number,
    weights that are all zero, and a policy file that cannot be read or names a rule that there is not.
    """
    changed = rubric if policy is None else _with_file(rubric, policy)
    if weights is not None:
        changed = _with_weights(changed, _parse_weights(weights), source="--weights")
    return OverriddenRubric(rubric=changed, departures=departures(rubric, changed))


def departures(rubric: Rubric, changed: Rubric) -> tuple[str, ...]:
    """What of policy and weights is another in ``changed``, in words."""
    rules = msgspec.structs.asdict(changed.policy)
    of_policy = [
        f"{name} {value} instead of {before}"
        for name, before in msgspec.structs.asdict(rubric.policy).items()
        if (value := rules[name]) != before
    ]
    of_weights = [
        f"weight of {dimension} {changed.weights[dimension]:g} instead of {before:g}"
        for dimension, before in rubric.weights.items()
        if changed.weights[dimension] != before
    ]
    return (*of_policy, *of_weights)


def _parse_weights(text: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            raise RubricError(f"--weights: expected DIMENSION=NUMBER, as in performance=3, found {part!r}") from None
    return weights


def _with_file(rubric: Rubric, path: Path) -> Rubric:
    try:
        document = read_toml(path)
    except TomlError as error:
        raise RubricError(str(error)) from error
    if unknown := [name for name in document if name not in ("policy", "weights")]:
        raise RubricError(f"{path}: expected the tables [policy] and [weights] of a rubric, found {unknown[0]!r}")
    try:
        rules = msgspec.convert(document.get("policy", {}), type=dict[str, Any])
        weights = msgspec.convert(document.get("weights", {}), type=dict[str, float])
        policy = msgspec.convert({**msgspec.to_builtins(rubric.policy), **rules}, type=Policy)
        changed = msgspec.structs.replace(rubric, policy=policy)
    except ValueError as error:  # as a ValidationError is, and what the rubric as a whole refuses
        raise RubricError(f"{path}: {error}") from error
    return _with_weights(changed, weights, source=str(path))


def _with_weights(rubric: Rubric, weights: dict[str, float], *, source: str) -> Rubric:
    by_dimension: dict[Dimension, float] = {}
    for name, weight in weights.items():
        dimension = _dimension_called(name, source)
        if dimension in by_dimension:
            raise RubricError(f"{source}: {dimension} is given twice")
        by_dimension[dimension] = weight
    try:
        return msgspec.structs.replace(rubric, weights={**rubric.weights, **by_dimension})
    except ValueError as error:
        raise RubricError(f"{source}: {error}") from error


def _dimension_called(name: str, source: str) -> Dimension:
    """The dimension of that name, or the only one whose name begins so. Raises RubricError."""
    matching = [dimension for dimension in DIMENSIONS if name and dimension.startswith(name)]
    if len(matching) != 1:
        problem = f"could be {' or '.join(matching)}" if matching else "is no dimension"
        raise RubricError(f"{source}: {name!r} {problem}; there are {', '.join(DIMENSIONS)}")
    return matching[0]
