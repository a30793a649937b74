"""Axes that carry their units: seconds as ``12 ms``, bytes as ``3 MiB``, rates as ``5 GFLOP/s``.

A label is worked out by Vega when the axis is drawn, because its ticks follow from what is shown.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt

_SECONDS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
_BYTES = (("GiB", 2.0**30), ("MiB", 2.0**20), ("KiB", 2.0**10), ("B", 1.0))
_RATES = (("TFLOP/s", 1e12), ("GFLOP/s", 1e9), ("MFLOP/s", 1e6), ("FLOP/s", 1.0))
_COUNTS = (("M", 1e6), ("k", 1e3), ("", 1.0))
_MOST_TICKS, _MOST_SIZES = 7, 5
_LINE = 36
"""Characters of a title that a phone has room for."""
_PADDING = 14
"""Pixels at both ends of a logarithmic axis, without which the first and last marks would be cut in half."""


def seconds(field: str, *, title: str) -> alt.X:
    """A logarithmic axis of times; ``title`` says of what."""
    return alt.X(f"{field}:Q", title=_lines(title), **_logarithmic("x", _with_unit(_SECONDS)))


def seconds_upwards(field: str, *, title: str) -> alt.Y:
    return alt.Y(f"{field}:Q", title=_lines(title), **_logarithmic("y", _with_unit(_SECONDS)))


def size_upwards(field: str, *, title: str, largest: float) -> alt.Y:
    """A linear axis of bytes from 0, with ticks at round binary sizes until above ``largest``."""
    step = 2.0 ** math.ceil(math.log2(max(largest, 1.0) / _MOST_SIZES))
    ticks = [step * number for number in range(math.ceil(1.04 * largest / step) + 1)]
    axis = alt.Axis(labelExpr=f"datum.value === 0 ? '0' : {_with_unit(_BYTES)}", values=ticks)
    return alt.Y(f"{field}:Q", title=_lines(title), axis=axis, scale=alt.Scale(domain=[0, ticks[-1]]))


def rate_upwards(field: str, *, title: str) -> alt.Y:
    return alt.Y(f"{field}:Q", title=_lines(title), **_logarithmic("y", _with_unit(_RATES), padding=24))


def plain(field: str, *, title: str) -> alt.X:
    """A logarithmic axis of numbers whose unit the title names."""
    return alt.X(f"{field}:Q", title=_lines(title), **_logarithmic("x", "format(datum.value, '.4~r')"))


def counts(field: str, *, title: str) -> alt.X:
    """A logarithmic axis of how often something is done: ``10 k``."""
    return alt.X(f"{field}:Q", title=_lines(title), **_logarithmic("x", _with_unit(_COUNTS)))


def times(field: str, *, title: str, values: Sequence[float]) -> alt.X:
    """A logarithmic axis of factors: ``1.5×``. ``values`` are all that it shows: 1, which says equal, has a tick."""
    axis = alt.Axis(
        values=factor_ticks(min(values), max(values)),
        labelExpr="format(datum.value, datum.value < 10000 ? '.4~r' : '~s') + '×'",
        labelOverlap="parity",
        labelSeparation=6,
        grid=True,
    )
    # Given, and not found by Vega, which complains of limits that are all unknown.
    scale = alt.Scale(type="log", nice=False, padding=_PADDING, domain=[min(values), max(values)])
    return alt.X(f"{field}:Q", title=_lines(title), axis=axis, scale=scale)


def rows(frameworks: Sequence[str]) -> alt.Y:
    """A row a framework, in that order."""
    return alt.Y("framework:N", title=None, sort=list(frameworks), axis=alt.Axis(ticks=False, domain=False))


def factor_ticks(low: float, high: float) -> list[float]:
    """Round numbers from ``low`` to ``high``, both above 0, at most seven and 1 among them: by equal steps where the
    axis spans little, by powers of ten where it spans decades."""
    for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5):
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first < _MOST_TICKS:
            found = [round(step * number, 2) for number in range(max(first, 1), last + 1)]
            return found if 1.0 in found else sorted([*found, 1.0])
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for mantissas in ((1, 2, 5), (1, 3), (1,)):
        found = [mantissa * 10.0**exponent for exponent in exponents for mantissa in mantissas]
        inside = [value for value in found if low <= value <= high or value == 1.0]
        if len(inside) <= _MOST_TICKS:
            return inside
    every = math.ceil(len(exponents) / _MOST_TICKS)
    return [10.0**exponent for exponent in exponents if exponent % every == 0]


def _lines(title: str) -> str | list[str]:
    lines = textwrap.wrap(title, _LINE)
    return lines if len(lines) > 1 else title


def _logarithmic(scale: str, label: str, *, padding: int = _PADDING) -> dict[str, Any]:
    """``scale`` is its name in Vega. Where the axis spans decades the ticks in between have no label and no line."""
    span = f"(domain('{scale}')[1] / domain('{scale}')[0])"
    exponent = "floor(log(datum.value) / LN10 + 0.000001)"
    digit = f"round(datum.value / pow(10, {exponent}))"
    hidden = (
        f"({span} > 8 && indexof([1, 2, 5], {digit}) < 0) || ({span} > 1e3 && {digit} != 1)"
        f" || ({span} > 1e7 && {exponent} % 3 != 0)"
    )
    line = {"condition": {"test": hidden, "value": 0}, "value": 1}
    return {
        "scale": alt.Scale(type="log", nice=False, padding=padding),
        "axis": alt.Axis(
            labelExpr=f"{hidden} ? '' : {label}",
            labelOverlap="greedy",
            labelSeparation=10,
            tickCount=6,
            gridOpacity=line,
            tickOpacity=line,
        ),
    }


def _with_unit(units: Sequence[tuple[str, float]]) -> str:
    """A Vega expression: the value in the largest unit of which it is at least one."""
    *larger, (last, last_size) = units
    text = _one(last, last_size)
    for unit, size in reversed(larger):
        # 0.9995: as in text.numbers.duration.
        text = f"datum.value >= {0.9995 * size!r} ? {_one(unit, size)} : {text}"
    return text


def _one(unit: str, size: float) -> str:
    suffix = f" + ' {unit}'" if unit else ""
    return f"format(datum.value / {size!r}, '.4~r'){suffix}"
