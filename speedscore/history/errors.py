"""What goes wrong with a history or a question to it, each said in one line. It needs no extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class HistoryError(ValueError):
    """A history cannot be read or added to. The message names the folder, and what to do."""


class QuestionError(ValueError):
    """A question that cannot be answered. Where DuckDB refused it, the message is DuckDB's own, with its hint."""


@contextmanager
def as_os_error() -> Iterator[None]:
    """What the package of an object store raises, as where it has no credentials, is known to that package alone."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(said(error)) from error


def said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
