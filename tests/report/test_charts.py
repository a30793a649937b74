"""The charts: each specification compiles without a complaint, marks are told apart, and ticks carry their units."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("altair", reason='the report is drawn with it: python -m pip install "speedscore[report]"')

import vl_convert

from speedscore.report.blocks import Figure
from speedscore.report.charts import axes, theme
from speedscore.report.charts.drawing import vega_lite_version
from speedscore.report.charts.picture import specification, svg
from tests.report.sample_content import shared_report


@contextlib.contextmanager
def standard_error() -> Iterator[list[str]]:
    """What is written to it, by libraries that are no Python too."""
    said: list[str] = []
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said.append(file.read().decode())


def a_figure_of_each_kind() -> list[tuple[Figure, tuple[str, ...]]]:
    report = shared_report()
    figures = [each for view in report.views for each in view.blocks if isinstance(each, Figure)]
    kinds = {re.sub(r"-(cpu|gpu|tpu)-.*", r"-\1", figure.id): figure for figure in figures}
    return [(figure, report.series) for figure in kinds.values()]


def test_every_kind_compiles_without_a_complaint() -> None:
    found = a_figure_of_each_kind()
    assert {"rounds", "ratios", "memory", "stages", "break-even", "roofline"} <= {
        re.sub(r"-(cpu|gpu|tpu)-.*", "", figure.id) for figure, _ in found
    }
    for figure, series in found:
        spec = specification(figure, series, width_inches=3.5)
        with standard_error() as said:
            vl_convert.vegalite_to_vega(spec, vl_version=vega_lite_version(), show_warnings=True)
        assert said == [""], figure.id


def test_a_complaint_would_be_seen() -> None:
    spec = {"mark": "point", "encoding": {"x": {"field": "a", "type": "nominal"}}, "autosize": "fit", "width": 99}
    spec |= {"data": {"values": []}, "height": {"step": 9}, "encoding": {"y": {"field": "a", "type": "nominal"}}}
    with standard_error() as said:
        vl_convert.vegalite_to_vega(spec, vl_version=vega_lite_version(), show_warnings=True)
    assert "fit" in said[0]


def texts_of(figure: Figure, series: tuple[str, ...]) -> Counter[str]:
    spec = specification(figure, series, width_inches=3.5)
    drawing = ET.fromstring(svg(spec, title="", description=""))
    return Counter(text.text or "" for text in drawing.iter("{http://www.w3.org/2000/svg}text"))


def test_every_picture_names_its_frameworks_once_on_an_axis_or_in_a_legend() -> None:
    for figure, series in a_figure_of_each_kind():
        frameworks = {str(row["framework"]) for row in figure.values()}
        said = texts_of(figure, series)
        assert {name: said[name] for name in frameworks} == dict.fromkeys(frameworks, 1), figure.id


def test_what_is_no_row_is_drawn_once_and_not_once_for_each_row() -> None:
    (found,) = [each for each in a_figure_of_each_kind() if each[0].id.startswith("roofline-cpu")]
    roofs = {text: count for text, count in texts_of(*found).items() if "matrix product" in text}
    assert list(roofs.values()) == [1]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_is_seen_on_the_page(scheme: theme.Scheme) -> None:
    page = theme.INK[scheme]["page"]
    assert min(contrast(colour, page) for colour in theme.COLOURS) >= 3
    assert min(contrast(theme.INK[scheme][ink], page) for ink in ("text", "quiet")) >= 4.5


def test_no_two_of_fifty_frameworks_share_colour_and_shape_and_neighbours_share_neither() -> None:
    marks = [(theme.colour(place), theme.shape(place)) for place in range(50)]
    assert len(set(marks)) == 50
    for (one, its_shape), (other, other_shape) in combinations(marks[:7], 2):
        assert one != other
        assert its_shape != other_shape


def test_no_mark_is_a_line_which_would_vanish_where_marks_are_filled() -> None:
    assert "stroke" not in theme.SHAPES


positive = st.floats(min_value=1e-9, max_value=1e12)


@given(low=st.floats(min_value=1e-3, max_value=1), high=st.floats(min_value=1, max_value=1e12))
def test_factors_have_few_ticks_within_reach_and_1_is_one(low: float, high: float) -> None:
    ticks = axes.factor_ticks(low, high)
    assert 1.0 in ticks
    assert len(ticks) <= 9
    assert ticks == sorted(set(ticks))


@given(largest=positive)
def test_sizes_have_round_ticks_from_zero_to_above_the_largest(largest: float) -> None:
    made: Any = axes.size_upwards("bytes", title="memory", largest=largest).to_dict(context={})
    ticks, domain = made["axis"]["values"], made["scale"]["domain"]
    assert domain == [0, ticks[-1]]
    assert largest <= ticks[-1]
    assert len(ticks) <= 8


@pytest.mark.parametrize(
    ("seconds", "label"), [(12e-3, "12 ms"), (1.5, "1.5 s"), (20e-6, "20 µs"), (3e-9, "3 ns"), (1.0, "1 s")]
)
def test_a_tick_of_time_carries_its_unit(seconds: float, label: str) -> None:
    spec = {
        "data": {"values": [{"seconds": seconds * 0.99}, {"seconds": seconds * 1.01}]},
        "mark": "point",
        "encoding": {"x": axes.seconds("seconds", title="time").to_dict(context={})},
    }
    spec["encoding"]["x"]["axis"]["values"] = [seconds]  # type: ignore[index]
    assert f">{label}<" in vl_convert.vegalite_to_svg(spec, vl_version=vega_lite_version())
