"""One part of a gate's cases, told from a number alone, so that every machine divides them in the same way.

Parts are runs of neighbours by name, for those have fixtures in common. The order in which a machine collects does not
matter: where ids come from a set, or a plugin shuffles tests, each machine has another one. The error rates are those
of the whole gate: a part counts the figures of all cases. Nothing is measured here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from speedscore.verdicts.settings import SettingsError

INSTRUCTIONS = "SPEEDSCORE_GATE_INSTRUCTIONS"
"""The environment variable that names a file with ``LeaderInstructions``."""


class Part(msgspec.Struct, frozen=True):
    """Which of how many, counted from 1; messages call it a share."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def own(self, cases: Iterable[str]) -> frozenset[str]:
        """The ids of its cases, of those of all in whatever order."""
        by_name = sorted(cases)
        first, last = ((number * len(by_name)) // self.of for number in (self.number - 1, self.number))
        return frozenset(by_name[first:last])

    def figure_count(self, own: Sequence[int], *, cases: int) -> int:
        """How many figures the whole gate has, of which only those of the ``own`` cases are known here.

        Every case is counted as the one of them that has most: never too few, so that false alarms are no more than in
        a gate on one machine.
        """
        return max(own, default=1) * cases


class LeaderInstructions(msgspec.Struct, frozen=True):
    """What the gate that leads tells that of a part beside its command line."""

    only_looks: bool = False
    """Whether it is to end once it knows which of its cases the change cannot have touched."""
    left_out: dict[str, str] = {}
    """Cases that are left out as such, with why: they are in no part and are not counted."""


def take_instructions() -> LeaderInstructions:
    """As the environment names it, out of which it is taken: what is started from here is no part."""
    path = os.environ.pop(INSTRUCTIONS, "")
    return msgspec.json.decode(Path(path).read_bytes(), type=LeaderInstructions) if path else LeaderInstructions()


def read_part(text: str) -> Part:
    """As ``2/5``. Raises SettingsError for anything else."""
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if not found or int(found[1]) > int(found[2]):
        raise SettingsError(f"--gate-part: expected a share as 2/5, found {text!r}")
    return Part(int(found[1]), int(found[2]))
