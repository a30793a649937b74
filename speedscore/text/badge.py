"""A badge: a name and an answer side by side, as SVG and as what shields.io asks an address for. It knows no answer.

Drawn here, in one template: of the libraries, pybadges has had no release since 2023 and brings requests, genbadge
brings requests and Pillow, and the drawing of anybadge has no name that a screen reader would say.
"""

from __future__ import annotations

import html
import json
import re
from enum import StrEnum

import msgspec

from speedscore.text.cleaning import one_line
from speedscore.text.wrapping import shortened

_LONGEST_TEXT = 60
_HEIGHT_PIXELS, _PAD_PIXELS = 20, 6
_LABEL_COLOUR = "#444c56"
_NARROW, _WIDE = frozenset("ijlI.,:;'|!()[] "), frozenset("mwMW@%")
_NO_XML = re.compile("[\ufffe\uffff]")


class Colour(StrEnum):
    """Each has a contrast of at least 4.5 to the white text on it (WCAG AA); the words say the same as the colour."""

    GOOD = "#1a7f37"
    BAD = "#cf222e"
    DOUBTFUL = "#9a6700"
    UNKNOWN = "#57606a"
    PLAIN = "#0969da"


class Badge(msgspec.Struct, frozen=True):
    label: str
    message: str
    colour: Colour

    def svg(self) -> str:
        """A drawing of its own, without script, font or picture from elsewhere."""
        label, message = _clean(self.label), _clean(self.message)
        left, right = _width(label) + 2 * _PAD_PIXELS, _width(message) + 2 * _PAD_PIXELS
        name = html.escape(f"{label}: {message}")
        texts = "".join(
            f'<text x="{x}" y="14" textLength="{width}">{html.escape(text)}</text>'
            for text, x, width in (
                (label, _PAD_PIXELS, left - 2 * _PAD_PIXELS),
                (message, left + _PAD_PIXELS, right - 2 * _PAD_PIXELS),
            )
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT_PIXELS}" role="img" '
            f'aria-label="{name}"><title>{name}</title>'
            f'<rect width="{left + right}" height="{_HEIGHT_PIXELS}" rx="3" fill="{_LABEL_COLOUR}"/>'
            f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{left}z" fill="{self.colour}"/>'
            f'<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">{texts}</g></svg>\n'
        )

    def endpoint(self) -> str:
        """The JSON of https://shields.io/badges/endpoint-badge."""
        document = {
            "schemaVersion": 1,
            "label": _clean(self.label),
            "message": _clean(self.message),
            "color": self.colour.removeprefix("#"),
        }
        return json.dumps(document, ensure_ascii=False) + "\n"


def _clean(text: str) -> str:
    return _NO_XML.sub("?", shortened(one_line(text), _LONGEST_TEXT)) or "?"


def _width(text: str) -> int:
    """About as many pixels as the text takes in Verdana at 11; the drawing stretches it to just that."""
    return round(sum(4 if sign in _NARROW else 10.5 if sign in _WIDE else 7 for sign in text))
