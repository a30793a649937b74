"""History: the earlier runs of a case, and the noise between runs that they teach.

Only runs that could be compared with those at hand count, none that is itself compared, and a measurement that was
carried from one session into the next counts once. It decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from speedscore.comparing.fields import differences, refused
from speedscore.comparing.finding_runs import read_runs
from speedscore.comparing.saved_figures import CaseFigures, SavedRun
from speedscore.verdicts.unpaired import Past, learn

_MOST_FILES = 200
"""Of the newest: more would teach nothing that these do not, and reading them takes seconds."""
_SHORTEST_SHARE = 0.5
"""Of the time between two sides that their history must reach over: runs that were all saved within an hour have not
seen what differs between two days."""


def read_history(folder: Path) -> tuple[SavedRun, ...]:
    """The saved runs below a folder; what is no run is passed over."""
    newest = sorted(folder.rglob("*.json"), key=_written)[-_MOST_FILES:]
    return tuple(read_runs(newest)[0])


def _written(path: Path) -> float:
    """Seconds since the epoch; 0 for a link to nowhere, or a file that was removed meanwhile."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


class History:
    """The runs of a folder, for one comparison."""

    def __init__(self, runs: Iterable[SavedRun], *, like: SavedRun, allow: Collection[str]) -> None:
        """``like`` is a run of the comparison; what its fields forbid is left out, but for what is allowed."""
        self._allow = allow
        self._by_case: dict[str, dict[str, CaseFigures]] = {}
        for run in runs:
            if not refused(differences(like.fields, run.fields), allow):
                for name, case in run.cases.items():
                    if case.figures:
                        self._by_case.setdefault(name, {})[case.occasion] = case

    def teach(self, compared: Collection[CaseFigures], metric: str) -> Past | None:
        """The noise between runs of a metric of one case, given what is compared of it; None where too little is known.

        What is compared agrees in shape and fields, so the first of it stands for all.
        """
        first, occasions = next(iter(compared)), {case.occasion for case in compared}
        past = [
            case
            for occasion, case in sorted(self._by_case.get(first.case, {}).items(), key=lambda known: moment(known[0]))
            if occasion not in occasions and metric in case.figures and self._is_like(case, first)
        ]
        if _reach_seconds(case.occasion for case in past) < _SHORTEST_SHARE * _reach_seconds(occasions):
            return None
        figures = [case.figures[metric].by_process for case in past]
        return learn([[math.log(value) for value in values] for values in figures if min(values) > 0])

    def _is_like(self, case: CaseFigures, compared: CaseFigures) -> bool:
        same = (case.shape, case.reference) == (compared.shape, compared.reference)
        return same and not refused(differences(compared.fields, case.fields), self._allow)


def moment(occasion: str) -> float:
    """Seconds since the epoch."""
    return datetime.fromisoformat(occasion).timestamp()


def _reach_seconds(occasions: Iterable[str]) -> float:
    moments = [moment(occasion) for occasion in occasions]
    return max(moments) - min(moments) if moments else 0.0
