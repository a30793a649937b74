"""Reads the files of claims: one a source, each entry checked, and refused with one line that names file and claim.

``fixtures/claims/<source>.toml`` says above what all its claims share (who, when, where, on what), and under
``[[claims]]`` each of them; an entry that names several rivals is as many claims. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.facts.snapshots import fixtures_folder
from speedscore.scoring.facts.toml_file import TomlError, read_toml
from speedscore.text.cleaning import one_line


class _ClaimsFile(msgspec.Struct, forbid_unknown_fields=True):
    claims: list[dict[str, Any]]
    shared: dict[str, Any] = {}
    """Fields of every claim of the file; an entry's own come first."""


def shipped_claims() -> tuple[Claim, ...]:
    """All that come with the package. Raises FactError."""
    return load_claims(fixtures_folder() / "claims")


def load_claims(folder: Path) -> tuple[Claim, ...]:
    """Every claim of a folder's files, by file and place. Raises FactError where one cannot be trusted."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise FactError(f"{folder}: holds no claims; expected <source>.toml")
    claims = _each_once([(path, claim) for path in paths for claim in load_claims_of(path)])
    known = {claim.id for claim in claims}
    for claim in claims:
        if unknown := [name for name in claim.beside if name not in known]:
            raise FactError(f"{folder}: claim {claim.id}: beside names {one_line(unknown[0])!r}, which has no claim")
    return claims


def load_claims_of(path: Path) -> tuple[Claim, ...]:
    """Every claim of one file. Raises FactError."""
    try:
        document = msgspec.convert(read_toml(path), type=_ClaimsFile)
    except TomlError as error:
        raise FactError(str(error)) from error
    except msgspec.ValidationError as error:
        raise FactError(f"{path}: {one_line(str(error))}; expected [shared] and [[claims]]") from error
    return tuple(
        claim for place, entry in enumerate(document.claims, 1) for claim in _make(path, place, document.shared, entry)
    )


def _make(path: Path, place: int, shared: dict[str, Any], entry: dict[str, Any]) -> Iterator[Claim]:
    fields = {**shared, **entry}
    name = fields.get("id", f"number {place}")
    rivals = fields.pop("rivals", None)
    try:
        if rivals is None:
            yield msgspec.convert(fields, type=Claim)
            return
        if "rival" in fields:
            raise ValueError("has rival and rivals; expected one of them")
        for rival in msgspec.convert(rivals, type=list[str]):
            yield msgspec.convert({**fields, "id": f"{name}-{rival}", "rival": rival}, type=Claim)
    except ValueError as error:
        raise FactError(f"{path}: claim {one_line(str(name))}: {one_line(str(error))}") from error


def _each_once(named: Iterable[tuple[Path, Claim]]) -> tuple[Claim, ...]:
    first: dict[str, tuple[Path, Claim]] = {}
    for path, claim in named:
        before = first.setdefault(claim.id, (path, claim))
        if before[1] is not claim:
            raise FactError(f"{path}: claim {claim.id}: {before[0]} has one of that id")
    return tuple(claim for _, claim in first.values())
