"""``--gate-upgrade``: the present environment beside one with other versions of some packages.

Both are made alike: an environment with nothing of its own, and one with the packages that change, each of which sees
all that is installed in the present one behind its own. So the way in which they are made is no difference between
them. They are kept and found again by what is in them. No test is run here.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.interpreters import Environment, differing_packages, environment_of
from speedscore.gate.environments.made_environments import Runner, kept_environment, make_environment, pip_for
from speedscore.gate.errors import GateError
from speedscore.gate.upgrades.direct_urls import is_known
from speedscore.gate.upgrades.pins import Pin
from speedscore.gate.upgrades.requirement_files import requirement_files
from speedscore.gate.upgrades.resolving import Resolved, check_requests, resolve
from speedscore.host.scratch import make_scratch

OPTION = "--gate-upgrade"
INSTALLING = "installing the upgrade"


class Upgrade(msgspec.Struct, frozen=True):
    """Two environments and what the second has of its own."""

    present: Environment
    """From which both are made."""
    base: Environment
    head: Environment
    resolved: Resolved

    @property
    def differing(self) -> tuple[dict[str, str], dict[str, str]]:
        """Versions of what is not the same in the two, of base and of head; with its place where that alone differs."""
        before, after = (_by_normalised_name(each.packages) for each in (self.base, self.head))
        elsewhere = {
            pin.name: f"{after[pin.name]} from {pin.place}"
            for pin in self.resolved.pins
            if pin.url and pin.name in after and before.get(pin.name) == after[pin.name]
        }
        return differing_packages(
            msgspec.structs.replace(self.base, packages=before),
            msgspec.structs.replace(self.head, packages=after | elsewhere),
        )


def _by_normalised_name(packages: Mapping[str, str]) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in packages.items()}


def upgrade(
    requests: Sequence[str],
    present: Environment,
    *,
    checkout: Path,
    say: Callable[[str], None],
    deadline: GateDeadline,
) -> Upgrade:
    """Resolve, and make the environments or find them; ``checkout`` is what both sides run. Raises GateError, with an
    installer's last lines."""
    check_requests(requests)
    run = Runner(OPTION, f"resolving {' '.join(requests)}", present, deadline)
    scratch = make_scratch("resolve")
    try:
        files = requirement_files(requests, checkout=checkout, run=run, scratch=scratch)
        resolved = resolve(files.requests, present, run=run, scratch=scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    run = run.now(INSTALLING)
    return Upgrade(
        present=present,
        base=environment_with((), present, tool=resolved.tool, say=say, run=run),
        head=environment_with(resolved.pins, present, tool=resolved.tool, say=say, run=run),
        resolved=msgspec.structs.replace(resolved, remarks=(*files.remarks, *resolved.remarks)),
    )


def environment_with(
    pins: Sequence[Pin],
    present: Environment,
    *,
    tool: str,
    say: Callable[[str], None],
    run: Runner,
) -> Environment:
    """The present environment with these packages before its own, made or found. Raises GateError."""
    folder = kept_environment("gate-upgrades", _key(pins, present))
    if not folder.is_dir():
        if pins:
            say(f"gate: installing {', '.join(f'{pin.name} {pin.version or pin.place}' for pin in pins)}")
        install = _Installation(pins, tool=tool, run=run) if pins else None
        make_environment(folder, present, install=install, run=run)
    os.utime(folder)
    try:
        return environment_of(str(folder / "bin" / "python"), named_by=OPTION)
    except GateError as error:  # as where the interpreter that it was made of has gone
        raise GateError(f"{error}; remove {folder}, and it is made anew") from None


class _Installation:
    """Installs what was resolved, and nothing else, into a new environment."""

    def __init__(self, pins: Sequence[Pin], *, tool: str, run: Runner) -> None:
        self._pins = pins
        self._tool = tool
        self._run = run

    def __call__(self, python: Path) -> None:
        scratch = make_scratch("install")
        file = scratch / "requirements.txt"
        try:
            file.write_text("".join(f"{line}\n" for line in _lines(self._pins)))
            if self._tool == "uv" and (uv := shutil.which("uv")):
                # Compiled here, as pip does it: else the first pair of processes would.
                command = [uv, "pip", "install", "--compile-bytecode", "--python", str(python)]
            else:
                command = [*pip_for(python), "install", "--disable-pip-version-check"]
            # What is resolved holds, whatever the constraints said of it.
            self._run([*command, "--no-deps", "-r", str(file)], variables={"PIP_CONSTRAINT": "", "UV_CONSTRAINT": ""})
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _lines(pins: Sequence[Pin]) -> list[str]:
    """With their hashes where all have one: an installer wants all of them or none."""
    hashed = all(pin.sha256 and not pin.url for pin in pins)
    return [f"{pin.requirement} --hash=sha256:{pin.sha256}" if hashed else pin.requirement for pin in pins]


def _key(pins: Sequence[Pin], present: Environment) -> str:
    """Names what is in it, and what it is made from."""
    # Whether the version of what is named by its place is known changes with what an installer has built already.
    named = sorted((pin.name, pin.url or pin.version, pin.sha256) for pin in pins)
    told = [2, named, present.prefix, present.platform, present.site_folders]
    if not all(map(is_known, pins)):
        told.append(secrets.token_hex(8))  # what lies there may be another thing tomorrow
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:32]
