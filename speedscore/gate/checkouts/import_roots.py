"""The folders of a checkout from which its code is imported, and the names that each holds: its import roots.

A side's own roots come before whatever is installed, and by them a side proves that it ran its own code. Only the
names of files are read here.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import msgspec

from speedscore.gate.checkouts.projects import Layout, Project

_NO_MODULES = frozenset({"conftest", "setup", "__init__", "__main__"})
_BESIDE_THE_CODE = re.compile(
    r"ci|bin|debian|docs?|documentation|manpages|news(fragments)?|changelog|(unit_)?tests?|testing|examples?|scripts"
    r"|tools|utils?|python|build|dist|bench|benchmarks?|exercises?|tasks|fabfile|toxfile|noxfile|pavement|dodo|conanfile"
    r"|manage|site_scons|src|lib|[._].*"
)
"""What setuptools, too, takes for no package where a project has no source folder (FlatLayoutPackageFinder)."""
_TESTS = re.compile(r"tests?|testing|bench|benchmarks?|docs?|examples?")
_SOURCE_FOLDERS = ("src", "python")
"""Where a project's code lies that declares nothing; the second is maturin's."""


class ImportRoot(msgspec.Struct, frozen=True):
    """A folder that belongs on the import path."""

    folder: Path
    names: tuple[str, ...]
    """Of the packages and modules in it."""


class ImportRoots(msgspec.Struct, frozen=True):
    """All roots of a checkout, those named by the user first."""

    roots: tuple[ImportRoot, ...] = ()
    ambiguous: tuple[str, ...] = ()
    """Names that several roots hold: which of them is meant, only the user knows."""

    def on_path(self, *, named: Sequence[Path]) -> tuple[Path, ...]:
        """The folders that can stand first on the import path: those named, and those that hide nothing by it."""
        hides = set(self.ambiguous) | sys.stdlib_module_names
        found = [root.folder for root in self.roots if hides.isdisjoint(root.names) and not _others_in(root)]
        return tuple(dict.fromkeys([*named, *found]))


def import_roots(layout: Layout, *, named: Sequence[Path]) -> ImportRoots:
    """Of a checkout; ``named`` are those folders that the user, or a default, says to be import roots."""
    roots: dict[Path, tuple[str, ...]] = {folder: names for folder in named if (names := _names(folder))}
    of_projects = [root for project in layout.projects for root in _roots_of(project)]
    sources = [(folder, _names(folder)) for folder in layout.source_folders]
    for folder, names in (*of_projects, *sources):
        if names and folder not in roots:
            roots[folder] = names
    regular = Counter(
        name for folder, names in roots.items() if folder not in named for name in names if _is_regular(folder, name)
    )
    by_user = {name for folder in named for name in roots.get(folder, ())}
    return ImportRoots(
        roots=tuple(ImportRoot(folder, names) for folder, names in roots.items()),
        ambiguous=tuple(sorted(name for name, count in regular.items() if count > 1 and name not in by_user)),
    )


def built_roots(folder: Path) -> ImportRoots:
    """Of a folder in which nothing is installed but what was built from one checkout."""
    # Tests that came along into a wheel are not what is benchmarked, and pytest wants them from the checkout.
    names = tuple(name for name in _names(folder) if not _TESTS.fullmatch(name))
    return ImportRoots(roots=(ImportRoot(folder, names),))


def _roots_of(project: Project) -> Iterator[tuple[Path, tuple[str, ...]]]:
    declared = False
    for folder, only in project.sources:
        held = _names(folder)
        if names := tuple(name for name in held if not only or name in only):
            declared = True
            yield folder, names
    if declared:
        return
    for name in _SOURCE_FOLDERS:
        if names := _names(project.folder / name):
            yield project.folder / name, names
            return
    # A script that lies beside the packages may be called like somebody's library.
    found = [name for name in _names(project.folder) if not _BESIDE_THE_CODE.fullmatch(name)]
    module = project.name.replace("-", "_")
    yield project.folder, tuple(name for name in found if name == module or (project.folder / name).is_dir())


def _others_in(root: ImportRoot) -> list[str]:
    """What else could be imported from its folder, and is none of what usually lies beside code."""
    others = set(_names(root.folder)) - set(root.names)
    return [name for name in others if not _BESIDE_THE_CODE.fullmatch(name)]


def _names(folder: Path) -> tuple[str, ...]:
    """What could be imported with the folder on the import path."""
    try:
        places = sorted(folder.iterdir())
    except OSError:
        return ()
    names = dict.fromkeys(name for place in places if (name := _importable(place)) and name not in _NO_MODULES)
    return tuple(names)


def _importable(place: Path) -> str:
    """The name of a module or package; empty where it is none. A folder is one where code lies in or below it."""
    if place.is_dir():
        return place.name if place.name.isidentifier() and _holds_code(place) else ""
    for suffix in (".py", *EXTENSION_SUFFIXES):
        name = place.name.removesuffix(suffix)
        if name != place.name:
            return name if name.isidentifier() else ""
    return ""


def _holds_code(folder: Path, depth: int = 3) -> bool:
    """Whether a folder is a package, or, as those of a namespace, leads to one."""
    if (folder / "__init__.py").is_file():
        return True
    try:
        places = list(folder.iterdir())
    except OSError:
        return False
    if any(place.name.endswith((".py", *EXTENSION_SUFFIXES)) for place in places):
        return True
    return depth > 0 and any(
        _holds_code(place, depth - 1) for place in places if place.name.isidentifier() and place.is_dir()
    )


def _is_regular(folder: Path, name: str) -> bool:
    return not (folder / name).is_dir() or (folder / name / "__init__.py").is_file()
