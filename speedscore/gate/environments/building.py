"""``--gate-build``: what a checkout is built into, in an environment of its own, beside what is installed already.

Each project is built to a wheel from a copy of the checkout, so that nothing is written into the user's own. The wheels
are installed without their dependencies: those are the present environment's, which the new one sees behind its own.
What was built is kept, by what it was built from and for. No test is run here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from speedscore.gate.checkouts.base_setup import set_up_base
from speedscore.gate.checkouts.checkout_copies import checkout_copy
from speedscore.gate.checkouts.import_roots import ImportRoots, built_roots
from speedscore.gate.checkouts.projects import Layout, Project, normalised
from speedscore.gate.checkouts.source_files import sources_digest
from speedscore.gate.checkouts.worktrees import SourceTree
from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.environments.made_environments import (
    Runner,
    kept_environment,
    make_environment,
    pip_command,
)
from speedscore.gate.environments.requirements import fulfils, holds_here, read_requirement
from speedscore.gate.errors import GateError
from speedscore.host.environments import site_folder
from speedscore.host.git import git_says
from speedscore.host.scratch import make_scratch


class Build(msgspec.Struct, frozen=True):
    """An environment with the projects of one checkout."""

    python: str
    code: ImportRoots
    distributions: tuple[str, ...]


def build(
    tree: SourceTree,
    layout: Layout,
    *,
    project: Path,
    environment: Environment,
    base_setup: str,
    say: Callable[[str], None],
    deadline: GateDeadline,
) -> Build:
    """Build a checkout, or find it built already. Raises GateError where it cannot be built, with the last lines.

    ``base_setup`` is run in the copy of either side, which lacks what git does not keep; empty for no command.
    """
    projects = _to_build(layout, project=project, environment=environment)
    if not projects:
        raise GateError(
            f"--gate-build: no project that can be built in {tree.root} (a pyproject.toml with [build-system] or "
            "[project], or a setup.py)"
        )
    folder = kept_environment("gate-builds", _key(tree, projects, environment, base_setup=base_setup))
    if not folder.is_dir():
        say(f"gate: building {', '.join(each.name or str(each.folder) for each in projects)} of {tree.description}")
        run = Runner("--gate-build", f"building {tree.description}", environment, deadline)

        def set_up(copy: Path) -> None:
            # What was copied because git knows nothing of it is all there.
            if base_setup and tree.commit:
                place = copy / project.resolve().relative_to(tree.root.resolve())
                copy_of = f"a copy of {tree.description}"
                set_up_base(base_setup, folder=place, of=copy_of, python=environment.python, deadline=deadline)

        _make(folder, tree, projects, environment, set_up=set_up, run=run)
    os.utime(folder)
    python = folder / "bin" / "python"
    return Build(
        python=str(python),
        code=built_roots(site_folder(folder)),
        distributions=tuple(filter(None, (p.name for p in projects))),
    )


def _to_build(layout: Layout, *, project: Path, environment: Environment) -> list[Project]:
    """The projects that are installed in the present environment; where none is, the one that is gated."""
    installed = {normalised(name) for name in environment.packages}
    buildable = [found for found in layout.projects if found.is_buildable]
    wanted = [found for found in buildable if found.name in installed]
    return wanted or [found for found in buildable if found.folder == project] or buildable[:1]


def _make(
    folder: Path,
    tree: SourceTree,
    projects: Sequence[Project],
    environment: Environment,
    *,
    set_up: Callable[[Path], None],
    run: Runner,
) -> None:
    scratch = make_scratch("build")
    try:
        wheels: list[str] = []
        with checkout_copy(tree) as copy:
            set_up(copy)
            for number, project in enumerate(projects):
                goal = scratch / str(number)
                source = copy / project.folder.resolve().relative_to(tree.root.resolve())
                _build_wheel(source, goal, environment, run=run)
                wheels += map(str, goal.glob("*.whl"))

        def install(python: Path) -> None:
            run(_install_command(python, wheels, environment))

        make_environment(folder, environment, install=install, run=run)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _build_wheel(source: Path, goal: Path, environment: Environment, *, run: Runner) -> None:
    """With the present environment's build backend where it has it, which needs no network; else in isolation."""
    if not _has_backend(source, environment):
        run(_wheel_command(source, goal, environment))
        return
    try:
        run(_wheel_command(source, goal, environment, "--no-build-isolation"))
    except GateError as error:
        # A backend may need more than it declares, which isolation fetches; else the first failure is the one to tell.
        try:
            run(_wheel_command(source, goal, environment))
        except GateError:
            raise error from None


def _has_backend(source: Path, environment: Environment) -> bool:
    installed = {normalised(name): version for name, version in environment.packages.items()}
    try:
        with (source / "pyproject.toml").open("rb") as file:
            needed = tomllib.load(file).get("build-system", {}).get("requires", ["setuptools"])
    except (OSError, tomllib.TOMLDecodeError):
        needed = ["setuptools"]
    requirements = [read_requirement(text) for text in needed]
    return all(
        each is not None and (version := installed.get(normalised(each.name))) is not None and fulfils(version, each)
        for each in requirements
        if each is None or holds_here(each)
    )


def _wheel_command(source: Path, goal: Path, environment: Environment, *options: str) -> list[str]:
    if uv := shutil.which("uv"):
        return [uv, "build", "--wheel", "--out-dir", str(goal), "--python", environment.python, *options, str(source)]
    return [*pip_command(environment), "wheel", "--no-deps", "--wheel-dir", str(goal), *options, str(source)]


def _install_command(python: Path, wheels: Sequence[str], environment: Environment) -> list[str]:
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", str(python), "--no-deps", "--offline", *wheels]
    pip = pip_command(environment)[:3]
    return [*pip, "--python", str(python), "install", "--no-deps", "--no-index", *wheels]


def _key(tree: SourceTree, projects: Sequence[Project], environment: Environment, *, base_setup: str) -> str:
    """Names all that a build depends on: the tree, what is made in it, what of it is built, and the environment."""
    if tree.commit and not tree.dirty:
        state = git_says(tree.root, "rev-parse", f"{tree.commit}^{{tree}}") + git_says(
            tree.root, "rev-parse", "--show-prefix"
        )
    else:
        state = sources_digest(tree.root, in_git=bool(tree.commit))
    folders = sorted(str(project.folder.resolve().relative_to(tree.root.resolve())) for project in projects)
    told = msgspec.json.encode([2, state, folders, environment, base_setup], order="sorted")
    return hashlib.sha256(told).hexdigest()[:32]
