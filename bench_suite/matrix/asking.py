"""Which cases a session has only when it asks for them: on the CPU those of another precision than float32.

They would take as long again as all others on a machine whose users train elsewhere. On an accelerator they are what is
run, and belong to every session. Nothing is selected here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from speedscore.bench_suite.matrix.cases import Case
from speedscore.record.phases import FLOAT32

MARK = "precision"
_OPERATORS = frozenset({"and", "or", "not"})


def is_asked_for(case: Case, *, keywords: str, marks: str, arguments: Sequence[str]) -> bool:
    """Whether a session with these ``-k``, ``-m`` and arguments, all of which select the case, is meant to have it."""
    if case.precision == FLOAT32 or case.device != "cpu":
        return True
    words = set(re.findall(r"\w+", keywords.casefold())) - _OPERATORS
    names_it = any(word in case.precision for word in words) or any(case.precision in part for part in arguments)
    return names_it or MARK in re.findall(r"\w+", marks)
