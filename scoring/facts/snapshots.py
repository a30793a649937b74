"""Snapshots: the files of facts about one framework, a month or a day each, read and checked.

``fixtures/ecosystem/<framework>/<YYYY-MM>.toml`` holds what was known by the end of that month; ``<YYYY-MM-DD>.toml``
adds to its month what was known by that day. This module never ranks a fact above another and never fills in one that
is missing; a fact that it cannot trust is refused with one line that names file, fact and reason.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

import msgspec

import speedscore
from speedscore.scoring.facts import calendar
from speedscore.scoring.facts.fact import Fact, FactError, FactKey, ProjectRole, first_day, make_fact
from speedscore.scoring.facts.statement import Statement, make_statement
from speedscore.scoring.facts.toml_file import TomlError, read_toml
from speedscore.text.cleaning import is_name, one_line

_NAME = re.compile(r"(?P<month>\d{4}-(0[1-9]|1[0-2]))(?P<day>-\d{2})?")
_LONGEST = {"name": 40, "purpose": 80, "package": 80}
"""Characters, so that a card's title and tables have room for them."""


class Snapshot(msgspec.Struct, frozen=True):
    """What one file says."""

    framework: str
    month: str
    """``YYYY-MM``; no fact in it is younger."""
    name: str
    """For people: ``PyTorch`` where the folder is ``pytorch``."""
    role: ProjectRole
    facts: tuple[Fact, ...]
    layer_of: tuple[str, ...] = ()
    """Of a layer the frameworks that it stands on, by folder; a framework has none."""
    purpose: str = ""
    """Of a layer what it is for, in a few words; a framework has none."""
    package: str = ""
    """Its name on the package index, by which people also call it; empty where it is the folder's."""
    repository: str = ""
    """``owner/name`` of its main repository on GitHub; empty where an older snapshot says it, or none does."""
    day: str = ""
    """``YYYY-MM-DD`` of a file that adds to its month; empty for the month's own."""
    statements: tuple[Statement, ...] = ()
    """About a framework; a layer's card has no place for them."""

    def __post_init__(self) -> None:
        texts = [(field, getattr(self, field)) for field in ("name", "purpose", "package", "repository")]
        for field, text in (*texts, *(("layer_of", framework) for framework in self.layer_of)):
            if not is_name(text):
                raise ValueError(f"{field} is not one line of plain text: {one_line(text)!r}")
        for field, most in _LONGEST.items():
            if len(getattr(self, field)) > most:
                raise ValueError(f"{field} has {len(getattr(self, field))} characters; expected at most {most}")
        if not self.name.strip():
            raise ValueError("name is empty")
        if len(self.layer_of) != len(set(self.layer_of)):
            raise ValueError(f"layer_of names one framework twice: {', '.join(self.layer_of)}")
        of_layers = {
            "layer_of": bool(self.layer_of) and all(map(str.strip, self.layer_of)),
            "purpose": bool(self.purpose.strip()),
        }
        for field, given in of_layers.items():
            if self.role == "layer" and not given:
                raise ValueError(f"a layer needs {field}; found none")
            if self.role == "framework" and given:
                raise ValueError(f"{field} is for a layer; found it in a framework, where it must go")


class _SnapshotFile(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    role: ProjectRole
    facts: dict[str, list[dict[str, Any]]]
    layer_of: str | tuple[str, ...] = ()
    """One framework, or several."""
    purpose: str = ""
    package: str = ""
    statements: dict[str, list[dict[str, Any]]] = {}
    repository: str = ""


def fixtures_folder() -> Path:
    """Where the fixtures lie: inside the package, which in a checkout is a link to the folder at its top."""
    return Path(speedscore.__file__).parent / "fixtures"


def load_snapshots(
    *folders: Path, keys: Mapping[str, FactKey], topics: Container[str] = (), today: datetime.date | None = None
) -> tuple[Snapshot, ...]:
    """Read and check every snapshot under ``folders``, by framework, month and day.

    Raises FactError at the first file or fact that cannot be trusted, or when a folder holds none at all.
    """
    loaded = {path: load_snapshot(path, keys=keys, topics=topics, today=today) for path in snapshot_paths(*folders)}
    check_layers(loaded)
    return tuple(loaded.values())


def snapshot_paths(*folders: Path) -> tuple[Path, ...]:
    """Every file that should be a snapshot, by framework, month and day.

    Raises FactError where a folder holds none, and where two folders have one of the same framework and time.
    """
    paths: dict[tuple[str, str], Path] = {}
    for folder in dict.fromkeys(folders):
        found = list(folder.glob("*/*.toml"))
        if not found:
            raise FactError(f"{folder}: holds no snapshot; expected <framework>/<YYYY-MM>.toml")
        for path in found:
            before = paths.setdefault((path.parent.name, path.stem), path)
            if before != path:
                raise FactError(
                    f"{path}: {before} is of the same time; name it after a day, as in {path.stem[:7]}-15.toml"
                )
    # By the bare names: as paths, what adds to a month would stand before it.
    return tuple(path for _, path in sorted(paths.items()))


def check_layers(snapshots: Mapping[Path, Snapshot]) -> None:
    """Raise FactError for a layer of a framework that has no snapshot; ``snapshots`` are by their files."""
    frameworks = sorted({snapshot.framework for snapshot in snapshots.values() if snapshot.role == "framework"})
    for path, snapshot in snapshots.items():
        if unknown := [name for name in snapshot.layer_of if name not in frameworks]:
            raise FactError(
                f"{path}: layer_of is {unknown[0]!r}, which has no snapshot as a framework; "
                f"there are {', '.join(frameworks) or 'none'}"
            )


def load_snapshot(
    path: Path, *, keys: Mapping[str, FactKey], topics: Container[str] = (), today: datetime.date | None = None
) -> Snapshot:
    """Read and check one snapshot.

    Raises FactError for a file that is not TOML of the documented form, a name that is no month and no day or lies in
    the future of ``today``, a fact of an unknown key, with a wrong type, unit or value, without a source, dated
    impossibly or after the snapshot, and for a fact that stands twice with the same kind, source
    and date. A statement is refused for the like.
    """
    today = today or calendar.today()
    month, day = _date_of(path, today=today)
    try:
        content = msgspec.convert(read_toml(path), type=_SnapshotFile)
    except TomlError as error:
        raise FactError(str(error)) from error
    except msgspec.ValidationError as error:
        raise FactError(f"{path}: {_one_line(error)}") from error
    facts = _checked_facts(content, path=path, last=day or month, keys=keys, today=today)
    statements = _checked_statements(content, path=path, month=month, topics=topics, today=today)
    try:
        return Snapshot(
            framework=path.parent.name,
            month=month,
            name=content.name,
            role=content.role,
            facts=facts,
            layer_of=(content.layer_of,) if isinstance(content.layer_of, str) else content.layer_of,
            purpose=content.purpose,
            package=content.package,
            statements=statements,
            repository=content.repository,
            day=day,
        )
    except ValueError as error:
        raise FactError(f"{path}: {_one_line(error)}") from error


def _date_of(path: Path, *, today: datetime.date) -> tuple[str, str]:
    """The month that a file's name says, and the day where it says one. Raises FactError where it has not begun."""
    name = _NAME.fullmatch(path.stem)
    try:
        datetime.date.fromisoformat(path.stem if name and name["day"] else f"{path.stem}-01")
    except ValueError:
        name = None
    if name is None:
        raise FactError(f"{path}: the name is not a month; expected YYYY-MM.toml, or YYYY-MM-DD.toml to add to a month")
    if path.stem > today.isoformat()[: len(path.stem)]:
        raise FactError(f"{path}: a snapshot of the future; the file's name must be a month or a day that has begun")
    return name["month"], path.stem if name["day"] else ""


def _checked_facts(
    content: _SnapshotFile, *, path: Path, last: str, keys: Mapping[str, FactKey], today: datetime.date
) -> tuple[Fact, ...]:
    """Every fact of a file, in its order, none younger than ``last``. Raises FactError, which names key and entry."""
    facts: dict[tuple[str, str, str, str], Fact] = {}
    for key, entries in content.facts.items():
        for number, entry in enumerate(entries, start=1):
            try:
                fact = make_fact(path.parent.name, key, entry, known=keys.get(key))
                if fact.as_of[: len(last)] > last:
                    raise ValueError(
                        f"as_of {fact.as_of} is after the snapshot's {'day' if last[7:] else 'month'} {last}"
                    )
                _check_begun(fact.as_of, today)
                identity = (key, fact.kind, _essence(fact.source), fact.as_of)
                if identity in facts:
                    before = facts[identity].source
                    spelled = "" if before == fact.source else f", spelled {before!r} before,"
                    raise ValueError(
                        f"stands twice with kind {fact.kind!r}, source {fact.source!r}{spelled} and date {fact.as_of}"
                    )
            except ValueError as error:
                raise FactError(f"{path}: fact {_one_line(repr(key))}, entry {number}: {_one_line(error)}") from error
            facts[identity] = fact
    return tuple(facts.values())


def _checked_statements(
    content: _SnapshotFile, *, path: Path, month: str, topics: Container[str], today: datetime.date
) -> tuple[Statement, ...]:
    """Every statement of a file, in its order. Raises FactError, which names the topic and the entry."""
    statements: list[Statement] = []
    for topic, entries in content.statements.items():
        said: set[str] = set()
        for number, entry in enumerate(entries, start=1):
            try:
                statement = make_statement(path.parent.name, topic, entry, topics=topics)
                if statement.month > month:
                    raise ValueError(f"as_of {statement.as_of} is after the snapshot's month {month}")
                _check_begun(statement.as_of, today)
                if statement.text in said:
                    raise ValueError(f"stands twice: {statement.text!r}")
            except ValueError as error:
                raise FactError(
                    f"{path}: statement {_one_line(repr(topic))}, entry {number}: {_one_line(error)}"
                ) from error
            said.add(statement.text)
            statements.append(statement)
    return tuple(statements)


def _check_begun(as_of: str, today: datetime.date) -> None:
    if first_day(as_of) > today:
        raise ValueError(f"as_of {as_of} is after today, {today} (UTC); expected a day that has begun")


def _essence(source: str) -> str:
    """A source without what does not make it another one: blanks, case, invisible signs, and ways of encoding a sign.

    The form is that of Unicode's caseless matching (The Unicode Standard, section 3.13, D146).
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", source).casefold())
    return "".join(sign for sign in folded if not sign.isspace() and unicodedata.category(sign) != "Cf")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
