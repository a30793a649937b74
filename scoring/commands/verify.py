"""A JSON card against its evidence: everything is computed anew, and every figure that differs is named.

The card says which snapshot, runs, frameworks and policy it was made from; the facts and the rubric are those of this
checkout, and the runs are read again. Nothing of the card itself enters the computation.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from speedscore.host.files import read_file
from speedscore.record.run_file import RunFileError, load_run
from speedscore.scoring.cards.json import SCHEMA_VERSION, render
from speedscore.scoring.claims.claim_files import shipped_claims
from speedscore.scoring.commands import arguments
from speedscore.scoring.evidence.evidence import EvidenceError, NamedRun
from speedscore.scoring.evidence.shipped import gather_evidence, read_snapshots
from speedscore.scoring.rubric.criterion import Dimension
from speedscore.scoring.rubric.overrides import departures
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.rubric import RUBRIC_VERSION, load_rubric
from speedscore.scoring.scores.score_report import build_report
from speedscore.text.arguments import examples
from speedscore.text.cleaning import one_line
from speedscore.text.output import COMMAND, complain, write

_DIGITS = 9
"""Logarithms of another machine's library may differ beyond them."""
_LARGEST_EXACT = 2**53
"""Of whole numbers that a float holds; a larger one is compared as it is written."""


class CardError(ValueError):
    """The file is no card that can be verified here. The message is one line: file, expected, found, what to do."""


EXAMPLES = examples(f"{COMMAND} verify card.json", f"{COMMAND} verify card.json --run where/it/is/now.json")
ERRORS = (*arguments.ERRORS, CardError)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("card", type=Path, metavar="CARD.json", help="as speedscore card --format json prints it")
    arguments.add_runs(parser, what="where the card's runs are now, in its order")
    arguments.add_facts(parser)


def run(options: argparse.Namespace) -> int:
    """Compare, and return 0 where every digit follows, 1 where one differs."""
    differing = verify(options.card, runs=options.run, facts=options.facts)
    if not differing:
        return write(one_line(f"{options.card}: every figure follows from its evidence") + "\n", what="result")
    code = write("".join(f"{one_line(line)}\n" for line in differing), what="result")
    complain(f"{options.card}: {len(differing)} differ from what its evidence gives")
    return code or 1


class _Run(msgspec.Struct):
    name: str


class _Card(msgspec.Struct):
    """As much of a card as says what it was made from."""

    schema_version: int
    rubric_version: int
    snapshot: str
    as_of: str
    asked: list[str]
    frameworks: dict[str, Any]
    layers: dict[str, Any]
    runs: list[_Run]
    policy: Policy
    weights: dict[Dimension, float]


def verify(path: Path, *, runs: Sequence[Path] = (), facts: Sequence[Path] = ()) -> list[str]:
    """What differs, each as ``place: card says X, evidence gives Y``; empty where nothing does.

    ``runs`` stand for those that the card names, in its order; without them they are looked for where the command is
    given and then beside the card. ``facts`` are folders beside the shipped one. Raises CardError, FactError,
    RubricError, EvidenceError and RunFileError.
    """
    try:
        text = read_file(path)
        card = msgspec.json.decode(text, type=_Card)
        document = json.loads(text, object_pairs_hook=_each_once)
    except OSError as error:
        raise CardError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise CardError(f"{path}: not a card of speedscore card --format json ({error})") from error
    for what, written, supported in (
        ("schema", card.schema_version, SCHEMA_VERSION),
        ("rubric", card.rubric_version, RUBRIC_VERSION),
    ):
        if written != supported:
            raise CardError(f"{path}: made with {what} version {written}, and this release has {supported}")
    if not card.asked or not (card.frameworks or card.layers):
        raise CardError(f"{path}: expected a framework or a layer, found none; there is nothing to verify")
    places = list(runs) or [_find(run.name, beside=path.parent) for run in card.runs]
    if len(places) != len(card.runs):
        raise CardError(f"{path}: was made from {len(card.runs)} runs, and {len(places)} are given")
    shipped = load_rubric()
    try:
        rubric = msgspec.structs.replace(shipped, policy=card.policy, weights=card.weights)
    except ValueError as error:
        raise CardError(f"{path}: {error}") from error
    evidence = gather_evidence(
        rubric,
        read_snapshots(rubric, facts),
        month=card.snapshot,
        as_of=card.as_of,
        runs=[NamedRun(name=run.name, record=load_run(place)) for run, place in zip(card.runs, places, strict=True)],
    )
    known = set(evidence.names) | {name for device in evidence.measured for name in evidence.frameworks_on(device)}
    if unknown := [name for name in card.asked if name not in known]:
        raise EvidenceError(f"{path}: nothing is known of {unknown[0]!r} in snapshot {evidence.snapshot}")
    report = build_report(
        rubric, evidence, frameworks=card.asked, departures=departures(shipped, rubric), claims=shipped_claims()
    )
    return list(differences(document, json.loads(render(report, width=0))))


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises ValueError where a name stands in it twice, of which readers take one or the other."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"{one_line(name)!r} stands twice in one object")
        fields[name] = value
    return fields


def _find(name: str, *, beside: Path) -> Path:
    place = Path(name)
    if not place.is_file() and (beside / place.name).is_file():
        return beside / place.name
    if not place.is_file():
        raise RunFileError(f"{name}: the run that the card names is not here; name it with --run")
    return place


def differences(card: Any, anew: Any, place: str = "") -> Iterator[str]:
    """Compare two JSON values, figure by figure."""
    if isinstance(card, dict) and isinstance(anew, dict):
        for key in dict.fromkeys([*card, *anew]):
            inside = f"{place}.{key}".lstrip(".")
            if key not in card or key not in anew:
                yield f"{inside}: only {'the card' if key in card else 'the evidence'} has it"
            else:
                yield from differences(card[key], anew[key], inside)
    elif isinstance(card, list) and isinstance(anew, list) and len(card) == len(anew):
        for number, (old, new) in enumerate(zip(card, anew, strict=True)):
            yield from differences(old, new, f"{place}[{number}]")
    elif _written(card) != _written(anew):
        yield f"{place}: the card says {_written(card)}, the evidence gives {_written(anew)}"


def _written(value: Any) -> str:
    if isinstance(value, float) or (type(value) is int and abs(value) < _LARGEST_EXACT):
        return f"{value:.{_DIGITS}g}"
    return json.dumps(value, ensure_ascii=False)
