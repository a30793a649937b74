"""What the tests of one file depend on in their checkout: what is imported, opened and listed, and what leaves a doubt.

It watches a process that collects one test file alone and runs each of its benchmarks, so that all that is seen belongs
to that file. It changes nothing in what it watches, and decides nothing: the gate judges what is told.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from speedscore_gate_code import file_of, is_installed, within

_VARIABLE = "SPEEDSCORE_GATE_TRACE"
_CHILDREN = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen"}
)
"""Events of processes that are started: what they read is not seen."""
_STARTS_CHILDREN = ("multiprocessing.popen_forkserver", "multiprocessing.popen_spawn_posix")
"""Modules that are imported as a process is started in a way that has no event."""
_HARMLESS_CHILDREN = frozenset({"cpuinfo", "pytest_benchmark"})
"""Packages that ask git and the system about the machine, which no benchmark sees."""
_PASS_ON = frozenset({"fnmatch", "glob", "os", "pathlib", "posixpath", "shutil"})
"""Modules that list a folder for whoever called them."""
_LISTS_TO_IMPORT = ("_frozen_importlib", "_pytest", "importlib._bootstrap", "importlib.metadata", "pytest", "zipimport")
"""Modules that list folders to find modules, distributions and tests; what they find is imported and seen there."""
_PRIVATE = frozenset(
    {".benchmarks", ".git", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}
)
"""Folders that tools keep for themselves, which are others in each checkout."""


def trace_of_this_process() -> dict[str, str] | None:
    """What the gate asks this process to tell: ``root``, ``only``; None for an ordinary one."""
    told = os.environ.get(_VARIABLE)
    return json.loads(told) if told else None


class Watch:
    """Hears what this process opens, lists and starts, from when it is made to the end of the process."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
        self._opened: set[str] = set()
        self._listed: set[str] = set()
        self._doubt = ""
        # There is no way to take a hook away again; a process that has one measures nothing that counts.
        sys.addaudithook(self._hear)

    def told(self) -> dict[str, Any]:
        """``files`` and ``folders`` relative to the checkout, and why there may be others, else empty."""
        opened = {_source_of(path) for path in (*self._opened, *_module_files())}
        # What is listed by its number was opened by its name.
        listed = self._listed | {path for path in opened if Path(path).is_dir()}
        files = {relative for path in opened - listed for relative in self._own(path)}
        folders = {relative for path in listed for relative in self._own(path)}
        doubt = self._doubt
        if not doubt and any(name in sys.modules for name in _STARTS_CHILDREN):
            doubt = "it starts processes, and what they read is not known"
        return {"files": sorted(files), "folders": sorted(folders), "doubt": doubt}

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Whatever is raised here would stop what the test does.
        if event in ("open", "sqlite3.connect", "ctypes.dlopen"):
            self._opened.update(_absolute(arguments[0]))
            if event == "sqlite3.connect" and str(arguments[0]).startswith("file:"):
                self._doubt = self._doubt or "it opens a database by an address, which is not followed"
        elif event in ("os.listdir", "os.scandir"):
            if not _who_lists(sys._getframe(1)).startswith(_LISTS_TO_IMPORT):
                self._listed.update(_absolute("." if arguments[0] is None else arguments[0]))
        elif event in _CHILDREN and not self._doubt and not _is_harmless(sys._getframe(1)):
            self._doubt = f"it starts processes ({event}), and what they read is not known"

    def _own(self, path: str) -> Iterator[str]:
        """Relative to the checkout, by the name that was used and where that leads; nothing for what lies elsewhere."""
        for spelling in {os.path.normpath(path), os.path.realpath(path)}:
            if within(spelling, self._root) and not self._is_private(spelling):
                yield os.path.relpath(spelling, self._root)

    def _is_private(self, path: str) -> bool:
        if is_installed(path) or (within(sys.prefix, self._root) and within(path, sys.prefix)):
            return True
        parts = Path(os.path.relpath(path, self._root)).parts
        # What an editable install leaves beside the sources is read by pytest itself, and base has none of it.
        return not _PRIVATE.isdisjoint(parts) or any(part.endswith((".egg-info", ".dist-info")) for part in parts)


Names = Mapping[str, Any]
"""Of a module, each with what it stands for."""


def reached(starts: Mapping[str, Sequence[Names]], root: str, *, built: Sequence[str] = ()) -> dict[str, list[str]]:
    """By test file the files of the checkout that the names it starts from lead to, and theirs. ``*/pkg/mod.*`` stands
    for a module that was built, into one of the folders ``built``: its source has that name somewhere.

    A guess, to begin with what is most likely changed: what a function imports or opens later is not seen.
    """
    root = os.path.realpath(root)
    direct: dict[int, set[str]] = {}

    def place_of(path: str) -> str:
        """Empty for what is not of the checkout."""
        for folder in built:
            if within(path, folder):
                stem = Path(os.path.relpath(path, folder))
                return f"*/{stem.with_name(stem.name.partition('.')[0]).as_posix()}.*"
        # An environment may lie within the checkout.
        return os.path.relpath(path, root) if within(path, root) and not is_installed(path) else ""

    def leads_to(names: Names) -> set[str]:
        if id(names) not in direct:
            direct[id(names)] = {
                other
                for value in list(names.values())
                if isinstance(other := _module_of(value), str)
                and other in sys.modules
                and place_of(file_of(sys.modules[other]))
            }
        return direct[id(names)]

    found: dict[str, list[str]] = {}
    for test_file, starting in starts.items():
        seen: set[str] = set()
        with warnings.catch_warnings(action="ignore"):
            waiting = {other for names in starting for other in leads_to(names)}
            while waiting:
                seen |= waiting
                waiting = {other for name in waiting for other in leads_to(vars(sys.modules[name]))} - seen
        files = {file_of(sys.modules[name]) for name in seen}
        files |= {os.path.realpath(str(names["__file__"])) for names in starting if names.get("__file__")}
        found[test_file] = sorted(set(filter(None, map(place_of, files))))
    return found


def _module_of(value: object) -> object:
    """The name of the module that it is, or is of."""
    try:
        # By its type: what is deprecated warns of being asked for its class.
        return getattr(value, "__name__" if issubclass(type(value), ModuleType) else "__module__", None)
    except Exception:  # noqa: BLE001 - an object of somebody else's may do anything when it is asked
        return None


def _module_files() -> Iterator[str]:
    for module in list(sys.modules.values()):
        if path := file_of(module):
            yield path
        # One that was found under another name, as through a link.
        spelled = getattr(module, "__file__", None)
        if isinstance(spelled, str) and Path(spelled).is_absolute():
            yield spelled


def _absolute(path: object) -> list[str]:
    """Nothing for a number or what is no name."""
    try:
        return [str(Path(os.fsdecode(path)).absolute())]  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - a path of somebody else's may do anything when it is asked for its text
        return []


def _source_of(path: str) -> str:
    """The source that a cached module was compiled from; an archive for what lies in it."""
    if Path(path).parent.name == "__pycache__":
        try:
            path = importlib.util.source_from_cache(path)
        except (NotImplementedError, ValueError):
            return path
    if Path(path).exists():
        return path
    return next((str(parent) for parent in Path(path).parents if parent.is_file()), path)


def _who_lists(frame: FrameType | None) -> str:
    """The module that wants to know, behind those that list folders for others."""
    name = ""
    while frame is not None:
        name = str(frame.f_globals.get("__name__") or "")
        if name.partition(".")[0] not in _PASS_ON:
            break
        frame = frame.f_back
    return name


def _is_harmless(frame: FrameType | None) -> bool:
    """Whether the child process is one of pytest's own, or of its plugins, and not one that a benchmark starts."""
    while frame is not None:
        # What is benchmarked runs below the fixture, which is a plugin's.
        if frame.f_globals.get("__name__") == "speedscore_gate_rounds":
            return False
        if str(frame.f_globals.get("__name__") or "").partition(".")[0] in _HARMLESS_CHILDREN:
            return True
        frame = frame.f_back
    return False
