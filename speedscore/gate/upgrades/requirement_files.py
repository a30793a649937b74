"""The files that an upgrade is asked for by, as an installer can take them: a lock file exported, and the projects of
the checkout left out.

Both sides run the same checkout. A copy of it that is built into head alone would be a difference that is none of the
upgrade's, and pip takes no folder beside hashes. Only copies are written, and nothing is resolved here.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec

from speedscore.gate.environments.made_environments import Runner

ARCHIVES = (".whl", ".tar.gz", ".zip")
"""Files that hold a package, and no requirements."""
_UV_LOCK = "uv.lock"
_EXPORTS = {
    _UV_LOCK: "uv export --no-emit-local -o requirements-new.txt",
    "poetry.lock": "poetry export -o requirements-new.txt",
    "pdm.lock": "pdm export -o requirements-new.txt",
    "Pipfile.lock": "pipenv requirements > requirements-new.txt",
    "pyproject.toml": "uv pip compile pyproject.toml -o requirements-new.txt",
}
"""What writes a requirements file from each."""

_NAMES_A_FILE = re.compile(r"(?P<option>-[rcf]|--requirement|--constraint|--find-links)(?:\s*=\s*|\s*)(?P<place>\S+)")
_REQUIREMENTS = ("-r", "--requirement")
_END_OF_REQUIREMENT = re.compile(r"(?:^|\s)#|\s;|\s--")
"""A comment, a marker, an option such as a hash."""
_NAMES_A_PLACE = re.compile(
    r"(?P<editable>(?:-e|--editable)[\s=]*)?(?:[\w.-]+(?:\[[^\]]*\])?\s*@\s*)?(?P<place>[^\[#]+)(?:\[[^\]]*\])?(?:#.*)?"
)
"""``-e .``, ``./lib[extra]``, ``lib @ file:///…``."""


class RequirementFiles(msgspec.Struct, frozen=True):
    """What is asked for, in words that an installer can take."""

    requests: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    """What was not taken as it stands."""


def how_to_export(path: Path) -> str:
    """What the user is to do with a file that holds no requirements as they can be read here; empty for another."""
    if path.name == _UV_LOCK and path.is_file() and shutil.which("uv"):
        return ""
    if command := _EXPORTS.get(path.name):
        return f"export it first, as with `{command}`, and name that file"
    return "let the tool that wrote it write a requirements file, and name that" if path.suffix == ".toml" else ""


def requirement_files(requests: Sequence[str], *, checkout: Path, run: Runner, scratch: Path) -> RequirementFiles:
    """The requests, with copies in place of files that are not taken as they are. Raises GateError where an export
    fails."""
    copies = _Copies(checkout, scratch)
    taken: list[str] = []
    remarks: list[str] = []
    for request in requests:
        path = Path(request)
        if not path.is_file() or path.name.endswith(ARCHIVES):
            taken.append(request)
            continue
        if path.name == _UV_LOCK:
            path = _exported(path, scratch / f"exported-{len(taken)}.txt", run=run)
            remarks.append(f"{request} is taken as `uv sync` takes it: with the default groups, and without extras")
        taken.append(str(copies.without_own(path)))
    if copies.left_out:
        lines = ", ".join(dict.fromkeys(copies.left_out))
        remarks.append(f"resolved without {lines}, the code of this checkout, which both sides run")
    return RequirementFiles(tuple(taken), tuple(remarks))


def _exported(lock: Path, file: Path, *, run: Runner) -> Path:
    uv, folder = shutil.which("uv") or "uv", str(lock.resolve().parent)
    # Frozen: the lock file is to be read, and not brought up to date. Not what is local: that is code of the checkout,
    # or named as seen from the lock file's folder.
    run([uv, "export", "--frozen", "--no-emit-local", "--project", folder, "--output-file", str(file)])
    return file


class _Copies:
    """Of the files from which something is left out."""

    def __init__(self, checkout: Path, scratch: Path) -> None:
        self.left_out: list[str] = []
        """Lines, as they stand there."""
        self._checkout = checkout.resolve()
        self._scratch = scratch
        self._numbers = itertools.count()
        self._taken: dict[Path, Path] = {}

    def without_own(self, path: Path) -> Path:
        """A copy where it, or one that it names, has a line that is left out; else the file itself."""
        place = path.resolve()
        if place not in self._taken:
            self._taken[place] = path  # one that names itself is for the installer to refuse
            self._taken[place] = self._copied(path)
        return self._taken[place]

    def _copied(self, path: Path) -> Path:
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError):  # for the installer to say
            return path
        # Before the files that it names, which count on.
        copy = self._scratch / f"requirements-{next(self._numbers)}.txt"
        kept: list[str] = []
        is_another = False
        for line in re.sub(r"\\\r?\n", " ", text).splitlines():
            if self._is_own(line):
                self.left_out.append(line.strip())
                is_another = True
                continue
            named = _NAMES_A_FILE.match(line)
            # What a file names, it names as seen from its folder.
            file = path.parent / named["place"] if named else None
            if named is None or file is None or not file.exists():
                kept.append(line)
                continue
            taken = self.without_own(file) if named["option"] in _REQUIREMENTS else file
            is_another = is_another or taken != file
            kept.append(f"{named['option']} {shlex.quote(str(taken.resolve()))}")
        if not is_another:
            return path
        copy.write_text("".join(f"{line}\n" for line in kept))
        return copy

    def _is_own(self, line: str) -> bool:
        """Whether a line names a folder of the checkout."""
        folder = _place_in(line)
        return folder is not None and folder.is_dir() and folder.resolve().is_relative_to(self._checkout)


def _place_in(line: str) -> Path | None:
    """That a requirement names on this machine; None where it names none."""
    found = _NAMES_A_PLACE.fullmatch(_END_OF_REQUIREMENT.split(line.strip(), maxsplit=1)[0].strip())
    if found is None:
        return None
    place = found["place"].strip()
    if place.startswith("file:"):
        return Path(url2pathname(urlsplit(place).path))
    if "://" in place or not (found["editable"] or os.sep in place or place.startswith(".")):
        return None
    return Path(place)
