"""From pytest's configuration to two sides: where each checkout lies, what its pytest is started with, what differs.

It runs no test; it asks an interpreter for its packages where base has one of its own.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from speedscore.gate.checkouts import Tree
from speedscore.gate.gate import GateError, Plan
from speedscore.gate.invocation import Moves, Selection, alone, moved, named_paths, select, without_gate
from speedscore.gate.sides import Checkout

_LIST_PACKAGES = """
import importlib.metadata, json
print(json.dumps({each.metadata["Name"]: each.version for each in importlib.metadata.distributions()}))
"""


def make_plan(
    config: pytest.Config,
    *,
    base: Tree,
    head: Tree,
    base_python: str,
    other_environment: bool,
    canary: float,
    deadline_seconds: float | None,
) -> Plan:
    """Both sides with the same command line, each in its own checkout."""
    base_side, base_selection = _side(config, "base", tree=base, head=head, python=base_python)
    head_side, head_selection = _side(config, "head", tree=head, head=head, python=sys.executable)
    return Plan(
        base=base_side,
        head=head_side,
        base_selection=base_selection,
        head_selection=head_selection,
        extra_work=canary,
        other_environment=other_environment,
        deadline_seconds=deadline_seconds,
    )


def _side(config: pytest.Config, label: str, *, tree: Tree, head: Tree, python: str) -> tuple[Checkout, Selection]:
    start = config.invocation_params.dir
    project, moves = _places(config.rootpath, head, tree)
    folder = moved(start, moves)
    selection = select(
        without_gate(_arguments(config)), paths=config.option.file_or_dir, start=start, project=project, moves=moves
    )
    if not folder.is_dir():
        # Head's pytest was started in a folder that this side lacks, and so are the tests, unless others are named.
        nothing = selection.nothing or not named_paths(_arguments(config), config.option.file_or_dir)
        folder, selection = project, msgspec.structs.replace(selection, nothing=nothing)
    checkout = Checkout(
        label=label,
        description=tree.description,
        root=tree.root,
        project=project,
        folder=folder,
        python=python,
        arguments=selection.arguments,
    )
    return checkout, selection


def _places(rootdir: Path, head: Tree, tree: Tree) -> tuple[Path, Moves]:
    """pytest's rootdir in another checkout, and what else of head lies where.

    A directory may hold the project alone, which is a part of head's repository.
    """
    if tree.root == head.root:
        return rootdir, ()
    project = moved(rootdir.resolve(), [(head.root.resolve(), tree.root)])
    if not project.is_dir():
        project = tree.root
    return project, [(rootdir, project), (rootdir.resolve(), project), (head.root.resolve(), tree.root)]


def command_for(config: pytest.Config, case: str) -> str:
    """The gate on one case alone, as it can be typed anywhere."""
    arguments = alone(_arguments(config), paths=config.option.file_or_dir)
    return f"cd {shlex.quote(str(config.rootpath))} && {shlex.join(['pytest', case, *arguments])}"


def differing_packages(base_python: str) -> tuple[dict[str, str], dict[str, str]]:
    """Versions of what is not the same in the two environments: of base, and of head.

    Raises GateError where base's interpreter cannot be run.
    """
    if base_python == sys.executable:
        return {}, {}
    base, head = _packages(base_python), _packages(sys.executable)
    names = [name for name in sorted(base.keys() | head.keys()) if base.get(name) != head.get(name)]
    return {name: base[name] for name in names if name in base}, {name: head[name] for name in names if name in head}


def _packages(python: str) -> dict[str, str]:
    try:
        done = subprocess.run([python, "-c", _LIST_PACKAGES], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise GateError(f"--gate-python: {python} cannot be run ({error}); name a Python interpreter") from None
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _arguments(config: pytest.Config) -> list[str]:
    return [str(argument) for argument in config.invocation_params.args]
