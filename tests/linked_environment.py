"""An environment that holds exactly what one installation of speedscore brings, made of links into the one at hand.

What ``pip install -e ".[extra]"`` brings is read from the metadata of the packages, so nothing is downloaded, and a
package that only the tests need is missing. Commands of the documentation are run in it, as its readers run them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.places import ROOT


def copy_checkout(place: Path) -> Path:
    """A copy of the checkout without what is not committed."""
    left_out = shutil.ignore_patterns(".git", ".tox", ".venv", ".benchmarks", "__pycache__", "build", ".*_cache")
    shutil.copytree(ROOT, place, symlinks=True, ignore=left_out)
    return place


def make_environment(checkout: Path, *, extras: Iterable[str]) -> Path:
    """The checkout's ``.venv`` after ``pip install -e ".[extras]"`` in it; skips the test where some are missing."""
    try:
        distributions = _closure(frozenset(extras))
    except metadata.PackageNotFoundError as error:
        pytest.skip(f"what the documentation installs is not all here, so its commands cannot be run: no {error}")
    environment = checkout / ".venv"
    venv.create(environment, with_pip=False)
    (packages,) = environment.glob("lib/python*/site-packages")
    for name, distribution in distributions.items():
        if name == "speedscore":
            # An editable install: the folder with the link, and the entry points.
            (packages / "speedscore.pth").write_text(f"{checkout / '.editable'}\n")
            about = packages / f"speedscore-{distribution.version}.dist-info"
            about.mkdir()
            for file in ("METADATA", "entry_points.txt"):
                (about / file).write_text(distribution.read_text(file) or "")
        else:
            _link(distribution, packages)
    for command, module in (("pytest", "pytest"), ("speedscore", "speedscore")):
        script = environment / "bin" / command
        script.write_text(f"#!/bin/sh\nexec '{environment}/bin/python' -P -m {module} \"$@\"\n")
        script.chmod(0o755)
    return environment


def execute(
    command: str, *, cwd: Path, environment: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Give a line, or several, to a shell in which the environment is active. What is printed comes as one text."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))}
    inherited |= {"PATH": f"{environment / 'bin'}{os.pathsep}{inherited['PATH']}"} | (variables or {})
    return subprocess.run(
        ["bash", "-c", command],
        cwd=cwd,
        env=inherited,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _closure(extras: frozenset[str]) -> dict[str, metadata.Distribution]:
    """By name what an installation of ``speedscore[extras]`` holds. Raises PackageNotFoundError for what is missing."""
    found: dict[str, metadata.Distribution] = {}
    wanted = [(metadata.distribution("speedscore"), extras)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        distribution, asked = wanted.pop()
        name = distribution.metadata["Name"]
        if (name, asked) in seen:
            continue
        seen.add((name, asked))
        found[name] = distribution
        for line in distribution.requires or ():
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": each}) for each in (asked or {""})):
                wanted.append((metadata.distribution(requirement.name), frozenset(requirement.extras)))
    return found


def _link(distribution: metadata.Distribution, packages: Path) -> None:
    """The files of a distribution into another folder of packages, by links to what stands at their top."""
    for file in distribution.files or ():
        top = file.parts[0]
        place = packages / top
        if top not in ("..", "__pycache__") and not place.exists():
            place.symlink_to(Path(str(distribution.locate_file(top))))
