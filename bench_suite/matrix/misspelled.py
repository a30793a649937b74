"""What a mistyped ``-k`` or node id may have meant, by the names of the tests that there are. It selects nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from speedscore.text.suggestions import did_you_mean

_NODE_ID = re.compile(r"(?P<test>test_\w+)\[(?P<case>[^\]]+)\]")
_OPERATORS = frozenset({"and", "or", "not", "True", "False"})

Names = Mapping[str, Sequence[str]]
"""Test function → the ids of its cases, which are words joined by hyphens."""


def misspelled_keywords(expression: str, names: Names) -> list[str]:
    """A line for each word of a ``-k`` expression that no case has in its name, where one is like it."""
    words = [word for word in re.findall(r"[\w\[\]-]+", expression) if word not in _OPERATORS]
    whole = [f"{test}[{case}]".casefold() for test, cases in names.items() for case in cases]
    unknown = [word for word in words if not any(word.casefold() in name for name in whole)]
    if not unknown:
        return []
    parts = {test.removeprefix("test_") for test in names}
    parts |= {part for case in set().union(*names.values()) for part in _parts(case)}
    return [line for word in unknown for line in _hint(f"-k: no case has {word!r} in its name", word, parts)]


def misspelled_node_ids(arguments: Iterable[str], names: Names) -> list[str]:
    """A line for each node id that names no case of its test, where one is like it."""
    lines = []
    for node in filter(None, map(_NODE_ID.search, arguments)):
        known = names.get(node["test"], ())
        if node["case"] not in known:
            lines += _hint(f"{node['test']}: there is no case {node['case']!r}", node["case"], known)
    return lines


def _parts(case: str) -> Iterator[str]:
    """Every run of words in an id: a framework's name may be two of them."""
    words = case.split("-")
    for first in range(len(words)):
        for end in range(first + 1, len(words) + 1):
            yield "-".join(words[first:end])


def _hint(problem: str, word: str, known: Iterable[str]) -> list[str]:
    hint = did_you_mean(word, known)
    return [f"{problem}{hint}"] if hint else []
