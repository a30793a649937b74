"""The rules that hold for every criterion: rounding, coverage, which fact answers, when it is stale, what is said.

They are numbers and orders that ``rubric.toml`` sets and explains. Nothing here applies them but the one on staleness.
"""

from __future__ import annotations

from typing import get_args

import msgspec

from speedscore.record.phases import DEVICES, DeviceName
from speedscore.record.run_record import Style
from speedscore.scoring.facts.fact import Fact, FactKey, Kind, months_between
from speedscore.scoring.facts.statement import Statement
from speedscore.scoring.rubric.probe_measure import Control

_LIMITS = (
    ("round_to", 0.001, 10),
    ("stale_most", 0, 10),
    ("dormant_most", 0, 10),
    ("breakpoint_shift", 0, 10),
    ("strength_from", 0, 10),
    ("weakness_to", 0, 10),
    ("instead_ahead", 0, 10),
    ("sentences_each", 1, 100),
)
"""Field, least and most. Beyond them a rounded score is no number any more, or a sentence always or never said."""
_MOST_MONTHS = 1200


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for every criterion; each field is explained in ``rubric.toml``."""

    round_to: float
    minimum_coverage: float
    kind_order: tuple[Kind, ...]
    stale_after_months: dict[Kind, int]
    measured_stale_after_months: int
    stale_most: float
    """Points."""
    dormant_without: tuple[str, ...]
    """Facts."""
    dormant_most: float
    """Points."""
    breakpoint_shift: float
    """Points."""
    device_order: tuple[DeviceName, ...]
    strength_from: float
    weakness_to: float
    sentences_each: int
    instead_ahead: float = 0.0
    """Points."""
    scored_style: Style = "idiomatic"
    variant_tie: float = 0.0
    """How much longer a training step of the base line, or of the named variant, may take than the fastest's for it to
    be scored still, as a fraction."""
    scored_variants: dict[str, str] = {}
    """Ecosystem → the line of the matrix that it is scored as where there is no timing to choose by, and where it is
    within the tie and the base line is not."""
    base_variants: dict[str, str] = {}
    """Ecosystem → the line that is scored where it is within the tie of the fastest, and that answers a probe which the
    scored variant was not asked."""
    probe_controls: dict[str, Control] = {}
    """Family of probes → what proves its answers."""

    def __post_init__(self) -> None:
        for name, least, most in _LIMITS:
            if not least <= (value := getattr(self, name)) <= most:
                raise ValueError(f"{name} is {_short(value)}; expected {least:g} to {most:g}")
        if not 0 <= self.variant_tie < 1:
            raise ValueError(f"variant_tie is {_short(self.variant_tie)}; expected a fraction from 0 to below 1")
        if not 0 < self.minimum_coverage <= 1:
            raise ValueError(f"minimum_coverage {self.minimum_coverage:g} lies outside 0 to 1")
        if sorted(self.kind_order) != sorted(get_args(Kind)):
            raise ValueError(f"kind_order must name {', '.join(get_args(Kind))} once each")
        if not 1 <= self.measured_stale_after_months <= _MOST_MONTHS:
            raise ValueError(
                f"measured_stale_after_months is {_short(self.measured_stale_after_months)}; "
                f"expected 1 to {_MOST_MONTHS}"
            )
        if sorted(self.stale_after_months) != sorted(get_args(Kind)):
            raise ValueError(f"stale_after_months must name {', '.join(get_args(Kind))} once each")
        for kind, months in self.stale_after_months.items():
            if not 1 <= months <= _MOST_MONTHS:
                raise ValueError(f"stale_after_months of {kind} is {_short(months)}; expected 1 to {_MOST_MONTHS}")
        if sorted(self.device_order) != sorted(DEVICES):
            raise ValueError(f"device_order must name {', '.join(DEVICES)} once each")

    def is_stale(self, dated: Fact | Statement, *, month: str, key: FactKey | None = None) -> bool:
        """True when a fact or a statement is past its kind's limit, seen from ``month`` (``YYYY-MM``).

        ``key`` is a fact's: a record is never stale.
        """
        if key is not None and key.only_rises:
            return False
        return months_between(dated.as_of, month) > self.stale_after_months[dated.kind]


def _short(number: float) -> str:
    """A number that somebody wrote, which may have thousands of digits."""
    return "beyond 1e+300" if abs(number) >= 1e300 else f"{number:g}"
