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

from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.environments.made_environments import Runner, pip_command
from speedscore.gate.environments.requirements import fulfils, read_requirement
from speedscore.gate.errors import GateError
from speedscore.gate.upgrades.conflicts import broken_by
from speedscore.gate.upgrades.direct_urls import known_locally, known_to_uv
from speedscore.gate.upgrades.pins import Pin, changes_of_pip, changes_of_uv
from speedscore.gate.upgrades.requirement_files import ARCHIVES, how_to_export

_LISTS = (".txt", ".in", ".lock", ".pip")
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
        if what_to_do := how_to_export(path):
            raise GateError(
                f"--gate-upgrade: expected a requirement or a requirements file, found {_shown(text)}; {what_to_do}"
            )
        if path.is_file() or _is_project(text):
            continue
        # Such a name could be a package's, which an installer would fetch and run.
        if "://" not in text and path.name.endswith((*ARCHIVES, *_LISTS)):
            raise GateError(
                f"--gate-upgrade: no file {text}; expected a requirement like jax==0.8.0, or a file of them"
            )
        try:
            Requirement(text)
        except InvalidRequirement as error:
            # packaging's message repeats the text, which may hold a password.
            why = "" if "://" in text else f" ({str(error).splitlines()[0]})"
            raise GateError(
                "--gate-upgrade: expected a requirement like jax==0.8.0 or NAME @ ADDRESS, a requirements file, a "
                f"wheel or the folder of a project, found {_shown(text)}{why}"
            ) from None


def _shown(text: str) -> str:
    """An address that cannot be read may have a password anywhere before its last @."""
    before, mark, address = text.partition("://")
    return f"{before}{mark}{address.rpartition('@')[2]}" if mark else repr(text)


def resolve(requests: Sequence[str], environment: Environment, *, run: Runner, scratch: Path) -> Resolved:
    """Which packages would change. Raises GateError where neither uv nor pip can tell, with the last lines.

    A package that would be broken is asked for, too, in whatever version fits; where that cannot be resolved the
    upgrade is taken as it was asked for, and a remark says what it breaks.
    """
    wanted = [_argument(text) for text in requests]
    resolved = _resolved(wanted, requests, environment, run=run, scratch=scratch)
    for _ in range(_MOST_TRIES):
        broken = broken_by(resolved.pins, environment)
        if not broken:
            break
        also = [[name] for name in sorted({each.package for each in broken})]
        try:
            resolved = _resolved([*wanted, *also], requests, environment, run=run, scratch=scratch)
        except GateError:
            break
        wanted += also
    left = broken_by(resolved.pins, environment)
    return _with_remarks(
        resolved, *(f"the upgrade breaks {each.package}, which requires {each.requirement}" for each in left)
    )


def _with_remarks(resolved: Resolved, *more: str) -> Resolved:
    return msgspec.structs.replace(resolved, remarks=(*resolved.remarks, *more))


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
    if _is_project(text) or (path.is_file() and path.name.endswith(ARCHIVES)):
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
) -> Resolved:
    """With the user's constraints as far as the upgrade does not contradict them, else without any."""
    words = [word for argument in wanted for word in argument]
    constraints, remarks = _constraints(requests, scratch=scratch)
    if constraints:
        try:
            resolved = _ask(words, environment, run=run, scratch=scratch, constraints=constraints)
            return _with_remarks(resolved, *remarks)
        except GateError:
            # What the upgrade needs in turn may contradict them, too.
            remarks.append("resolved without PIP_CONSTRAINT, which does not admit the upgrade or cannot be read")
    return _with_remarks(_ask(words, environment, run=run, scratch=scratch, constraints=()), *remarks)


def _constraints(requests: Sequence[str], *, scratch: Path) -> tuple[list[str], list[str]]:
    """What of ``PIP_CONSTRAINT`` is to hold, as files and addresses for an installer; and remarks on what is not."""
    lines: list[str] = []
    constraints: list[str] = []
    remarks: list[str] = []
    for place in os.environ.get("PIP_CONSTRAINT", "").split():
        if "://" in place:
            constraints.append(place)  # as it is: it is for the installer to fetch
            continue
        try:
            lines += Path(place).read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            remarks.append(f"resolved without {place} of PIP_CONSTRAINT, which cannot be read")
    if kept := without_contradicted(lines, _requested(requests)):
        file = scratch / "constraints.txt"
        file.write_text("\n".join(kept))
        constraints.append(str(file))
    return constraints, remarks


def _ask(
    words: Sequence[str],
    environment: Environment,
    *,
    run: Runner,
    scratch: Path,
    constraints: Sequence[str],
) -> Resolved:
    remarks: tuple[str, ...] = ()
    if uv := _uv_for(environment):
        # Continuous integration asks for colours that would stand between a name and its version.
        command = [uv, "pip", "install", "--dry-run", "--color", "never", "--python", environment.python]
        options = [option for each in constraints for option in ("--constraints", each)]
        try:
            changes = changes_of_uv(run([*command, *options, *words]))
        except GateError:
            # It knows none of pip's settings: a package that only pip is told the place of is not there for it.
            remarks = ("uv could not tell what the upgrade changes; pip was asked",)
        else:
            pins = known_to_uv(known_locally(changes), uv=uv, python=environment.python, run=run, scratch=scratch)
            return Resolved(pins, tool="uv")
    report = scratch / "report.json"
    run(
        [*pip_command(environment), "install", "--dry-run", "--quiet", "--report", str(report), *words],
        variables={"PIP_CONSTRAINT": " ".join(constraints)},
    )
    return Resolved(known_locally(changes_of_pip(report.read_bytes())), tool="pip", remarks=remarks)


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
    except (OSError, UnicodeDecodeError):  # a wheel
        return []
