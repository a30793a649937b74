"""The forms in which a report can be read, and the short card that a terminal gets first.

Adding a form: 1. a module here with ``render(report, *, width)``; 2. a line in the table below. A form puts finished
figures into words and tables; it never computes a score and never reads a file.
"""

from __future__ import annotations

import shutil
from typing import Protocol

from speedscore.scoring.cards import json, markdown, terminal
from speedscore.scoring.scores.score_report import ScoreReport


class Render(Protocol):
    """What a form offers."""

    def __call__(self, report: ScoreReport, *, width: int) -> str:
        """The whole report as text that ends with a newline; ``width`` is in characters, for forms that have one."""
        ...


WIDTH = 80
"""Characters, where nobody says otherwise; what every terminal has."""


def terminal_width() -> int:
    """Characters of a line on the terminal of the reader: COLUMNS, else the terminal's, else ``WIDTH``."""
    return shutil.get_terminal_size((WIDTH, 24)).columns


FORMATS: dict[str, Render] = {"text": terminal.render, "markdown": markdown.render, "json": json.render}
