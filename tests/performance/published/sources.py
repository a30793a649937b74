"""Where published examples that no package holds are found, and how their code is loaded. It knows none itself."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

VARIABLE = "SPEEDSCORE_PUBLISHED"
"""Names the folder; the package's docstring says how to fill it."""


def missing_packages(names: tuple[str, ...], *, folders: Sequence[str] = ()) -> list[str]:
    """Those that can be imported neither here nor from ``folders``; none is imported to find out."""
    return [name for name in names if PathFinder.find_spec(name, [*sys.path, *folders]) is None]


def package_folders(names: tuple[str, ...]) -> list[str]:
    """The folder's own packages, for the search path of an example that needs one that is not installed.

    For no other example: what lies there may be more than it is used to finding.
    """
    root = os.environ.get(VARIABLE)
    return [str(Path(root, "packages"))] if root and missing_packages(names) else []


def find_source(pattern: str) -> Path:
    """The file under the folder that ``pattern`` matches. Raises FileNotFoundError that says what to do."""
    root = os.environ.get(VARIABLE)
    if not root:
        raise FileNotFoundError(f"set {VARIABLE} to a folder that holds {pattern}; see tests/performance/published")
    found = sorted(Path(root).glob(pattern))
    if not found:
        raise FileNotFoundError(f"{VARIABLE}={root} holds no {pattern}; see tests/performance/published")
    return found[-1]


def origin_of(path: Path) -> str:
    """The file's path under the folder and the first digits of its SHA-256."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return f"{path.relative_to(os.environ[VARIABLE])} (sha256 {digest})"


def load_source(path: Path, *, change: tuple[str, str] | None = None) -> ModuleType:
    """A Python file as a module, with one expression of it changed for another so that both sides do the same work."""
    return _run(path, path.read_text(), {}, change)


def load_notebook_classes(path: Path, names: dict[str, object], *, change: tuple[str, str] | None = None) -> ModuleType:
    """The cells of a notebook that define classes, as a module in which ``names`` were defined before."""
    cells = json.loads(path.read_text())["cells"]
    codes = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return _run(path, "\n\n".join(code for code in codes if code.startswith("class ")), names, change)


def _run(path: Path, code: str, names: dict[str, object], change: tuple[str, str] | None) -> ModuleType:
    if change:
        if change[0] not in code:
            raise LookupError(f"{path} has no {change[0]} to change; it was expected to be as it is published")
        code = code.replace(*change)
    module = ModuleType(f"published_{path.stem}")
    # Dataclasses look their own module up there.
    sys.modules[module.__name__] = module
    vars(module).update(names)
    exec(compile(code, str(path), "exec"), vars(module))
    return module
