"""A badge is a drawing that every reader of XML accepts, whatever it says, and that everybody can read."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.text.badge import Badge, Colour

SVG = "{http://www.w3.org/2000/svg}"


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", Colour)
def test_the_white_text_has_the_contrast_that_wcag_asks_for(colour: Colour) -> None:
    drawn = ElementTree.fromstring(Badge("a", "b", colour).svg())
    assert drawn.find(f"{SVG}g").get("fill") == "#fff"  # type: ignore[union-attr]
    for shape in (f"{SVG}rect", f"{SVG}path"):
        fill = drawn.find(shape).get("fill")  # type: ignore[union-attr]
        assert fill is not None
        assert 1.05 / (luminance(fill) + 0.05) >= 4.5


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_a_drawing_with_a_name_and_no_element_of_its_own(label: str, message: str) -> None:
    badge = Badge(label, message, Colour.GOOD)
    drawn = ElementTree.fromstring(badge.svg())
    assert {each.tag.removeprefix(SVG) for each in drawn.iter()} == {"svg", "title", "rect", "path", "g", "text"}
    left, right = (text.text or "" for text in drawn.iter(f"{SVG}text"))
    (title,) = drawn.iter(f"{SVG}title")
    assert title.text == drawn.get("aria-label") == f"{left}: {right}"
    assert drawn.get("role") == "img"
    document = json.loads(badge.endpoint())
    assert document == {"schemaVersion": 1, "label": left, "message": right, "color": "1a7f37"}


def test_markup_is_shown_and_not_obeyed() -> None:
    written = Badge("<script>alert(1)</script>", 'a" onload="b', Colour.BAD).svg()
    assert "<script" not in written
    assert 'onload="b' not in written


def test_the_halves_are_as_wide_as_their_texts_and_fill_the_whole() -> None:
    drawn = ElementTree.fromstring(Badge("speed gate", "coverage missing", Colour.BAD).svg())
    first, second = drawn.iter(f"{SVG}text")
    ends = [int(text.get("x", "")) + int(text.get("textLength", "")) for text in (first, second)]
    assert ends[0] < int(second.get("x", ""))
    assert ends[1] < int(drawn.get("width", ""))
