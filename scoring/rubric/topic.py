"""What a card tells beside its scores: a topic, where it stands, and which facts belong to it.

A topic is a question that nobody gets points for, because its answers are words, or numbers that cannot be compared.
Nothing here is judged, and no framework is named.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from speedscore.scoring.rubric.criterion import Dimension
from speedscore.text.cleaning import is_name

Section = Dimension | Literal["strengths", "weaknesses", "best_for", "avoid_if", "layers"]
"""Where on a card: under a dimension's criteria, after the rubric's own sentences, or above the layers."""


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question that is answered and not scored."""

    name: str
    """Short, for the card."""
    section: Section
    facts: tuple[str, ...] = ()
    """Keys of ``[facts]`` that belong here; each has a name there."""

    def __post_init__(self) -> None:
        if not self.name.strip() or not is_name(self.name):
            raise ValueError(f"expected a name in one line of plain text, found {self.name!r}")
