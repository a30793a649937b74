"""The rules by which a message is judged, read from ``fixtures/mistakes/rules.toml`` and checked. It applies none."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Annotated

import msgspec

import speedscore


def mistakes_folder() -> Path:
    """Where the corpus lies: inside the package, which in a checkout is a link to the folder at its top."""
    return Path(speedscore.__file__).parent / "fixtures" / "mistakes"


class Outcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    short: str
    """A word for the cell of a table."""
    means: str


class Looked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a message may hold: it does where one of the patterns is found in it."""

    means: str
    patterns: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        return any(_compiled(pattern).search(text) for pattern in self.patterns)

    def found_in(self, text: str) -> str:
        """All that the patterns match, in their order."""
        return "\n".join(match[0] for pattern in self.patterns for match in _compiled(pattern).finditer(text))

    def taken_out_of(self, text: str) -> str:
        for pattern in self.patterns:
            text = _compiled(pattern).sub("", text)
        return text


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    relative_tolerance: Annotated[float, msgspec.Meta(gt=0)]
    """How far a number may be from the right one."""
    limit_seconds: Annotated[float, msgspec.Meta(gt=0)]
    """After which a function of a program is said to hang; loading the program, and the framework, comes before."""
    outcome: tuple[Outcome, ...]
    """The best first."""
    noise: Looked
    user_stack: Looked
    values: Looked
    name: Looked
    expected: Looked
    remedy: Looked
    link: Looked

    def rank(self, outcome: str) -> int:
        """0 is the best. Raises ValueError for an outcome that there is not."""
        return [line.name for line in self.outcome].index(outcome)


@functools.cache
def load_rules() -> Rules:
    """Raises msgspec.ValidationError where the file is not as it must be."""
    return msgspec.toml.decode((mistakes_folder() / "rules.toml").read_bytes(), type=Rules)


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)
