"""One dated, sourced fact: what it is, and when it is refused.

A fact is checked once, when it is made. Nothing here reads a file or ranks one fact above another.
"""

from __future__ import annotations

import datetime
import math
import re
from typing import Any, Literal

import msgspec

from speedscore.text.cleaning import is_name, one_line

Kind = Literal["published", "computed", "reference"]

ProjectRole = Literal["framework", "layer"]
"""A layer is a library that stands on a framework."""

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")


class FactError(ValueError):
    """A fixture cannot be trusted. The message is one line: file, fact, reason."""


class FactKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a fact of one key must look like, so that a typing error is refused and not scored."""

    unit: str
    least: float = 0.0
    most: float | None = None
    allowed: tuple[float, ...] = ()
    """The only values that may stand here; empty when any within the limits may."""
    name: str = ""
    """For the card, where a criterion needs several facts or none asks for this one."""
    only_rises: bool = False
    """True for a record, such as the largest run ever shown: it holds until it is beaten, and so is never stale."""


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure about one framework."""

    framework: str
    key: str
    value: float
    unit: str
    as_of: str
    """``YYYY-MM`` or ``YYYY-MM-DD``: when the figure held, not when it was written down."""
    source: str
    """Title and where: enough to find it again."""
    method: str
    """How the figure came from the source."""
    kind: Kind
    """``published``: read in the source. ``computed``: counted or calculated from it. ``reference``: stated by the
    reference document, not checked."""
    low: float | None = None
    """Lower end of the range that the source itself states."""
    high: float | None = None
    definition: str = ""
    """In a few words which of several ways of counting the key, as in ``git, no merges, 52 weeks``; figures of one key
    are comparable where it is the same. Empty where the key has only one way."""

    def __post_init__(self) -> None:
        if not is_name(self.definition):
            raise ValueError(f"definition is not one line of plain text: {one_line(self.definition)!r}")
        for name in ("source", "method", "unit"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty")
            if not is_name(getattr(self, name)):
                raise ValueError(f"{name} is not one line of plain text: {one_line(getattr(self, name))!r}")
        first_day(self.as_of)
        if not all(math.isfinite(number) for number in (self.value, self.low, self.high) if number is not None):
            raise ValueError("value, low and high must be finite numbers")
        if self.low is not None and self.low > self.value:
            raise ValueError(f"low {self.low:g} lies above the value {self.value:g}")
        if self.high is not None and self.high < self.value:
            raise ValueError(f"high {self.high:g} lies below the value {self.value:g}")

    @property
    def month(self) -> str:
        return self.as_of[:7]


def first_day(as_of: str) -> datetime.date:
    """The first day that ``as_of`` can mean. Raises ValueError when there is no such date."""
    if not _DATE.fullmatch(as_of):
        raise ValueError(f"as_of {as_of!r} is not YYYY-MM or YYYY-MM-DD")
    try:
        return datetime.date.fromisoformat(as_of if len(as_of) > len("YYYY-MM") else f"{as_of}-01")
    except ValueError as error:
        raise ValueError(f"as_of {as_of!r} is no date ({error})") from None


def months_between(earlier: str, later: str) -> int:
    """Whole months from one ``YYYY-MM…`` to another; negative when ``earlier`` is the later one."""
    return 12 * (int(later[:4]) - int(earlier[:4])) + int(later[5:7]) - int(earlier[5:7])


def month_after(month: str, months: int) -> str:
    """The ``YYYY-MM`` so many months after one; for instance 2025-01 is 12 after 2024-01."""
    year, place = divmod(12 * int(month[:4]) + int(month[5:7]) - 1 + months, 12)
    return f"{year:04}-{place + 1:02}"


def make_fact(framework: str, key: str, entry: dict[str, Any], *, known: FactKey | None) -> Fact:
    """One entry of a snapshot, checked against its key. Raises ValueError."""
    if known is None:
        raise ValueError("unknown key; the rubric's [facts] table lists those there are")
    for name in ("framework", "key"):
        if name in entry:
            raise ValueError(f"{name!r} must not be given; it is said by the folder and the table's name")
    if "source" not in entry:
        raise ValueError("source is missing")
    fact = msgspec.convert({**entry, "framework": framework, "key": key}, type=Fact)
    if fact.unit != known.unit:
        raise ValueError(f"unit {fact.unit!r} where the key has {known.unit!r}")
    for value in (fact.value, fact.low, fact.high):
        if value is None:
            continue
        if value < known.least or (known.most is not None and value > known.most):
            most = "" if known.most is None else f" to {known.most:g}"
            raise ValueError(f"{value:g} lies outside {known.least:g}{most or ' and more'}")
        if known.allowed and value not in known.allowed:
            raise ValueError(f"{value:g} is none of {', '.join(f'{allowed:g}' for allowed in known.allowed)}")
    return fact
