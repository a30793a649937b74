"""One thing that somebody said or measured of two frameworks' speed: who, when, on what, and how far apart they were.

A claim is checked once, when it is made. Nothing here reads a file, and nothing decides whether it is true.
"""

from __future__ import annotations

import math
import re
from typing import Literal

import msgspec

from speedscore.record.phases import DeviceName, Phase
from speedscore.scoring.facts.fact import first_day
from speedscore.text.cleaning import is_name, one_line

ClaimKind = Literal["claim", "neutral"]
"""``claim``: somebody says it. ``neutral``: two timings of one author on one machine, who takes no side; such a pair
stands beside claims and measurements, and is not judged."""

ANY_MODEL = "*"
LONGEST_TEXT = 200
"""Characters: two or three lines of a card."""
_LONGEST_REASON = 100
_ID = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many times as fast one framework is said to be as another."""

    id: str
    kind: ClaimKind
    framework: str
    """By fixture folder, as in ``jax``: whose speed is above the line of the ratio."""
    rival: str
    """By fixture folder: whose speed is below the line. Empty only where no number is said."""
    text: str
    """What is said, in our words; one line, as a card shows it."""
    by: str
    """Who says it."""
    as_of: str
    """``YYYY-MM`` or ``YYYY-MM-DD``: when it was said or measured."""
    source: str
    """Title and where: enough to find it again."""
    url: str = ""
    words: str = ""
    """A few of the source's own words; empty where the text says it all."""
    low: float | None = None
    """The least ratio that is claimed: 1.2 where something is said to be 20 % faster. None where no number is said and
    none is read from the words."""
    high: float | None = None
    """The greatest; None beside a ``low`` that is claimed without an upper end, as in ``faster``."""
    reading: str = ""
    """What we take the source's words to mean, where an end of the ratio is ours and not the source's; else empty."""
    method: str = ""
    """How the ratio came from the source, where it does not stand there."""
    model: str = ""
    """What was run, as the source names it."""
    tested_by: tuple[str, ...] = ()
    """Models and tasks of the matrix that test it, by name; ``gpt*`` stands for all that begin so and ``*`` for every
    one. Empty where none does."""
    phase: Phase = "training"
    """Of the matrix, in which it would be tested."""
    line: str = ""
    """The line of the matrix that the claim names, as in ``torch-compile``; empty where it names the framework alone,
    which is then taken as the line that it is scored as."""
    rival_line: str = ""
    hardware: str = ""
    """As the source names it; empty where it names none."""
    device: DeviceName | None = None
    """The only kind of device that it is about; None where it names none."""
    devices: int = 1
    """How many of them took part; 0 where they were many and nobody says how many."""
    precision: str = ""
    """As a case has it, as in ``float32``; empty where the source names none."""
    untestable: str = ""
    """Why no case of this matrix can test it; empty where one can."""
    beside: tuple[str, ...] = ()
    """Ids of what else stands beside it where it is of the same two frameworks: another's claim, or of other models."""

    def __post_init__(self) -> None:
        for name in ("framework", *(() if self.low is None else ("rival",)), "text", "by", "source"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty")
        for name in self.__struct_fields__:
            value = getattr(self, name)
            for text in value if isinstance(value, tuple) else (value,):
                if isinstance(text, str) and not is_name(text):
                    raise ValueError(f"{name} is not one line of plain text: {one_line(text)!r}")
        if not _ID.fullmatch(self.id):
            raise ValueError(f"id {one_line(self.id)!r} is not lower-case words joined by hyphens")
        if self.framework == self.rival and self.line == self.rival_line:
            raise ValueError(f"{self.framework} is compared with itself")
        if len(self.text) > LONGEST_TEXT:
            raise ValueError(f"text has {len(self.text)} characters; expected at most {LONGEST_TEXT}")
        if len(self.untestable) > _LONGEST_REASON:
            raise ValueError(f"untestable has {len(self.untestable)} characters; expected at most {_LONGEST_REASON}")
        first_day(self.as_of)
        self._check_ratio()
        if self.url and not self.url.startswith("https://"):
            raise ValueError(f"url {one_line(self.url)!r} does not begin with https://")
        if self.devices < 0:
            raise ValueError(f"devices is {self.devices}; expected 1 or more, or 0 where they were many")
        if bool(self.untestable) == bool(self.tested_by):
            raise ValueError(
                "expected either tested_by, which names models of the matrix, or untestable, which says why none tests "
                f"it; found {'both' if self.untestable else 'neither'}"
            )
        if self.reading and self.low is None:
            raise ValueError("a reading stands without a low; expected the ratio that the words are read as")
        if self.low is None and not self.untestable:
            raise ValueError("without a low there is no number to test; say so under untestable")

    def _check_ratio(self) -> None:
        if self.low is None and self.high is not None:
            raise ValueError("high stands without low; expected both, low alone, or neither")
        if self.kind == "neutral" and (self.low is None or self.high is None):
            raise ValueError("a neutral pair of timings has a low and a high; found none, or one")
        for name, ratio in (("low", self.low), ("high", self.high)):
            if ratio is not None and not 0.0 < ratio < math.inf:
                raise ValueError(f"{name} is {ratio:g}; expected a ratio above 0")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low:g} lies above high {self.high:g}")

    @property
    def month(self) -> str:
        return self.as_of[:7]

    def is_about(self, framework: str) -> bool:
        """Whether it compares that framework, by fixture folder, with another."""
        return framework in (self.framework, self.rival)
