"""The environments of base and of head: an interpreter is asked where it is, and for its packages.

Nothing is installed, and no test is run.
"""

from __future__ import annotations

import subprocess
import sys

import msgspec

from speedscore.gate.errors import GateError

_DESCRIBE = """
import importlib.metadata, json, os, sys, sysconfig
# Of two of one name the first on the path is imported; what is half removed has no name, or no version.
told = [(each.metadata or {}, each) for each in reversed(list(importlib.metadata.distributions()))]
installed = {data.get("Name"): (data.get("Version") or "", each) for data, each in told if data.get("Name")}
print(json.dumps({
    "prefix": os.path.realpath(sys.prefix),
    "platform": " ".join([sys.version, sysconfig.get_platform(), str(sysconfig.get_config_var("EXT_SUFFIX"))]),
    "site_folders": [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")],
    "packages": {name: version for name, (version, _) in installed.items()},
    "requires": {name: each.requires for name, (_, each) in installed.items() if each.requires},
}))
"""


class Environment(msgspec.Struct, frozen=True):
    """An interpreter and what is installed for it."""

    python: str
    prefix: str
    """What tells one environment from another."""
    platform: str
    """Version and binary interface."""
    site_folders: tuple[str, ...]
    """Folders with installed packages."""
    packages: dict[str, str]
    """Their versions; empty where one does not say."""
    requires: dict[str, tuple[str, ...]] = {}
    """What each of them says it needs, in packaging's own words."""


def environment_of(python: str, *, named_by: str = "") -> Environment:
    """``named_by`` is the option that named the interpreter, where one did. Raises GateError where it cannot be run."""
    option = f"{named_by}: " if named_by else ""
    try:
        done = subprocess.run([python, "-c", _DESCRIBE], capture_output=True, text=True, check=True)
    except OSError as error:
        raise GateError(f"{option}{python} cannot be run ({error}); expected a Python interpreter") from None
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip().rpartition("\n")[2] or f"exit code {error.returncode}"
        raise GateError(f"{option}{python} cannot tell what is installed for it ({why})") from None
    told = done.stdout.strip().rpartition("\n")[2]  # what the start of an interpreter prints comes before
    try:
        return msgspec.convert({"python": python, **msgspec.json.decode(told)}, Environment)
    except (msgspec.DecodeError, TypeError):
        raise GateError(f"{option}expected a Python interpreter, found {python}, which is none") from None


def environments(base_python: str, *, in_full: bool) -> tuple[Environment, Environment]:
    """Of base and of head. Where both are one, and need not be known ``in_full``, nobody is asked for its packages.

    Raises GateError where an interpreter cannot be run.
    """
    if base_python == sys.executable and not in_full:
        this = Environment(sys.executable, prefix=sys.prefix, platform=sys.version, site_folders=(), packages={})
        return this, this
    head = environment_of(sys.executable)
    if base_python == sys.executable:
        return head, head
    return environment_of(base_python, named_by="--gate-python"), head


def differing_packages(base: Environment, head: Environment) -> tuple[dict[str, str], dict[str, str]]:
    """Versions of what is not the same in the two environments: of base, and of head."""
    before, after = base.packages, head.packages
    names = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    return {name: before[name] for name in names if name in before}, {
        name: after[name] for name in names if name in after
    }
