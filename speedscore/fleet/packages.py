"""Which packages the machines of a fleet are asked to have: those that are installed where the order is given.

What pip is asked for is decided there; what a machine lacks of it, on that machine. Nothing is installed here. It
imports what every machine with Ray has, and no more, for it is asked before a machine has anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from speedscore.host.distributions import is_installer
from speedscore.host.origins import origins

_TRAVELS_AS_CODE = "speedscore"


class Asked(NamedTuple):
    """Of every machine."""

    requirements: dict[str, str]
    """Distribution → the requirement that only the same version fulfils."""
    staying: tuple[str, ...]
    """Distributions that came from files of this machine, and which no other can get by name or address."""


def asked_of_machines() -> Asked:
    """All that is installed here, also what runs tests, for a gate's sides need it. What installs packages is each
    machine's own affair."""
    found = {name: origin for name, origin in origins().items() if not is_installer(name) and name != _TRAVELS_AS_CODE}
    return Asked(
        {name: origin.requirement for name, origin in found.items() if origin.requirement},
        tuple(name for name, origin in found.items() if not origin.requirement),
    )


def missing_here(requirements: Mapping[str, str]) -> list[str]:
    """Those of the requirements that this machine does not fulfil. A version is fulfilled by any build of it, wherever
    that came from, and an address by what came from there."""
    here = origins()
    return [asked for name, asked in sorted(requirements.items()) if name not in here or asked not in here[name]]
