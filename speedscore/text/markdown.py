"""Markdown as GitHub reads it: tables whose cells may hold anything. Nothing here knows what a table is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from speedscore.text.cleaning import one_line

_SIGNS = re.compile(r"[\\`*_\[\]<>#|~&]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_REWRITTEN = re.compile(r"@|://|www\.|(?:mailto|xmpp):|[#!]\d|\bGH-\d|\$|:[\w+-]+:", re.IGNORECASE)
"""What GitHub and GitLab make something else of by themselves, though its signs be escaped: addresses, names of people
and teams, numbers of issues and of merge requests, formulas, emoji."""


class Markdown(str):
    """Text that is Markdown already, as a code span or a link: in a cell only what would end the cell is escaped."""

    __slots__ = ()


def code(text: str) -> Markdown:
    """A code span that shows ``text`` as it stands, backticks included (CommonMark 0.31, section 6.1)."""
    shown = one_line(text)
    if "|" in shown or not shown:
        # A cell of a table ends at a bar, in a code span too, and what a backslash before the bar does there depends on
        # how many stand before it. An entity is never a bar (section 6.2), and code in HTML may have entities.
        return Markdown(f"<code>{_PUNCTUATION.sub(lambda sign: f'&#{ord(sign[0])};', shown)}</code>")
    longest_run = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest_run + 1)
    # A blank at both ends is taken off.
    pad = " " if longest_run or (shown.startswith(" ") and shown.endswith(" ")) else ""
    return Markdown(f"{fence}{pad}{shown}{pad}{fence}")


def inert(text: str) -> Markdown:
    """``text`` in one line that is shown as it stands, and of which GitHub and GitLab make nothing else.

    A word of which they would is shown as code, where they do not look: a backslash or an entity before the sign is
    gone by the time that they look for it.
    """
    words = one_line(text).split(" ")
    return Markdown(" ".join(code(word) if _REWRITTEN.search(word) else escaped(word) for word in words))


def fenced(lines: Iterable[str]) -> list[str]:
    """A block that shows ``lines`` as they stand, whatever they hold (CommonMark 0.31, section 4.5)."""
    shown = [one_line(line) for line in lines]
    longest_run = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest_run + 1)
    return [fence, *shown, fence]


def escaped(text: str) -> Markdown:
    """``text`` in one line that Markdown shows as it stands: no heading, no link, no HTML, nothing bold.

    Any sign of punctuation may follow a backslash (CommonMark 0.31, section 2.4). Signs that have a meaning at the
    beginning of a line only are left alone, but for those of a heading and of a quotation.
    """
    return Markdown(_SIGNS.sub(r"\\\g<0>", one_line(text)))


def markdown_table(rows: Iterable[Sequence[str]], *, headers: Sequence[str]) -> list[str]:
    """The lines of a table. What a cell holds is shown as it stands; what is ``Markdown`` already keeps its meaning."""
    return [_line(headers), f"|{'---|' * len(headers)}", *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _escaped(cell: str) -> str:
    text = " ".join(cell.splitlines()) if isinstance(cell, Markdown) else escaped(cell)
    # Even within a code span a bar would end the cell; one that is escaped already does not.
    return re.sub(r"(?<!\\)\|", r"\\|", text)
