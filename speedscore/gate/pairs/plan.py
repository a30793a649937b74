"""From pytest's configuration to what each side is started with: its folders, its command line, which cases count.

It runs nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from speedscore.gate.checkouts.changed_files import ChangedFiles
from speedscore.gate.checkouts.import_roots import import_roots
from speedscore.gate.checkouts.projects import Layout
from speedscore.gate.checkouts.worktrees import SourceTree
from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.building import Build
from speedscore.gate.part import LeaderInstructions, Part
from speedscore.gate.sides.side import SideSpec
from speedscore.gate.sides.side_arguments import (
    Moves,
    Selection,
    alone,
    for_any_clone,
    moved,
    named_paths,
    select,
    without_base,
    without_gate,
)
from speedscore.text.addresses import without_credentials
from speedscore.verdicts.change_claim import ChangeClaim


class SidePlace(msgspec.Struct, frozen=True):
    """Where the code of a side lies, and what it runs in."""

    tree: SourceTree
    project: Path
    """pytest's rootdir in this checkout."""
    layout: Layout
    python: str
    python_path: tuple[str, ...] = ()
    """Folders of a checkout from which its own code is imported, beside those that are found."""
    own_environment: bool = False
    """True where the other side runs in another environment."""
    build: Build | None = None
    """What was built of it, where that was asked for."""


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
    deadline: GateDeadline = GateDeadline()
    claims: tuple[ChangeClaim, ...] = ()
    """What is said of the change, to be judged."""
    why: bool = False
    """Whether a pair of its own looks where regressions come from."""
    changed: ChangedFiles | None = None
    """Which files differ; None where nothing depends on that."""
    only_affected: bool = False
    """Whether benchmarks that none of those can have touched are left out."""
    all_because: str = ""
    """Why none is left out though that was asked for; empty where it is not known before they run."""
    part: Part | None = None
    """Which part of the cases is gated; None for all."""
    instructions: LeaderInstructions = LeaderInstructions()
    """By the gate that leads, where this one is a part's."""


def plan_side(config: pytest.Config, label: str, *, place: SidePlace, head: SourceTree, other: SourceTree) -> SidePlan:
    """A side with the command line of ``config``, in the words of its own checkout."""
    start, tree, project = config.invocation_params.dir, place.tree, place.project
    _, moves = places(config.rootpath, head, tree)
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
        python=place.python,
        own_environment=place.own_environment,
        arguments=(*selection.arguments, *_apart(tree.root.resolve(), other.root.resolve(), project=project)),
    )
    return SidePlan(_with_code(spec, place), selection)


def inside(other: Path, root: Path, *, project: Path) -> Path | None:
    """The other's checkout where it lies within this one, as where continuous integration checks base out in head; None
    where it does not, or where it holds this one's ``project``, which is then compared with itself."""
    other, root = other.resolve(), root.resolve()
    is_within = other != root and other.is_relative_to(root) and not project.resolve().is_relative_to(other)
    return other if is_within else None


def _apart(root: Path, other: Path, *, project: Path) -> list[str]:
    """What keeps the tests and the conftest.py files of one checkout out of the other that lies within it."""
    if inside(other, root, project=project):
        return [f"--ignore={other}"]
    return [f"--confcutdir={project}"] if root != other and root.is_relative_to(other) else []


def _with_code(spec: SideSpec, place: SidePlace) -> SideSpec:
    """The side with what its code is imported from: what was built of it, else its own checkout."""
    named = [Path(os.path.normpath(place.project / name)) for name in place.python_path]
    if place.build is not None:
        return msgspec.structs.replace(
            spec,
            python=place.build.python,
            # Its tests may need helpers that lie there; what was built comes before them.
            late_paths=tuple(named),
            code=place.build.code,
            distributions=place.build.distributions,
            is_built=True,
            own_environment=False,
        )
    code = import_roots(place.layout, named=named)
    return msgspec.structs.replace(
        spec,
        import_paths=code.on_path(named=named),
        code=code,
        distributions=tuple(found.name for found in place.layout.projects if found.name),
    )


def arguments_beside_base(config: pytest.Config, head: SourceTree) -> tuple[str, ...]:
    """What the command that gates one case alone has beside the case and the base.

    Others will read it, so it names no folder of this machine, and addresses are without passwords.
    """
    kept = without_base(alone(_arguments(config), paths=config.option.file_or_dir))
    start = config.invocation_params.dir
    return tuple(map(without_credentials, for_any_clone(kept, start=start, rootdir=config.rootpath, root=head.root)))


def places(rootdir: Path, head: SourceTree, tree: SourceTree) -> tuple[Path, Moves]:
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
