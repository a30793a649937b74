"""Reads what Python prints: the frames and the message of a traceback, and warnings. It judges nothing.

Text alone: what is read may have been printed by any release, here or elsewhere.
"""

from __future__ import annotations

import re

import msgspec

_BEGIN = "Traceback (most recent call last):"
_CHAINED = re.compile(
    r"^(The above exception was the direct cause|During handling of the above exception|"
    r"The stack trace below excludes JAX-internal frames)",
    re.MULTILINE,
)
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_WARNING = re.compile(r"^\S.*:\d+: \w+: ")


class Frame(msgspec.Struct, frozen=True):
    file: str
    line: int


class PrintedError(msgspec.Struct, frozen=True):
    """The exception at the end of a traceback: what a user reads first."""

    frames: tuple[Frame, ...]
    """Of the stack, the innermost last."""
    message: str
    """From the exception's type on, notes included."""


def read_error(text: str) -> PrintedError:
    """The last exception of a printed traceback. Text that is none is all message."""
    _, found, block = text.rpartition(f"{_BEGIN}\n")
    if not found:
        return PrintedError((), text.strip())
    lines = block.splitlines()
    end = next((number for number, line in enumerate(lines) if line and not line[0].isspace()), len(lines))
    message = "\n".join(lines[end:])
    return PrintedError(frames_in("\n".join(lines[:end])), _CHAINED.split(message)[0].strip())


def frames_in(text: str) -> tuple[Frame, ...]:
    """Every ``File "…", line …`` there is, in its order."""
    found = (_FRAME.match(line) for line in text.splitlines())
    return tuple(Frame(match["file"], int(match["line"])) for match in found if match)


def without_source(text: str) -> str:
    """The text without the lines of source that Python shows beside a frame or below a warning.

    They are the user's own words, and say nothing that the framework said.
    """
    kept: list[str] = []
    lines = text.splitlines()
    skip, in_warning = False, False
    for number, line in enumerate(lines):
        if _FRAME.match(line):
            skip = True
            continue
        if (skip and line.startswith(" ")) or re.fullmatch(r"\s*[~^]+\s*", line):
            skip = False
            continue
        skip = False
        if _WARNING.match(line):
            in_warning = True
        following = lines[number + 1] if number + 1 < len(lines) else ""
        last_of_warning = not following or _WARNING.match(following) is not None
        if in_warning and last_of_warning and re.match(r"  \S", line):
            in_warning = False
            continue
        kept.append(line)
    return "\n".join(kept)
