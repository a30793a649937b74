"""The gate's command line as each side's pytest is to have it: without the gate's own options, with paths of its own.

Nothing is run here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.gate.options import GATE_OPTIONS

OWN_OPTIONS = tuple(option.name for option in GATE_OPTIONS if not option.is_flag)
"""All with a value."""
OWN_FLAGS = tuple(option.name for option in GATE_OPTIONS if option.is_flag)
"""Those without."""
Moves = Sequence[tuple[Path, Path]]
"""Folders of head's checkout, and what they are in this side's: the inner one first."""
_ALL = "."
"""The folder that node ids are relative to, or one above it."""
_CHOOSING = ("-k", "-m", "--deselect")
_WRITING = (
    *("--gate-json", "--gate-markdown", "--junitxml", "--junit-xml", "--basetemp", "--log-file"),
    *("--benchmark-json", "--benchmark-save", "--benchmark-storage"),
)
"""They say where something is written, and change nothing of what is measured."""
_OF_THIS_GATE = ("--gate", "--gate-part", "--gate-time-budget")
_OF_A_FLEET = ("--gate-fleet", "--gate-fleet-logs", "--gate-fleet-machines")
_WRITING_FLAGS = ("--benchmark-autosave", "--benchmark-save-data")
_ABSOLUTE = re.compile(
    # It begins a word, an option's value (of "-cFILE" and "-o KEY=FILE" too), or an item of a list. Other slashes are
    # those of addresses and relative paths; devices are called so on every machine.
    r"""(?P<before>^(?:-c|-{0,2}[\w.-]+=(?:[\w.-]+=)?)?['"]?|file://|[\s:;,]['"]?)"""
    r"""(?P<path>/(?!/|dev/)[^'"]+?)(?=$|[\s:;,]['"]?\.{0,2}/|['"])"""
)


class Selection(msgspec.Struct, frozen=True):
    """What one side's pytest is started with, and which of its cases count."""

    arguments: tuple[str, ...]
    wanted: tuple[str, ...] = ()
    """Where the command line names single tests: those, and the files and folders beside them. A side is asked for
    whole files, because pytest does not forgive a test that is not there. Empty where no test is named."""
    nothing: bool = False
    """True where this side has none of the files that are named."""

    def selects(self, case: str) -> bool:
        return not self.wanted or any(
            name in (_ALL, case) or case.startswith((f"{name}[", f"{name}::", f"{name}/")) for name in self.wanted
        )


def without_gate(arguments: Sequence[str]) -> tuple[str, ...]:
    """The arguments that are pytest's own and the project's."""
    return tuple(word for word in _without(arguments, OWN_OPTIONS) if word not in OWN_FLAGS)


def joined(arguments: Sequence[str]) -> tuple[str, ...]:
    """Each of the gate's options with its value in one word.

    pytest looks for its rootdir before it knows our options, and takes a folder that stands alone, the value of
    ``--gate``, for one that holds tests.
    """
    words: list[str] = []
    for argument in arguments:
        if words and words[-1] in OWN_OPTIONS:
            words[-1] += f"={argument}"
        else:
            words.append(argument)
    return tuple(words)


def named_paths(arguments: Sequence[str], paths: Sequence[str]) -> frozenset[int]:
    """Which of the arguments are the files, folders and tests that pytest found among them, by position.

    ``-k bench bench``: what stands after an option counts as one only if there are not enough others.
    """
    positions: set[int] = set()
    for path in set(paths):
        at = [index for index, argument in enumerate(arguments) if argument == path]
        after_option = {index for index in at if index and re.fullmatch(r"-[^=]+", arguments[index - 1])}
        at.sort(key=after_option.__contains__)
        positions.update(at[: paths.count(path)])
    return frozenset(positions)


def alone(arguments: Sequence[str], *, paths: Sequence[str]) -> tuple[str, ...]:
    """The arguments of a gate that is to be given another test: without those that choose tests, name files or only
    say what is written where."""
    named = named_paths(arguments, paths)
    others = [argument for index, argument in enumerate(arguments) if index not in named]
    kept = _without(others, (*_CHOOSING, *_WRITING, "--gate-claim", "--gate-why"))
    return tuple(word for word in kept if word not in _WRITING_FLAGS)


def without_base(arguments: Sequence[str]) -> tuple[str, ...]:
    """The same without the base, without a limit that was meant for all tests, and without what every gate needs."""
    kept = _without(arguments, (*_OF_THIS_GATE, *_OF_A_FLEET))
    return tuple(word for word in kept if word not in ("--benchmark-only", "--gate-fleet-packages"))


def _without(arguments: Sequence[str], options: tuple[str, ...]) -> tuple[str, ...]:
    """Options that have a value, in either spelling, taken out with it."""
    kept: list[str] = []
    value_follows = False
    for argument in arguments:
        if value_follows:
            value_follows = False
        elif argument in options:
            value_follows = True
        elif not argument.startswith(tuple(f"{option}=" for option in options)):
            kept.append(argument)
    return tuple(kept)


def moved(path: Path, moves: Moves) -> Path:
    """The same place in another checkout; as it is where it lies in neither of the folders."""
    for origin, goal in moves:
        for spelling in (path, path.resolve()):
            if spelling.is_relative_to(origin):
                return goal / spelling.relative_to(origin)
    return path


def select(arguments: Sequence[str], *, paths: Sequence[str], start: Path, project: Path, moves: Moves) -> Selection:
    """The arguments for a side whose node ids are relative to ``project``.

    ``paths`` are what pytest took for files, folders or tests, relative to ``start``, where head's pytest was started.
    What is written with a folder of head is read with that of this side.
    """
    kept: list[str] = []
    wanted: list[str] = []
    named = named_paths(arguments, paths)
    for index, argument in enumerate(arguments):
        if index not in named:
            kept.append(rewritten(argument, moves))
            continue
        path, mark, test = argument.partition("::")
        on_side = moved(Path(os.path.normpath(start / path)), moves)
        if not on_side.exists():
            continue
        if str(on_side) not in kept:
            kept.append(str(on_side))
        place = _ALL if project.is_relative_to(on_side) else Path(os.path.relpath(on_side, project)).as_posix()
        wanted.append(f"{place}{mark}{test}")
    return Selection(
        arguments=tuple(kept),
        wanted=tuple(wanted) if any("::" in arguments[index] for index in named) else (),
        nothing=bool(named) and not wanted,
    )


def for_any_clone(arguments: Sequence[str], *, start: Path, rootdir: Path, root: Path) -> tuple[str, ...]:
    """The arguments as they can be typed at the rootdir of another clone. What lies in the checkout ``root`` is named
    as it is seen from there; ``PYTHON`` stands for an interpreter, ``FOLDER`` for where a file lies elsewhere.

    Relative paths are relative to ``start``, where this pytest was started. Of other options than the gate's own it is
    not known whether a value is a path, so only absolute paths are found in them.
    """
    moves = [(rootdir, Path()), (root, Path(os.path.relpath(root.resolve(), rootdir.resolve())))]
    words = []
    for word in joined(arguments):
        option, _, value = word.partition("=")
        if option == "--gate-python":
            words.append(f"{option}=PYTHON")
        elif option == "--gate-upgrade" and _is_path(value, start):
            place = _in_any_clone(Path(os.path.normpath(start / value)), rootdir=rootdir, root=root)
            words.append(f"{option}={place}")
        else:
            words.append(_without_folders(rewritten(word, moves), rootdir=rootdir, root=root))
    return tuple(words)


def _without_folders(word: str, *, rootdir: Path, root: Path) -> str:
    """With each absolute path as it is called in any clone."""
    if word.startswith(("-k", "-m")):  # an expression, which names nothing on the disk
        return word
    # The name of a test may have any text in its brackets.
    place, mark, test = word.partition("::")

    def named(found: re.Match[str]) -> str:
        return f"{found['before']}{_in_any_clone(Path(found['path']), rootdir=rootdir, root=root)}"

    return f"{_ABSOLUTE.sub(named, place)}{mark}{test}"


def _is_path(value: str, start: Path) -> bool:
    """As an upgrade takes it: a folder that lies beside may be called as a package."""
    path = start / value
    return path.is_file() or (path.is_dir() and (os.sep in value or value.startswith(os.curdir)))


def _in_any_clone(path: Path, *, rootdir: Path, root: Path) -> str:
    for spelling in (path, path.resolve()):
        if spelling.is_relative_to(root.resolve()):
            seen = os.path.relpath(spelling, rootdir.resolve())
            # A folder that is not written as a path would be taken for the name of a package.
            return f"./{seen}" if spelling.is_dir() and not seen.startswith(os.curdir) else seen
    return f"FOLDER/{path.name}"


def rewritten(argument: str, moves: Moves) -> str:
    """An option whose value is a path, in the other checkout's words."""
    for origin, goal in moves:
        # Not within a longer name: the results in ``repository-results`` are nothing of ``repository``.
        parts = re.split(rf"""{re.escape(str(origin))}(?=$|[/:;,\s'"])""", argument)
        if len(parts) > 1:
            return str(goal).join(parts)
    return argument
