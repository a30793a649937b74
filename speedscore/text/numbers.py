"""Numbers as a person reads them. It formats and decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

NO_FIGURE = "–"
"""What stands in a cell of a table that has nothing to tell."""

_TIME_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
_MOST_WRITTEN_OUT = 1e7
"""A damaged file may say that a round took 1e308 s, whose 309 digits would tear a table apart."""
_SIZE_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


def duration(seconds: float) -> str:
    """Three significant digits and the unit that fits: ``1.23 ms``. Seconds are the largest unit."""
    for unit, size in _TIME_UNITS:
        # 0.9995 rounds to 1.00: without the margin it would read "1e+03 ms".
        if seconds >= 0.9995 * size or unit == "ns":
            return f"{three_digits(seconds / size)} {unit}"
    raise AssertionError("the last unit always fits")


def size(count_bytes: float) -> str:
    """Three significant digits in binary units: ``12.3 MiB``."""
    for unit, unit_bytes in _SIZE_UNITS:
        # From 999.5 of the next smaller unit on, that one would take a fourth digit.
        if count_bytes >= 999.5 / 1024 * unit_bytes:
            return f"{three_digits(count_bytes / unit_bytes)} {unit}"
    return f"{count_bytes:.0f} B"


def percent(fraction: float) -> str:
    """``0.0123`` as ``1.2 %``, and what would round to nothing as ``<0.1 %``."""
    return f"{100 * fraction:.1f} %" if fraction >= 0.0005 or not fraction else "<0.1 %"


def short_percent(fraction: float) -> str:
    """``0.05`` as ``5 %``: three significant digits at most, for sizes that somebody chose."""
    return f"{100 * fraction:.3g} %"


def factor(value: float, *, few_samples: bool = False) -> str:
    """A positive ratio: ``1.23``, and from 10 on two significant digits, ``12`` and ``1100``, as below 0.1.

    Of ``few_samples`` one decimal, as in ``1.2``: a second would be made up.
    """
    if value >= 9.95 or value < 0.095:
        # Two significant digits without an exponent.
        return f"{float(f'{value:.2g}'):.10g}"
    return f"{value:.1f}" if few_samples else f"{value:.2f}"


def counted(number: int, noun: str) -> str:
    """``1 case``, ``2 cases``"""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def first_of(texts: Sequence[str], most: int, *, between: str = ", ") -> str:
    """``a, b and 3 more``"""
    more = len(texts) - most
    return f"{between.join(texts[:most])}{f' and {more} more' if more > 0 else ''}"


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def three_digits(value: float) -> str:
    """A positive number as one reads it: ``1.23``, ``12.3``, ``123``, ``1234``, above ten million ``1.23e+08``."""
    if value > _MOST_WRITTEN_OUT:
        return f"{value:.3g}"
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
