"""``--gate-affected``: which benchmarks a change can have touched, and why each of the others is left out.

A benchmark is left out only where all that it imported, opened and listed on both sides is known and nothing of it
differs. Whatever cannot be attributed, a lock file, a conftest.py, a data file that nobody was seen to open, lets all
of them run. It judges what the sides tell, and runs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

from speedscore.gate.checkouts.changed_files import ChangedFiles
from speedscore.gate.sides.side import Dependencies

_ALWAYS_ALL = frozenset({"conftest.py", "setup.py", "noxfile.py", "sitecustomize.py", "usercustomize.py"})
"""Python files that can change what every test does."""
_IMPORTED = ".py"
"""What Python alone reads, and is seen to read."""

Traced = Mapping[str, Sequence[Dependencies | None]]
"""By test file what its benchmarks depend on, of base and of head; None where a side did not come to tell it."""


class Affected(msgspec.Struct, frozen=True):
    """What is to run."""

    left_out: dict[str, str] = {}
    """By test file why none of its benchmarks runs."""
    all_because: str = ""
    """Why all run; empty where each test file was judged by itself."""


def why_all_before(changed: ChangedFiles) -> str:
    """The reason for which all must run that needs no look at what depends on what; empty where there is none."""
    first = next((path for path in sorted(changed.paths) if PurePosixPath(path).name in _ALWAYS_ALL), None)
    return f"{first} changed, which any of them may depend on" if first else ""


def affected(traced: Traced, changed: ChangedFiles, *, unaffecting: Sequence[str] = ()) -> Affected:
    """Judge each test file. ``unaffecting`` are patterns of files that nothing depends on unless it was seen to."""
    if why := _why_all(traced, changed, unaffecting):
        return Affected(all_because=why)
    left_out = {}
    for test_file, sides in traced.items():
        known = [side for side in sides if side is not None]
        if len(known) == len(sides) and not _why_run(known, changed):
            files = {path for side in known for path in side.files}
            left_out[test_file] = f"none of its {len(files)} files changed"
    return Affected(left_out=left_out)


def likely_first(reaches: Iterable[Mapping[str, Sequence[str]]], changed: ChangedFiles) -> frozenset[str]:
    """The test files whose names lead to a file that changed, on either side: a guess, to begin with those."""
    places = changed.paths | {place for path in changed.paths for place in _as_built(path)}
    return frozenset(
        test_file for of_side in reaches for test_file, files in of_side.items() if not places.isdisjoint(files)
    )


def _as_built(path: str) -> Iterator[str]:
    """What a side may call a module that was built from the file, in whichever of its folders packages begin."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    for place in range(len(folders) + 1):
        yield f"*/{'/'.join([*folders[place:], stem])}.*"


def _why_all(traced: Traced, changed: ChangedFiles, unaffecting: Sequence[str]) -> str:
    known = [side for sides in traced.values() for side in sides if side is not None]
    opened = {path for side in known for path in side.files}
    folders = {folder for side in known for folder in side.folders}
    for path in sorted(changed.paths):
        is_imported = path.endswith(_IMPORTED) and not _is_unseen(path)
        if is_imported or path in opened or any(_lies_in(path, folder) for folder in folders if folder != "."):
            continue
        if not any(_fits(path, pattern) for pattern in unaffecting):
            return f"{path} changed, and which of them depend on it cannot be told"
    return ""


def _why_run(sides: Sequence[Dependencies], changed: ChangedFiles) -> str:
    for side in sides:
        if side.doubt:
            return side.doubt
        # Beside what git lists, what it ignores, as a file that was made and is read.
        if path := next((path for path in side.files if path in changed.paths or changed.differs(path)), ""):
            return f"{path} changed"
        for folder in side.folders:
            if path := next((path for path in changed.paths if _lies_in(path, folder)), ""):
                return f"{path} changed, and {folder} was listed"
    return ""


def _is_unseen(path: str) -> bool:
    """Whether a side does not tell that it imports it, for it looks like what is installed."""
    parts = path.split("/")
    return bool({"site-packages", "dist-packages"} & {*parts}) or any(
        part.endswith((".egg-info", ".dist-info")) for part in parts
    )


def _lies_in(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def _fits(path: str, pattern: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path))
