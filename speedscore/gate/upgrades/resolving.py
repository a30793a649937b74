"""Which packages an upgrade would change in an environment, asked of uv where there is one, else of pip.

Nothing is installed here. The installer is asked for a dry run, so the answer is what it would do in that very
environment: what is installed and fits stays. What the upgrade would break among the others is resolved with it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from speedscore.gate.environments import Environment
from speedscore.gate.errors import GateError
from speedscore.gate.made_environments import Runner, pip_command

_LOCKS_OF_OTHERS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
_MOST_TRIES = 3
_CHANGE_OF_UV = re.compile(
    r"^ \+ (?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+?)(?: \(from (?P<url>.+)\))?$", re.MULTILINE
)


class Pin(msgspec.Struct, frozen=True, order=True):
    """One package as it is to be installed."""

    name: str
    """Normalised."""
    version: str
    url: str = ""
    """Where it was named by its place and not by its version."""
    sha256: str = ""
    """Of what would be downloaded; empty where the installer does not tell."""

    @property
    def requirement(self) -> str:
        return f"{self.name} @ {self.url}" if self.url else f"{self.name}=={self.version}"


class Resolved(msgspec.Struct, frozen=True):
    """What an upgrade comes to."""

    pins: tuple[Pin, ...]
    """The packages that change, and those that are new, by name."""
    tool: str
    """``uv`` or ``pip``."""
    remarks: tuple[str, ...] = ()
    """What was not done as it might have been expected."""


class Conflict(msgspec.Struct, frozen=True):
    """A package whose own requirement the versions of others do not fulfil."""

    package: str
    requirement: str
    found: str
    """The version that it would find."""


def check_requests(requests: Sequence[str]) -> None:
    """Raises GateError for what is neither a requirement nor a file that pip or uv can read."""
    for text in requests:
        path = Path(text)
        if path.name in _LOCKS_OF_OTHERS or path.suffix == ".toml":
            raise GateError(
                f"--gate-upgrade: expected a requirement or a requirements file, found {text}; export it first (as "
                "`uv export --format requirements-txt` does)"
            )
        if path.is_file():
            continue
        try:
            Requirement(text)
        except InvalidRequirement as error:
            raise GateError(
                f"--gate-upgrade: expected a requirement like jax==0.8.0 or a requirements file, found {text!r} "
                f"({str(error).splitlines()[0]})"
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


def broken_by(pins: Sequence[Pin], environment: Environment) -> list[Conflict]:
    """Packages that stay as they are, and that are content with the environment now but not with these versions."""
    before: dict[str, str] = {canonicalize_name(name): version for name, version in environment.packages.items()}
    after: dict[str, str] = before | {pin.name: pin.version for pin in pins}
    changed = {pin.name for pin in pins}
    staying = {name: lines for name, lines in that_name(environment.requires, changed).items() if name not in changed}
    already = {(each.package, each.requirement) for each in conflicts(staying, before)}
    return [each for each in conflicts(staying, after) if (each.package, each.requirement) not in already]


def that_name(requires: Mapping[str, Sequence[str]], names: Set[str]) -> dict[str, list[str]]:
    """By normalised name of a package those of its requirements that hold here and are of one of these names."""
    kept = {
        canonicalize_name(package): [line for line in lines if required_name(line) in names]
        for package, lines in requires.items()
    }
    return {package: lines for package, lines in kept.items() if lines}


def required_name(line: str) -> str:
    """Of the package that is required, normalised; empty where this installation does not require it."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return ""
    if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
        return ""
    return canonicalize_name(requirement.name)


def conflicts(requires: Mapping[str, Sequence[str]], versions: Mapping[str, str]) -> list[Conflict]:
    """Requirements that the versions do not fulfil; a package that is not there at all counts for nothing.

    Names are normalised.
    """
    found = []
    for package, lines in sorted(requires.items()):
        for line in lines:
            version = versions.get(required_name(line))
            if version is not None and not Requirement(line).specifier.contains(version, prereleases=True):
                found.append(Conflict(package, line, version))
    return found


def without_contradicted(constraints: Sequence[str], requested: Sequence[Requirement]) -> list[str]:
    """The lines of a constraints file that the upgrade does not contradict."""
    return [line for line in constraints if not any(_contradict(line, each) for each in requested)]


def _contradict(line: str, requested: Requirement) -> bool:
    constraint = _requirement(line)
    if constraint is None or canonicalize_name(constraint.name) != canonicalize_name(requested.name):
        return False
    if requested.url:
        return True
    for one, other in ((constraint, requested), (requested, constraint)):
        exact = [each.version for each in one.specifier if each.operator == "==" and not each.version.endswith("*")]
        if any(not other.specifier.contains(version, prereleases=True) for version in exact):
            return True
    return False


def _requirement(line: str) -> Requirement | None:
    """The requirement in a line of a requirements file; None where it holds none."""
    text = re.split(r"\s+#|\s+--hash|\s*\\$", line.strip())[0]
    if not text or text.startswith(("#", "-")):
        return None
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _argument(text: str) -> list[str]:
    """As pip and uv take it: a wheel stands for itself, another file holds requirements."""
    path = Path(text)
    if not path.is_file():
        return [text]
    return [str(path.resolve())] if path.suffix == ".whl" else ["-r", text]


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
            return Resolved(changes_of_uv(said), tool="uv")
        except GateError:
            # It knows none of pip's settings: a package that only pip is told the place of is not there for it.
            remarks.append("uv could not resolve the upgrade; pip was asked")
    report = scratch / "report.json"
    run(
        [*pip_command(environment), "install", "--dry-run", "--quiet", "--report", str(report), *words],
        variables={"PIP_CONSTRAINT": str(constraints) if constraints else ""},
    )
    return Resolved(changes_of_pip(report.read_bytes()), tool="pip")


def _uv_for(environment: Environment) -> str | None:
    """uv sees what lies in the environment's own folders, and nothing that a .pth file adds to them."""
    own = all(Path(folder).resolve().is_relative_to(environment.prefix) for folder in environment.site_folders)
    return shutil.which("uv") if own else None


def changes_of_uv(said: str) -> tuple[Pin, ...]:
    """From what ``uv pip install --dry-run`` prints."""
    found = _CHANGE_OF_UV.finditer(said)
    return tuple(sorted(Pin(canonicalize_name(each["name"]), each["version"], each["url"] or "") for each in found))


def changes_of_pip(report: bytes) -> tuple[Pin, ...]:
    """From pip's installation report (https://pip.pypa.io/en/stable/reference/installation-report/)."""
    pins = []
    for each in msgspec.json.decode(report)["install"]:
        place = each["download_info"]
        pins.append(
            Pin(
                name=canonicalize_name(each["metadata"]["name"]),
                version=each["metadata"]["version"],
                url=place["url"] if each.get("is_direct") else "",
                sha256=place.get("archive_info", {}).get("hashes", {}).get("sha256", ""),
            )
        )
    return tuple(sorted(pins))


def _requested(requests: Sequence[str]) -> list[Requirement]:
    lines = [line for text in requests for line in (_lines(Path(text)) if Path(text).is_file() else [text])]
    return [found for line in lines if (found := _requirement(line)) is not None]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):  # a wheel; or an address, which pip may read and we do not
        return []
