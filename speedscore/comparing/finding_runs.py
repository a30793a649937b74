"""Arguments to files: what the RUN of a command line means.

A file, a folder, a glob, a name in ``.benchmarks`` as pytest-benchmark's own compare takes it, or one of the words
``baseline`` and ``anchor``. A folder or a glob is one side of several occasions. It reads files and compares nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from glob import glob
from pathlib import Path

import msgspec

from speedscore.comparing.baseline import KEPT
from speedscore.comparing.saved_figures import load_figures
from speedscore.comparing.saved_run import SavedRun, moment
from speedscore.record.run_file import RunFileError

STORAGE = Path(".benchmarks")
"""Where pytest-benchmark keeps runs, below the folder where the command is given."""
RUN_HELP = "a file, a folder or glob (all runs in it as one side), a name in .benchmarks, baseline, or anchor"
_GLOB = "*?["
_MOST_NAMES = 6
_SAVING = "pytest --benchmark-only --benchmark-save NAME saves a run there"


class RunSet(msgspec.Struct, frozen=True):
    """What one argument stands for: the saved runs that are one side of a comparison."""

    label: str
    """The argument, as it was written."""
    runs: tuple[SavedRun, ...]
    """At least one, the oldest first."""
    left_out: tuple[str, ...] = ()
    """Files of a folder that are no runs, each with the reason."""


def find_files(argument: str) -> tuple[list[Path], bool]:
    """The files, at least one, and whether they are one side together: those of a folder or a glob may be no runs.

    Raises RunFileError where the argument stands for none.
    """
    if not argument:
        # As a path it is the folder itself, which a shell's variable that is not set should not stand for.
        raise RunFileError("a RUN is empty; name a file, a folder, a glob or a run in .benchmarks")
    path = KEPT.get(argument, Path(argument))
    if argument in KEPT and not path.is_file():
        raise RunFileError(f"there is no {argument} yet; set one: speedscore baseline set RUN")
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except OSError as error:
        raise RunFileError(f"{argument}: cannot be read ({error.strerror})") from None
    if is_folder:
        return _some(sorted(path.rglob("*.json")), argument), True
    if is_there:
        return [path], False
    if any(sign in argument for sign in _GLOB):
        return _some(_globbed(argument), argument), True
    return [_named(argument)], False


def find_side(argument: str) -> RunSet:
    """The runs that an argument stands for. Raises RunFileError where it stands for none, or cannot be read."""
    paths, pooled = find_files(argument)
    if not pooled:
        return RunSet(argument, (load_figures(paths[0]),))
    runs, left_out = read_runs(paths)
    if not runs:
        raise RunFileError(f"{argument}: no saved run among {len(paths)} files; the first: {left_out[0]}")
    return RunSet(argument, tuple(runs), tuple(left_out))


def find_file(argument: str) -> Path:
    """The one file that an argument stands for. Raises RunFileError where it stands for none or for several."""
    paths, _ = find_files(argument)
    if len(paths) > 1:
        raise RunFileError(f"{argument}: expected one run, found {len(paths)}: {_listed(paths)}; name one of them")
    return paths[0]


def read_runs(paths: Iterable[Path]) -> tuple[list[SavedRun], list[str]]:
    """The runs, oldest first, and what could not be read as one."""
    runs, left_out = [], []
    for path in paths:
        try:
            runs.append(load_figures(path))
        except RunFileError as error:
            left_out.append(str(error))
    # Not by the texts: two of them may be of different time zones.
    return sorted(runs, key=lambda run: moment(run.created)), left_out


def _some(paths: list[Path], argument: str) -> list[Path]:
    if not paths:
        raise RunFileError(f"{argument}: no .json file there")
    return paths


def _globbed(pattern: str) -> list[Path]:
    return _matching(pattern) or _stored(pattern)


def _matching(pattern: str) -> list[Path]:
    # Path.glob raises an error for a pattern such as a**b.
    paths = (Path(name) for name in glob(pattern, recursive=True))  # noqa: PTH207
    return sorted(path for path in paths if path.is_file())


def _named(name: str) -> Path:
    """The run of that name in the storage: the whole name counts before the beginning of one."""
    beginning_so = _stored(name)
    whole = [path for path in beginning_so if path.stem == Path(name).name]
    candidates = whole or beginning_so
    if not candidates:
        there = sorted(STORAGE.rglob("*.json"))
        known = f"there are {_listed(there)}" if there else f"there is nothing in {STORAGE}; {_SAVING}"
        raise RunFileError(f"{name}: no such file, folder or run in {STORAGE}; {known}")
    if len(candidates) > 1:
        raise RunFileError(
            f"{name}: {len(candidates)} runs in {STORAGE} begin so: {_listed(candidates)}; name one, or write {name}* "
            "for all of them as one side"
        )
    return candidates[0]


def _stored(name: str) -> list[Path]:
    """As pytest-benchmark finds them: ``name`` or ``machine/name``, and the end of a name may be left out."""
    folder, last = Path(name).parent, Path(name).name.removesuffix(".json").rstrip("*")
    if Path(name).is_absolute() or len(folder.parts) > 1:
        return []
    places = [str(folder)] if folder.parts else ["*", "."]
    return sorted({path for place in places for path in _matching(f"{STORAGE}/{place}/{last}*.json")})


def _listed(paths: list[Path]) -> str:
    names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        # Two machines number their runs alike; the folder tells them apart.
        names = [path.relative_to(STORAGE).as_posix() if path.is_relative_to(STORAGE) else str(path) for path in paths]
    return ", ".join(names[-_MOST_NAMES:]) + (f" and {len(names) - _MOST_NAMES} before" if names[_MOST_NAMES:] else "")
