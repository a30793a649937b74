"""Which case of one side is which of the other, where pytest was started in different folders.

A node id begins with the path from the folder that pytest took as its root: the same test is ``tests/test_it.py::test``
seen from one folder and ``test_it.py::test`` seen from another. It knows names only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import msgspec

from speedscore.comparing.finding_runs import RunSet
from speedscore.comparing.saved_run import SavedRun


def matched_by_end(base: Collection[str], head: Collection[str]) -> dict[str, str]:
    """Node id of head → that of base, for those that neither side has under the same name.

    One path must be the end of the other, and nothing else on either side may fit.
    """
    only_base, only_head = (_by_last_part(set(one) - set(other)) for one, other in ((base, head), (head, base)))
    pairs = [
        (of_head, of_base)
        for name, candidates in only_head.items()
        for of_head in candidates
        for of_base in only_base.get(name, ())
        if _is_end(of_base, of_head) or _is_end(of_head, of_base)
    ]
    often = Counter(name for pair in pairs for name in pair)
    return {of_head: of_base for of_head, of_base in pairs if often[of_head] == often[of_base] == 1}


def _is_end(short: str, long: str) -> bool:
    return long.endswith(f"/{short}")


def _by_last_part(names: Collection[str]) -> dict[str, list[str]]:
    """By the file's own name and what follows it."""
    groups: dict[str, list[str]] = {}
    for name in names:
        path, separator, rest = name.partition("::")
        groups.setdefault(path.rpartition("/")[2] + separator + rest, []).append(name)
    return groups


def measured_names(side: RunSet) -> set[str]:
    """Node ids that have figures in any of its runs."""
    return {name for run in side.runs for name, case in run.cases.items() if case.figures}


def renamed(run: SavedRun, names: Mapping[str, str]) -> SavedRun:
    """The run with its cases under other node ids, where ``names`` has one."""
    if not names:
        return run
    cases = {
        names.get(name, name): msgspec.structs.replace(case, case=names.get(name, name))
        for name, case in run.cases.items()
    }
    return msgspec.structs.replace(run, cases=cases)
