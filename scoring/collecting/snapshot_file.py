"""A new snapshot file: written whole or not at all, and only where there is none yet.

What was written is read back by the loader of all snapshots before it gets its name. An existing file is never opened
for writing.
"""

from __future__ import annotations

import datetime
import errno
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from speedscore.scoring.collecting.found import CollectError, Found
from speedscore.scoring.facts.fact import FactError, ProjectRole
from speedscore.scoring.facts.snapshots import load_snapshot
from speedscore.scoring.rubric.rubric import Rubric

_FRAMEWORK = re.compile(r"[a-z0-9][a-z0-9_-]*")
_WIDTH = 97
"""Of a section's line, as in the files written by hand."""
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK})


class Heading(msgspec.Struct, frozen=True):
    """What a snapshot says before its facts."""

    framework: str
    """Name of the folder."""
    name: str
    """For people."""
    role: ProjectRole
    layer_of: str = ""
    """Of a layer the folder of the framework that it stands on."""
    purpose: str = ""
    """Of a layer what it is for."""


def snapshot_path(folder: Path, framework: str, *, until: datetime.date) -> Path:
    """Where the snapshot of that month belongs. Raises CollectError for a bad name, or when it exists."""
    if not _FRAMEWORK.fullmatch(framework):
        raise CollectError(f"{framework!r} is no framework's folder; expected lower-case letters, digits, '-' and '_'")
    path = folder / framework / f"{until:%Y-%m}.toml"
    if path.is_symlink() or path.exists():
        raise _exists(path)
    return path


def write_snapshot(
    path: Path, heading: Heading, facts: Sequence[Found], *, rubric: Rubric, today: datetime.date, command: str
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
            load_snapshot(draft, keys=rubric.facts, today=today)
            _give_name(draft, path)
    except FileExistsError as error:
        raise _exists(path) from error
    except FactError as error:
        raise CollectError(f"{path}: not written, as it would not load ({error})") from error
    except (OSError, UnicodeEncodeError) as error:
        raise CollectError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from error


def render(heading: Heading, facts: Sequence[Found], *, rubric: Rubric, today: datetime.date, command: str) -> str:
    """The file's text; facts in the order of the rubric's table."""
    return "\n".join(_lines(heading, facts, rubric=rubric, today=today, command=command)) + "\n"


def _lines(
    heading: Heading, facts: Sequence[Found], *, rubric: Rubric, today: datetime.date, command: str
) -> Iterator[str]:
    yield f"# What `{command}` counted about {heading.name} on {today}."
    yield "# What is not here stands in an older snapshot."
    yield ""
    yield f"name = {_text(heading.name)}"
    yield f"role = {_text(heading.role)}"
    if heading.role == "layer":
        yield f"layer_of = {_text(heading.layer_of)}"
        yield f"purpose = {_text(heading.purpose)}"
    order = list(rubric.facts)
    section = None
    for fact in sorted(facts, key=lambda fact: (_section(fact, rubric)[0], order.index(fact.key), fact.source)):
        _, title = _section(fact, rubric)
        if title != section:
            section = title
            yield ""
            yield f"# {f' {title}':->{_WIDTH}}"
        yield ""
        yield f"[[facts.{fact.key}]]"
        yield f"value = {_number(fact.value)}"
        yield f"unit = {_text(fact.unit)}"
        yield f"as_of = {_text(fact.as_of)}"
        yield 'kind = "computed"'
        yield f"source = {_text(fact.source)}"
        yield f"method = {_text(fact.method)}"
    if not facts:
        yield ""
        yield "[facts]"


def _section(fact: Found, rubric: Rubric) -> tuple[int, str]:
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
    return CollectError(
        f"{path}: exists, and a snapshot is never changed; name a day of another month with --until, or another --out"
    )


def _text(text: str) -> str:
    # Whatever JSON escapes, TOML escapes alike, except for one control character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _number(value: float) -> str:
    if not float(value).is_integer():
        return repr(value)
    return f"{int(value):_}" if abs(value) >= 10_000 else str(int(value))
