"""Which Python projects a checkout holds, and from which of its folders their code is imported, as they declare it.

It reads the project files of every common build backend, runs none of them, and imports nothing of the checkout.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

MOST_DEPTH = 5
"""Of folders below the checkout in which a project or a source folder is looked for."""
_NOT_OF_THE_CODE = re.compile(
    r"\..*|_+|build|dist|docs?|documentation|examples?|fixtures?|(unit_?)?tests?|testing|test_?data|samples?|templates?"
    r"|(_|third[-_]?party[-_]?)?vendor(ed)?|third[-_]?party|extern(al)?|node_modules|__pycache__|site-packages|dist-packages"
    r"|.*\.egg-info|.*\.dist-info",
    re.IGNORECASE,
)
"""Folders whose projects are copies, examples or made to be tested, and no code of the checkout."""
_PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


class Project(msgspec.Struct, frozen=True):
    """A folder that can be built into a distribution."""

    folder: Path
    name: str
    """Of the distribution, normalised as packaging says; empty where only building would tell."""
    sources: tuple[tuple[Path, tuple[str, ...]], ...] = ()
    """Folders that it says its code is imported from, each with the names in it; no names stand for all."""
    is_buildable: bool = False


class Layout(msgspec.Struct, frozen=True):
    """What lies in a checkout."""

    projects: tuple[Project, ...]
    source_folders: tuple[Path, ...]
    """Folders called ``src`` that are no project's own."""


def layout_of(checkout: Path, *, project: Path, besides: Path | None = None) -> Layout:
    """All projects of a checkout, with that at ``project``, wherever it lies; what lies in ``besides``, which may be
    another checkout within this one, is none of them."""
    found_folders = [each for each in _folders(checkout) if besides is None or not each.is_relative_to(besides)]
    folders = dict.fromkeys([project, *found_folders])
    projects = [found for folder in folders if (found := _project(folder))]
    declared = {source for found in projects for source, _ in found.sources}
    return Layout(
        projects=tuple(projects),
        source_folders=tuple(folder for folder in folders if folder.name == "src" and folder not in declared),
    )


def _folders(folder: Path, depth: int = 0) -> Iterator[Path]:
    """The folder and those below it that may hold projects: none within a package or an environment."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    names = {entry.name for entry in entries}
    if "pyvenv.cfg" in names or "conda-meta" in names or (depth and "__init__.py" in names):
        return
    yield folder
    for entry in entries:
        if depth < MOST_DEPTH and entry.is_dir(follow_symlinks=False) and not _NOT_OF_THE_CODE.fullmatch(entry.name):
            yield from _folders(Path(entry.path), depth + 1)


def _project(folder: Path) -> Project | None:
    if not any((folder / name).is_file() for name in _PROJECT_FILES):
        return None
    toml, cfg, setup = _toml(folder / "pyproject.toml"), _cfg(folder / "setup.cfg"), _setup(folder / "setup.py")
    name = (
        _at(toml, "project", "name")
        or _at(toml, "tool", "poetry", "name")
        or _at(toml, "tool", "flit", "metadata", "module")
        or cfg.get("metadata", "name", fallback="")
        or setup.get("name")
    )
    sources: dict[Path, tuple[str, ...]] = {}
    for source, names in (*_declared_sources(toml), *_setuptools_sources(toml, cfg, setup)):
        path = Path(os.path.normpath(folder / source))
        if path.is_dir():
            known = sources.get(path, names)
            sources[path] = tuple(dict.fromkeys((*known, *names))) if known and names else ()
    return Project(
        folder=folder,
        name=normalised(name) if isinstance(name, str) else "",
        sources=tuple(sources.items()),
        is_buildable="build-system" in toml or "project" in toml or bool(setup),
    )


def normalised(name: str) -> str:
    """A distribution's name as all its spellings have it (packaging.python.org, name normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


Source = tuple[str, tuple[str, ...]]


def _declared_sources(toml: Mapping[str, Any]) -> Iterator[Source]:
    """Of the backends that have a table of their own in ``pyproject.toml``: folder, and names in it."""
    hatch = _at(toml, "tool", "hatch", "build") or {}
    for table in (hatch, _at(hatch, "targets", "wheel") or {}):
        yield from map(_of_package, _texts(table.get("packages")))
        yield from ((source, ()) for source in _texts(table.get("sources")))
    scikit = _at(toml, "tool", "scikit-build", "wheel", "packages")
    yield from map(_of_package, _texts(list(scikit.values()) if isinstance(scikit, dict) else scikit))
    for package in _at(toml, "tool", "poetry", "packages") or ():
        if isinstance(package, dict) and "to" not in package:
            top = Path(str(package.get("include", ""))).parts[:1]
            yield str(package.get("from", ".")), tuple(part for part in top if part.isidentifier())
    for keys in (
        ("maturin", "python-source"),
        ("pdm", "build", "package-dir"),
        ("uv", "build-backend", "module-root"),
    ):
        if isinstance(source := _at(toml, "tool", *keys), str):
            yield source or ".", ()


def _setuptools_sources(
    toml: Mapping[str, Any], cfg: configparser.ConfigParser, setup: dict[str, Any]
) -> Iterator[Source]:
    table = _at(toml, "tool", "setuptools") or {}
    directories = dict(table.get("package-dir") or {}) | dict(setup.get("package_dir") or {})
    for line in cfg.get("options", "package_dir", fallback="").replace(",", "\n").splitlines():
        package, mark, source = line.partition("=")
        if mark:
            directories[package.strip()] = source.strip()
    for package, source in directories.items():
        parts, place = package.split(".") if package else [], Path(str(source)).parts
        if tuple(parts) == place[len(place) - len(parts) :]:
            yield str(Path(*place[: len(place) - len(parts)])), tuple(parts[:1])
    where = _at(table, "packages", "find", "where")
    yield from ((source, ()) for source in _texts([where] if isinstance(where, str) else where))
    if source := cfg.get("options.packages.find", "where", fallback=""):
        yield source.strip(), ()
    if where := setup.get("where"):
        yield str(where), ()
    if not directories:
        listed = [*_texts(table.get("packages")), *_texts(table.get("py-modules"))]
        if names := tuple(dict.fromkeys(name.partition(".")[0] for name in listed)):
            yield ".", names


def _of_package(path: str) -> Source:
    """The folder that a package's path is imported from, and the package's name."""
    package = Path(path.rstrip("/"))
    return str(package.parent), (package.name,)


def _at(table: Any, *keys: str) -> Any:
    """What stands under the keys; None where nothing does."""
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _cfg(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, ValueError):
        return configparser.ConfigParser(interpolation=None)
    return parser


def _setup(path: Path) -> dict[str, Any]:
    """What ``setup(…)`` is given in plain words, and ``where`` packages are looked for; empty without a call of it."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return {}
    told: dict[str, Any] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        if function == "setup":
            told["is_called"] = True
            told |= {word.arg: value for word in node.keywords if word.arg and (value := _plain(word.value))}
        elif function in ("find_packages", "find_namespace_packages"):
            places = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "where")]
            told["where"] = next((value for place in places if isinstance(value := _plain(place), str)), None)
    return told


def _plain(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
