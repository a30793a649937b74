"""Whose code a side runs: its own checkout's comes first, the other's never, and what was imported is told.

A package that is installed, or whose editable install points at one checkout, would otherwise be the same code on both
sides, and a comparison of a thing with itself always passes. Nothing is decided here: the gate judges what is told.
"""

from __future__ import annotations

import contextlib
import csv
import filecmp
import importlib.metadata
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_OURS = os.path.realpath(Path(__file__).parent)
_INSTALLED = ("site-packages", "dist-packages")
_NOT_CHECKED = frozenset({"conftest", "setup", "__main__"})
_BUILT_FROM = (".pyx", ".c", ".cpp", ".pyi")
_SOURCES = (".py", *EXTENSION_SUFFIXES, ".pyx", ".pyi")


class OwnCode:
    """What the gate says of this side's code, and of where the other's lies."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.own: str = told["own"]
        self._other: str = told["other"]
        self.roots: list[tuple[str, frozenset[str]]] = [(folder, frozenset(names)) for folder, names in told["roots"]]
        self._folders = [os.path.realpath(folder) for folder, _ in self.roots]
        self._ambiguous = frozenset(told["ambiguous"])
        self._distributions: list[str] = told["distributions"]
        """Of the projects in the checkout."""
        self._is_built: bool = told["is_built"]
        """True where the roots hold the checkout's code as it was built, and not the checkout itself."""
        self._late_paths: list[str] = told["late_paths"]
        """Where tests find their helpers, after all that is built and installed."""
        self._environment: str = os.path.realpath(sys.prefix) if told["own_environment"] else ""
        """Where all that is installed is this side's alone; empty where the other shares it."""

        self._not_found: set[str] = set()
        """Modules that were looked for in this side's own packages, and are not in its roots."""

    @classmethod
    def of_this_process(cls) -> OwnCode:
        """The one that was put first, else a new one, as the gate says."""
        first = next((finder for finder in sys.meta_path if isinstance(finder, _OwnFirst)), None)
        return first.code if first else cls(json.loads(os.environ["SPEEDSCORE_GATE_CODE"]))

    @property
    def built_folders(self) -> list[str]:
        """Where what was built of the checkout lies; empty where it was not built."""
        return self._folders if self._is_built else []

    def is_own(self, path: str) -> bool:
        """Whether a file is of this checkout, or of what was built from it."""
        path = os.path.realpath(path)
        in_root = any(within(path, folder) for folder in self._folders)
        if self._is_built:
            return in_root
        return (in_root or within(path, self.own)) and not is_installed(path) and not self.is_others(path)

    def is_others(self, path: str) -> bool:
        """Whether a file is of the other's checkout alone. An environment may lie inside a checkout, and we may."""
        path = os.path.realpath(path)
        if not within(path, self._other) or (within(path, self.own) and within(self.own, self._other)):
            return False
        return self.own != self._other and not is_installed(path) and not within(path, _OURS)

    def put_first(self) -> None:
        """Let imports find this side's own code first, and the other's not at all, whatever an environment says."""
        sys.path[:] = [path for path in sys.path if not self.is_others(path)]
        for place, finder in enumerate(sys.meta_path):
            # Editable installs have finders; the system's own ask sys.path, which has been seen to.
            if not getattr(finder, "__module__", "").startswith(("_frozen_importlib", "_pytest")):
                sys.meta_path[place] = _WithoutOthers(finder, self)
        sys.path += [path for path in self._late_paths if path not in sys.path]
        hidden = tuple(_placeholders(self))
        sys.path[:] = [path for path in sys.path if path not in hidden]
        # Behind pytest's own, which rewrites the assertions of tests.
        pytests = [place for place, finder in enumerate(sys.meta_path) if type(finder).__module__.startswith("_pytest")]
        sys.meta_path.insert(max(pytests, default=-1) + 1, _OwnFirst(self))

    def stay_first(self) -> None:
        """What was built comes first again: conftest files and pytest itself put folders of the checkout before it."""
        if self._is_built:
            folders = [folder for folder, _ in self.roots]
            sys.path[:] = [*folders, *(path for path in sys.path if path not in folders)]

    def find(self, name: str, path: Sequence[str] | None) -> ModuleSpec | None:
        """A module or regular package of this side's own roots; None where they have none of that name."""
        top, *rest = name.split(".")
        folders = [folder for folder, names in self.roots if top in names]
        if not folders or top in sys.stdlib_module_names or top in self._ambiguous:
            return None
        usual = PathFinder.find_spec(name, path)
        if usual is not None and usual.origin is not None and self.is_own(usual.origin):
            return usual
        if rest:
            parent = sys.modules.get(name.rpartition(".")[0])
            if file := getattr(parent, "__file__", None):
                folders = [place for place in path or () if self.is_own(place)]
                if not self.is_own(file):
                    return None
            else:
                folders = [str(Path(folder, top, *rest[:-1])) for folder in folders]
        spec = PathFinder.find_spec(name, folders)
        if spec is None:
            self._not_found.add(name)
            return None
        return spec if spec.origin is not None else None

    def imported(self) -> dict[str, Any]:
        """``foreign``: modules of this checkout that came from elsewhere, with that place. ``extensions``: those of its
        compiled modules that were built beside its sources. ``unbuilt``: those that it looked for and does without.
        """
        foreign: dict[str, str] = {}
        extensions = []
        installed = dict(self._installed_files())
        for name, module in sorted(sys.modules.items()):
            path = file_of(module)
            if not path or within(path, _OURS):
                continue
            if self.is_own(path):
                if path.endswith(tuple(EXTENSION_SUFFIXES)) and not self._is_built:
                    extensions.append(name)
            elif self._is_foreign(name, path, installed):
                foreign[name] = path
        unbuilt = [name for name in sorted(self._not_found - sys.modules.keys()) if self._is_unbuilt(name, installed)]
        return {"foreign": foreign, "extensions": extensions, "unbuilt": unbuilt}

    def _is_unbuilt(self, name: str, installed: Mapping[str, str]) -> bool:
        """Whether building makes the module: an installed copy of the project has it, or its source lies there."""
        if self._is_built:
            return False
        path = name.replace(".", os.sep)
        built = tuple(f"{os.sep}{path}{suffix}" for suffix in EXTENSION_SUFFIXES)
        return any(file.endswith(built) for file in installed) or any(
            Path(folder, f"{path}{suffix}").is_file() for folder in self._folders for suffix in _BUILT_FROM
        )

    def _is_foreign(self, name: str, path: str, installed: Mapping[str, str]) -> bool:
        if self.own == self._other and not self._is_built:
            return False  # a copy of itself: whatever it imports, both sides do
        if self.is_others(path):
            return True
        if self._environment and within(path, self._environment):
            return False
        if name.partition(".")[0] in sys.stdlib_module_names | _NOT_CHECKED:
            return False
        held = list(self._held(name))
        if any(_is_same_text(path, place) for place in held):
            return False
        return bool(held) or path in installed

    def _held(self, name: str) -> Iterator[str]:
        """The files that this module would have been imported from in the checkout."""
        parts = name.split(".")
        for folder, names in self.roots:
            if parts[0] not in names or self._is_another_package(folder, parts):
                continue
            stem = Path(folder, *parts)
            candidates = [stem / "__init__.py", *(Path(f"{stem}{suffix}") for suffix in _SOURCES)]
            yield from (str(place) for place in candidates if place.is_file())

    def _is_another_package(self, folder: str, parts: Sequence[str]) -> bool:
        """A folder with tests for ``numpy`` may be called so: it is no package, and what was imported is one."""
        for count in range(1, len(parts)):
            package = sys.modules.get(".".join(parts[:count]))
            if Path(folder, *parts[:count], "__init__.py").is_file():
                return False
            if getattr(package, "__file__", None):
                return True
        return False

    def _installed_files(self) -> Iterator[tuple[str, str]]:
        """Files of those distributions that are installed and have the name of a project in the checkout."""
        for name in self._distributions:
            # All of them: building leaves metadata beside the sources, too, and a source package comes with it.
            for distribution in importlib.metadata.distributions(name=name):
                files: list[importlib.metadata.PackagePath] = []
                with contextlib.suppress(OSError, ValueError, csv.Error):  # a record that was damaged
                    files = list(distribution.files or ())
                for file in files:
                    # What an editable install leaves there leads to code, and is none of the project's.
                    path = os.path.realpath(str(distribution.locate_file(file)))
                    # Metadata beside the sources names the tests, which nobody installs.
                    if "editable" not in file.parts[0] and (is_installed(path) or not within(path, self.own)):
                        yield path, name


class _OwnFirst:
    """The import system's finder of a side's own code."""

    def __init__(self, code: OwnCode) -> None:
        self.code = code

    def find_spec(self, name: str, path: Sequence[str] | None = None, _: ModuleType | None = None) -> ModuleSpec | None:
        return self.code.find(name, path)


class _WithoutOthers:
    """Another's finder, which now finds nothing in the other's checkout."""

    def __init__(self, finder: Any, code: OwnCode) -> None:
        self._finder = finder
        self._code = code

    def find_spec(self, name: str, *more: Any) -> Any:
        find = getattr(self._finder, "find_spec", None)
        spec = find(name, *more) if find else None
        origin = getattr(spec, "origin", None)
        # One without a file has a word there, which is no place in the folder that pytest was started in.
        is_known = isinstance(origin, str) and Path(origin).is_absolute()
        return None if is_known and self._code.is_others(str(origin)) else spec

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


def _placeholders(code: OwnCode) -> Iterator[str]:
    """Names on ``sys.path`` by which setuptools' editable installs of the other's checkout add to namespaces."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("__editable__"):
            continue
        places = [place for found in getattr(module, "NAMESPACES", {}).values() for place in found]
        if any(code.is_others(place) for place in places):
            yield getattr(module, "PATH_PLACEHOLDER", "")


def file_of(module: object) -> str:
    spec = getattr(module, "__spec__", None)
    path = getattr(module, "__file__", None) or getattr(spec, "origin", None)
    return os.path.realpath(path) if isinstance(path, str) and Path(path).is_absolute() else ""


def is_installed(path: str) -> bool:
    return not set(_INSTALLED).isdisjoint(Path(path).parts)


def _is_same_text(path: str, place: str) -> bool:
    try:
        return path.endswith(".py") and filecmp.cmp(path, place, shallow=False)
    except OSError:
        return False


def within(path: str, folder: str) -> bool:
    """Whether a path is the folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
