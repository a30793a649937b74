"""What a mistyped ``-k`` or node id may have meant, by the names that the matrix knows. It selects nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from speedscore.bench_suite.matrix.cases import matrix
from speedscore.record.phases import PHASES
from speedscore.text.suggestions import did_you_mean

_NODE_ID = re.compile(r"test_(?P<phase>\w+)\[(?P<case>[^\]]+)\]")
_OPERATORS = frozenset({"and", "or", "not", "True", "False"})


def misspelled_keywords(expression: str) -> list[str]:
    """A line for each word of a ``-k`` expression that no case has in its name, where one is like it."""
    cases = [case for phase in PHASES for case in matrix(phase)]
    words = [word for word in re.findall(r"[\w\[\]-]+", expression) if word not in _OPERATORS]
    names = [f"test_{case.phase}[{case.id}]" for case in cases]
    parts = {part for case in cases for part in (case.framework, case.model, case.device, case.phase, case.id)}
    return [
        line
        for word in words
        if not any(word.casefold() in name.casefold() for name in names)
        for line in _hint(f"-k: no case has {word!r} in its name", word, parts)
    ]


def misspelled_node_ids(arguments: Iterable[str]) -> list[str]:
    """A line for each node id that names no case of a phase, where one is like it."""
    lines = []
    for node in filter(None, map(_NODE_ID.search, arguments)):
        name = node["case"]
        # A phase that there is not has no cases.
        known = [case.id for phase in PHASES if phase == node["phase"] for case in matrix(phase)]
        if name not in known:
            lines += _hint(f"test_{node['phase']}: there is no case {name!r}", name, known)
    return lines


def _hint(problem: str, word: str, known: Iterable[str]) -> list[str]:
    hint = did_you_mean(word, known)
    return [f"{problem}{hint}"] if hint else []
