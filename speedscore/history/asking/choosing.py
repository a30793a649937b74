"""Which cases and moments of a history are meant by the words of a command line. It reads no file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from speedscore.history.errors import HistoryError
from speedscore.text.suggestions import did_you_mean

WITHOUT_FIGURES = "probes are no cases: speedscore sql asks a history of them, speedscore probes a saved run"
"""What may be there where no case is."""


def chosen_cases(words: Sequence[str], known: Collection[str]) -> list[str]:
    """The node ids that any of the words means, in their order; all of them where there is no word.

    A word is a node id, what stands in it behind ``::`` or between its brackets, or a glob of any of these; brackets
    are themselves, for every parametrised id has them. A word that is none of these is the beginning of what stands
    between brackets, up to a hyphen: ``jax-gpt`` means ``jax-gpt-cpu`` and ``jax-gpt-gpu``. Raises HistoryError for a
    word that means none.
    """
    if not words:
        return sorted(known)
    chosen: set[str] = set()
    for word in words:
        pattern = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in word)
        whole, beginning = (re.compile(each, re.DOTALL) for each in (pattern, f"(?:{pattern})-.*"))
        meant = {case for case in known if any(whole.fullmatch(name) for name in _names(case))}
        meant = meant or {case for case in known if beginning.fullmatch(_between_brackets(case))}
        if not meant:
            names = (name for case in known for name in _names(case))
            raise HistoryError(f"no case {word!r} there{did_you_mean(word, names) or _first_of(known)}")
        chosen |= meant
    return sorted(chosen)


def beginning_of(text: str) -> datetime:
    """The first moment, in UTC without its zone, of a day or a month. Raises HistoryError for what is neither."""
    return _span(text)[0]


def end_of(text: str) -> datetime:
    """The first moment after it."""
    return _span(text)[1]


def _names(case: str) -> Iterable[str]:
    yield case
    test = case.rpartition("::")[2]
    yield test
    if parameters := _between_brackets(case):
        yield parameters


def _between_brackets(case: str) -> str:
    """Empty where there are none."""
    test = case.rpartition("::")[2]
    return test.partition("[")[2][:-1] if test.endswith("]") else ""


def _first_of(known: Collection[str]) -> str:
    if not known:
        return f", nor any other; {WITHOUT_FIGURES}"
    return f"; there is {min(known)!r}" + (f" and {len(known) - 1} more" if len(known) > 1 else "")


def _span(text: str) -> tuple[datetime, datetime]:
    try:
        if re.fullmatch(r"\d{4}-\d\d", text):
            first = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
            after = (first + timedelta(days=31)).replace(day=1)
        else:
            first = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            after = first + timedelta(days=1)
    except (ValueError, OverflowError):
        raise HistoryError(f"expected a day or a month, as in 2026-11-27 or 2026-11, found {text!r}") from None
    return first.replace(tzinfo=None), after.replace(tzinfo=None)
