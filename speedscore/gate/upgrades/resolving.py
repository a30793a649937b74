"""Which packages an upgrade would change in an environment, asked of uv where there is one, else of pip.

Nothing is installed here. The installer is asked for a dry run, so the answer is what it would do in that very
environment: what is installed and fits stays. What the upgrade would break among the others is resolved with it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from speedscore.gate.environments import Environment
from speedscore.gate.errors import GateError
from speedscore.gate.made_environments import Runner, pip_command
from speedscore.gate.requirements import fulfils, read_requirement
from speedscore.gate.upgrades.conflicts import broken_by
from speedscore.gate.upgrades.direct_urls import known_locally, known_to_uv
from speedscore.gate.upgrades.pins import Pin, changes_of_pip, changes_of_uv

_LOCKS_OF_OTHERS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
_ARCHIVES = (".whl", ".tar.gz", ".zip")
_MOST_TRIES = 3


class Resolved(msgspec.Struct, frozen=True):
    """What an upgrade comes to."""

    pins: tuple[Pin, ...]
    """The packages that change, and those that are new, by name."""
    tool: str
    """``uv`` or ``pip``."""
    remarks: tuple[str, ...] = ()
    """What was not done as it might have been expected."""


def check_requests(requests: Sequence[str]) -> None:
    """Raises GateError for what is neither a requirement nor a file that pip or uv can read."""
    for text in requests:
        path = Path(text)
        if path.name in _LOCKS_OF_OTHERS or path.suffix == ".toml":
            raise GateError(
                f"--gate-upgrade: expected a requirement or a requirements file, found {text}; export it first (as "
                "`uv export --format requirements-txt` does)"
            )
        if path.is_file() or _is_project(text):
            continue
        try:
            Requirement(text)
        except InvalidRequirement as error:
            raise GateError(
                "--gate-upgrade: expected a requirement like jax==0.8.0, a requirements file, a wheel or the folder of "
                f"a project, found {text!r} ({str(error).splitlines()[0]})"
            ) from None


def resolve(requests: Sequence[str], environment: Environment, *, run: Runner, scratch: Path) -> Resolved:
    """Which packages would change. Raises GateError where neither uv nor pip can tell, with the last lines.

    A package that would be broken is asked for, too, in whatever version fits; where that cannot be resolved the
    upgrade is taken as it was asked for, and a remark says what it breaks.
    """
    remarks: list[str] = []
    wanted = [_argument(text) for text in requests]
    resolved = _resolved(wanted, requests, environment, run=run, scratch=scratch, remarks=remarks)
    for _ in range(_MOST_TRIES):
        broken = broken_by(resolved.pins, environment)
        if not broken:
            break
        also = [[name] for name in sorted({each.package for each in broken})]
        try:
            resolved = _resolved([*wanted, *also], requests, environment, run=run, scratch=scratch, remarks=[])
        except GateError:
            break
        wanted += also
    left = broken_by(resolved.pins, environment)
    remarks += [f"the upgrade breaks {each.package}, which requires {each.requirement}" for each in left]
    return msgspec.structs.replace(resolved, remarks=tuple(remarks))


def without_contradicted(constraints: Sequence[str], requested: Sequence[Requirement]) -> list[str]:
    """The lines of a constraints file that the upgrade does not contradict."""
    return [line for line in constraints if not any(_contradict(line, each) for each in requested)]


def _contradict(line: str, requested: Requirement) -> bool:
    constraint = _requirement(line)
    if constraint is None or canonicalize_name(constraint.name) != canonicalize_name(requested.name):
        return False
    if requested.url:
        return True
    both = ((constraint, requested), (requested, constraint))
    exact = [(version, other) for one, other in both for version in _exact(one)]
    # Of two exact ones it is enough that one admits the other: 2.3+cpu is one of 2.3.
    return bool(exact) and not any(fulfils(version, other) for version, other in exact)


def _exact(requirement: Requirement) -> list[str]:
    return [each.version for each in requirement.specifier if each.operator == "==" and not each.version.endswith("*")]


def _requirement(line: str) -> Requirement | None:
    """The requirement in a line of a requirements file; None where it holds none."""
    text = re.split(r"\s+#|\s+--hash|\s*\\$", line.strip())[0]
    if not text or text.startswith(("#", "-")):
        return None
    return read_requirement(text)


def _argument(text: str) -> list[str]:
    """As pip and uv take it: an archive and a project stand for themselves, another file holds requirements."""
    path = Path(text)
    if _is_project(text) or (path.is_file() and path.name.endswith(_ARCHIVES)):
        return [str(path.resolve())]
    return ["-r", text] if path.is_file() else [text]


def _is_project(text: str) -> bool:
    """A folder that lies beside is none for pip either, unless it is named as a path: it may be called as a package."""
    named_as_path = os.sep in text or text.startswith(".")
    return named_as_path and any((Path(text) / name).is_file() for name in ("pyproject.toml", "setup.py"))


def _resolved(
    wanted: Sequence[Sequence[str]],
    requests: Sequence[str],
    environment: Environment,
    *,
    run: Runner,
    scratch: Path,
    remarks: list[str],
) -> Resolved:
    """With the user's constraints as far as the upgrade does not contradict them, else without any."""
    words = [word for argument in wanted for word in argument]
    lines = [line for path in os.environ.get("PIP_CONSTRAINT", "").split() for line in _lines(Path(path))]
    kept = without_contradicted(lines, _requested(requests))
    if kept:
        file = scratch / "constraints.txt"
        file.write_text("\n".join(kept))
        try:
            return _ask(words, environment, run=run, scratch=scratch, constraints=file, remarks=[])
        except GateError:
            pass  # what the upgrade needs in turn may contradict them, too
    resolved = _ask(words, environment, run=run, scratch=scratch, constraints=None, remarks=remarks)
    if kept:
        remarks.append("resolved without PIP_CONSTRAINT, which does not admit the upgrade")
    return resolved


def _ask(
    words: Sequence[str],
    environment: Environment,
    *,
    run: Runner,
    scratch: Path,
    constraints: Path | None,
    remarks: list[str],
) -> Resolved:
    if uv := _uv_for(environment):
        options = ["--constraints", str(constraints)] if constraints else []
        try:
            said = run([uv, "pip", "install", "--dry-run", "--python", environment.python, *options, *words])
        except GateError:
            # It knows none of pip's settings: a package that only pip is told the place of is not there for it.
            remarks.append("uv could not resolve the upgrade; pip was asked")
        else:
            pins = known_locally(changes_of_uv(said))
            return Resolved(known_to_uv(pins, uv=uv, python=environment.python, run=run, scratch=scratch), tool="uv")
    report = scratch / "report.json"
    run(
        [*pip_command(environment), "install", "--dry-run", "--quiet", "--report", str(report), *words],
        variables={"PIP_CONSTRAINT": str(constraints) if constraints else ""},
    )
    return Resolved(known_locally(changes_of_pip(report.read_bytes())), tool="pip")


def _uv_for(environment: Environment) -> str | None:
    """uv sees what lies in the environment's own folders, and nothing that a .pth file adds to them."""
    own = all(Path(folder).resolve().is_relative_to(environment.prefix) for folder in environment.site_folders)
    return shutil.which("uv") if own else None


def _requested(requests: Sequence[str]) -> list[Requirement]:
    lines = [line for text in requests for line in (_lines(Path(text)) if Path(text).is_file() else [text])]
    return [found for line in lines if (found := _requirement(line)) is not None]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):  # a wheel; or an address, which pip may read and we do not
        return []
