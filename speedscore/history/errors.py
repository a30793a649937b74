"""What goes wrong with a history or a question to it, each said in one line. It needs no extra."""

from __future__ import annotations


class HistoryError(ValueError):
    """A history cannot be read or added to. The message names the folder, and what to do."""


class QuestionError(ValueError):
    """A question that cannot be answered. Where DuckDB refused it, the message is DuckDB's own, with its hint."""
