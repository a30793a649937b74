"""From pytest's configuration to what each side is started with: its folders, its command line, which cases count.

It runs nothing.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from speedscore.gate.side_arguments import Moves, Selection, alone, moved, named_paths, select, without_gate
from speedscore.gate.sides import SideSpec
from speedscore.gate.worktrees import SourceTree


class SidePlan(msgspec.Struct, frozen=True):
    """What a side is started with, and which of its cases count."""

    spec: SideSpec
    selection: Selection


class GatePlan(msgspec.Struct, frozen=True):
    """What is to be gated."""

    base: SidePlan
    head: SidePlan
    extra_work: float = 0.0
    """Share of work that head does in addition, for a canary; else 0."""
    other_environment: bool = False
    """True where base has packages of its own."""
    deadline_seconds: float | None = None
    """On the gate's clock; None without a limit."""


def plan_side(
    config: pytest.Config, label: str, *, tree: SourceTree, head: SourceTree, python: str, python_path: Sequence[str]
) -> SidePlan:
    """A side with the command line of ``config``, in the words of its own checkout.

    ``python_path`` are the folders of a checkout from which its own code is imported.
    """
    start = config.invocation_params.dir
    project, moves = _places(config.rootpath, head, tree)
    folder = moved(start, moves)
    arguments, paths = _arguments(config), config.option.file_or_dir
    selection = select(without_gate(arguments), paths=paths, start=start, project=project, moves=moves)
    if not folder.is_dir():
        # Head's pytest was started in a folder that this side lacks, and so are the tests, unless others are named.
        nothing = selection.nothing or not named_paths(arguments, paths)
        folder, selection = project, msgspec.structs.replace(selection, nothing=nothing)
    spec = SideSpec(
        label=label,
        description=tree.description,
        root=tree.root,
        project=project,
        folder=folder,
        python=python,
        import_paths=tuple(project / name for name in python_path),
        arguments=selection.arguments,
    )
    return SidePlan(spec, selection)


def command_for(config: pytest.Config, case: str) -> str:
    """The gate on one case alone, as it can be typed anywhere."""
    arguments = alone(_arguments(config), paths=config.option.file_or_dir)
    return f"cd {shlex.quote(str(config.rootpath))} && {shlex.join(['pytest', case, *arguments])}"


def _places(rootdir: Path, head: SourceTree, tree: SourceTree) -> tuple[Path, Moves]:
    """pytest's rootdir in another checkout, and what else of head lies where.

    A directory may hold the project alone, which is a part of head's repository.
    """
    if tree.root == head.root:
        return rootdir, ()
    project = moved(rootdir.resolve(), [(head.root.resolve(), tree.root)])
    if not project.is_dir():
        project = tree.root
    return project, [(rootdir, project), (rootdir.resolve(), project), (head.root.resolve(), tree.root)]


def _arguments(config: pytest.Config) -> list[str]:
    return [str(argument) for argument in config.invocation_params.args]
