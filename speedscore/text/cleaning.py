"""Text from outside, made safe to print: a name, a reason, a source that somebody else wrote.

A terminal obeys escape sequences, turns text around where it is told to, and begins a new line wherever there is one;
so a saved run or an exception could draw over an answer, or forge one. What has such an effect is shown as the escape
that JSON has for it (``\\u001b``), so that a document in JSON keeps its meaning. Nothing here knows what a text is
about. ``markdown`` cleans for Markdown and HTML.
"""

from __future__ import annotations

import re

_CONTROLS = "\x00-\x09\x0b-\x1f\x7f-\x9f"
"""C0 without the end of a line, and C1, whose U+009B begins a sequence as ESC [ does."""
_ORDER = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""What turns the direction of text (Unicode Standard Annex 9)."""
_OTHER_LINE_ENDS = "\u2028\u2029"
_HALVES = "\ud800-\udfff"
"""Halves of a surrogate pair, which no encoding can write."""
_UNSAFE = re.compile(f"[{_CONTROLS}{_ORDER}{_OTHER_LINE_ENDS}{_HALVES}]")
_UNSAFE_NAME = re.compile(f"[\n{_CONTROLS}{_ORDER}{_OTHER_LINE_ENDS}{_HALVES}]")

_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9_.+=-]+")
_MOST_OF_FILE_NAME = 80

NAME_PATTERN = f"^[^\n{_CONTROLS}{_ORDER}{_OTHER_LINE_ENDS}{_HALVES}]*$"
"""A regular expression of what may stand where a name belongs: one line without any of these."""


_COLOUR = re.compile(r"\x1b\[[\d;]*m")
"""Written also into files and pipes where the environment forces colours, as continuous integration likes to."""


def without_colours(text: str) -> str:
    """What another program printed, as it would have been without colours."""
    return _COLOUR.sub("", text)


def printable(text: str) -> str:
    """``text`` with its lines and without anything that a terminal would obey; a tab becomes a blank."""
    return _UNSAFE.sub(_escape, text.replace("\r\n", "\n").replace("\t", " "))


def one_line(text: str) -> str:
    """The same in one line: what ended a line is a blank."""
    return printable(" ".join(text.splitlines()))


def writable(text: str) -> str:
    """The text as it stands, but for halves of surrogate pairs, which no encoding can write: each as its escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def file_name(text: str) -> str:
    """A part of a file's name that is like the text: one that every system takes, and that leads to no other folder."""
    return _NOT_IN_FILE_NAMES.sub("-", text)[:_MOST_OF_FILE_NAME].strip("-.") or "unnamed"


def is_name(text: str) -> bool:
    """Whether it is one line that a terminal prints as it stands."""
    return _UNSAFE_NAME.search(text) is None


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
