"""What a mistyped word may have meant. It compares spellings and knows nothing of what the words stand for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LIKENESS = 0.6
"""From 0 to 1, as difflib counts it. Below it a suggestion is more often wrong than right."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'card'?`` for the known word that is most like ``word``, upper and lower case alike.

    Empty where none is like it.
    """
    spelled = {name.casefold(): name for name in known}
    likely = difflib.get_close_matches(word.casefold(), spelled, n=1, cutoff=_LIKENESS)
    return f"; did you mean {spelled[likely[0]]!r}?" if likely else ""
