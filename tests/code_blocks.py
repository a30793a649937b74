"""The fenced blocks of a page in Markdown, which tests write to files, run and compare."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class Block(NamedTuple):
    """A fenced block."""

    language: str
    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def code_blocks(page: Path) -> tuple[Block, ...]:
    """In the order of the page."""
    pattern = r'^```(\w+)(?: title="([^"\n]+)")?\n(.*?)^```$'
    found = re.findall(pattern, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return tuple(Block(language, title, tuple(text.splitlines())) for language, title, text in found)
