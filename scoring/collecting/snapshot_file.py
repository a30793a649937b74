"""A new snapshot file: written whole or not at all, and only where there is none yet.

What was written is read back by the loader of all snapshots before it gets its name. An existing file is never opened
for writing.
"""

from __future__ import annotations

import datetime
import errno
import itertools
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import tomlkit
from tomlkit.items import Item, Table

from speedscore.scoring.collecting.collected import CollectedFact, CollectError
from speedscore.scoring.facts.fact import FactError, ProjectRole
from speedscore.scoring.facts.snapshots import load_snapshot
from speedscore.scoring.rubric.rubric import Rubric

_FRAMEWORK = re.compile(r"[a-z0-9][a-z0-9_-]*")
_WIDTH = 97
"""Characters of a section's line, as in the files written by hand."""
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK})


class Heading(msgspec.Struct, frozen=True):
    """What a snapshot says before its facts."""

    framework: str
    """Name of the folder."""
    name: str
    """For people."""
    role: ProjectRole
    layer_of: tuple[str, ...] = ()
    """Of a layer the folders of the frameworks that it stands on."""
    purpose: str = ""
    """Of a layer what it is for."""


def snapshot_path(folder: Path, framework: str, *, until: datetime.date) -> Path:
    """Where the snapshot of that day belongs. Raises CollectError for a bad name, or when it exists."""
    if not _FRAMEWORK.fullmatch(framework):
        raise CollectError(f"{framework!r} is no framework's folder; expected lower-case letters, digits, '-' and '_'")
    path = folder / framework / f"{until}.toml"
    if path.is_symlink() or path.exists():
        raise _exists(path)
    return path


def write_snapshot(
    path: Path, heading: Heading, facts: Sequence[CollectedFact], *, rubric: Rubric, today: datetime.date, command: str
) -> None:
    """Write the file, unless it exists. Raises CollectError, and then leaves nothing behind."""
    text = render(heading, facts, rubric=rubric, today=today, command=command)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # In a folder of the same shape, as the loader takes framework and month from the path.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".collecting-") as scratch:
            draft = Path(scratch) / heading.framework / path.name
            draft.parent.mkdir()
            with draft.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            load_snapshot(draft, keys=rubric.facts, topics=rubric.topics, today=today)
            _give_name(draft, path)
    except FileExistsError as error:
        raise _exists(path) from error
    except FactError as error:
        raise CollectError(f"{path}: not written, as it would not load ({error})") from error
    except (OSError, UnicodeEncodeError) as error:
        raise CollectError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from error


def render(
    heading: Heading, facts: Sequence[CollectedFact], *, rubric: Rubric, today: datetime.date, command: str
) -> str:
    """The file's text; facts in the order of the rubric's table, under the titles of its dimensions."""
    order = list(rubric.facts)
    ordered = sorted(facts, key=lambda fact: (_section(fact, rubric), order.index(fact.key), fact.source))
    parts = [_head(heading, today=today, command=command)]
    for (_, title), of_section in itertools.groupby(ordered, key=lambda fact: _section(fact, rubric)):
        part = tomlkit.document()
        part.add(tomlkit.comment(f"{f' {title}':->{_WIDTH}}"))
        part.add(tomlkit.nl())
        part.add("facts", _tables(of_section))
        parts.append(part)
    if not facts:
        parts.append(tomlkit.parse("[facts]\n"))
    return "\n\n".join(part.as_string().strip("\n") for part in parts) + "\n"


def _head(heading: Heading, *, today: datetime.date, command: str) -> tomlkit.TOMLDocument:
    head = tomlkit.document()
    head.add(tomlkit.comment(f"What `{command}` counted about {' '.join(heading.name.split())} on {today}."))
    head.add(tomlkit.comment("What is not here stands in an older snapshot."))
    head.add(tomlkit.nl())
    head.add("name", tomlkit.string(heading.name))
    head.add("role", tomlkit.string(heading.role))
    if heading.role == "layer":
        head.add("layer_of", tomlkit.item(heading.layer_of[0] if len(heading.layer_of) == 1 else heading.layer_of))
        head.add("purpose", tomlkit.string(heading.purpose))
    return head


def _tables(facts: Iterable[CollectedFact]) -> Table:
    """One table a fact, as ``[[facts.github_stars]]``; facts of one key must be neighbours."""
    tables = tomlkit.table(is_super_table=True)
    for key, of_key in itertools.groupby(facts, key=lambda fact: fact.key):
        entries = tomlkit.aot()
        for fact in of_key:
            entries.append(_table(fact))
        # tomlkit parts the tables of one key by an empty line, and not those of two keys.
        entries[-1].add(tomlkit.nl())
        tables.add(key, entries)
    return tables


def _table(fact: CollectedFact) -> Table:
    entry = tomlkit.table()
    entry.add("value", _number(fact.value))
    entry.add("unit", fact.unit)
    entry.add("as_of", fact.as_of)
    entry.add("kind", "computed")
    entry.add("source", fact.source)
    entry.add("method", fact.method)
    if fact.definition:
        entry.add("definition", fact.definition)
    return entry


def _section(fact: CollectedFact, rubric: Rubric) -> tuple[int, str]:
    """Place and title of the dimension that asks for the fact, or of what else does."""
    asking = [criterion.dimension for criterion in rubric.criterion if fact.key in criterion.facts]
    for place, (dimension, title) in enumerate(rubric.dimensions.items()):
        if dimension in asking[:1]:
            return place, title
    layers = fact.key in rubric.maturity_facts
    return len(rubric.dimensions) + (not layers), "Maturity of layers" if layers else "Other"


def _give_name(draft: Path, path: Path) -> None:
    """Move the draft to its place. Raises FileExistsError when another file got there first."""
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links: here two collections within the same instant could meet.
        if path.exists():
            raise FileExistsError(path) from error
        draft.rename(path)


def _exists(path: Path) -> CollectError:
    return CollectError(f"{path}: exists, and a snapshot is never changed; remove it, or say another --until or --out")


def _number(value: float) -> Item:
    """Whole numbers as people write them, thousands parted; larger than a double holds exactly they stay floats."""
    if not float(value).is_integer() or abs(value) >= 2**53:
        return tomlkit.item(float(value))
    return tomlkit.value(f"{int(value):_}" if abs(value) >= 10_000 else str(int(value)))
