"""History: the earlier runs of a case, and the noise between runs that they teach.

Only cases of runs that could be compared with those at hand, and of machines like theirs, count, none that is itself
compared, and a measurement that was carried from one session into the next counts once. It decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from statistics import fmean

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.comparing.fields import differences, refused
from speedscore.comparing.finding_runs import read_runs
from speedscore.comparing.saved_run import CaseFigures, Identity, SavedRun, moment
from speedscore.host.fields import Scalar
from speedscore.verdicts.unpaired import TAIL_FREEDOM, Past, learn

MOST_RUNS = 200
"""Of the newest: more would teach nothing that these do not, and reading them takes seconds."""
FEWEST_MACHINES = TAIL_FREEDOM + 1
"""That show how much any two of their kind differ: of fewer only these very machines are known."""
_SHORTEST_SHARE = 0.5
"""Of the time between two sides that their history must reach over: runs that were all saved within an hour have not
seen what differs between two days."""


def read_history(folder: Path) -> tuple[SavedRun, ...]:
    """The saved runs below a folder; what is no run is passed over."""
    newest = sorted(folder.rglob("*.json"), key=_written)[-MOST_RUNS:]
    return tuple(read_runs(newest)[0])


def _written(path: Path) -> float:
    """Seconds since the epoch; 0 for a link to nowhere, or a file that was removed meanwhile."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


class _Series(msgspec.Struct, frozen=True):
    """One metric of one case over the earlier runs, in the order of their time."""

    places: dict[Identity, int]
    moments: NDArray[np.float64]
    """Seconds since the epoch."""
    centres: NDArray[np.float64]
    """Of each run the mean over processes of the logarithm."""
    processes: NDArray[np.int64]
    machines: NDArray[np.str_]
    """Their names, empty where one is not known."""


def _untaught_by(machines: NDArray[np.str_], compared: Collection[str]) -> list[int]:
    """Places of the runs that say nothing of how much machines differ of which some are compared; ``machines`` are
    those of the runs that are not compared."""
    known = set(machines.tolist()) - {""}
    teaching = known if len(known) >= FEWEST_MACHINES else known.intersection(compared)
    return [place for place, machine in enumerate(machines.tolist()) if machine not in teaching]


class History:
    """The runs of a folder, for the comparisons of one run with others."""

    def __init__(self, runs: Iterable[SavedRun], *, like: SavedRun, allow: Collection[str]) -> None:
        """``like`` is a run of the comparison; what its fields forbid is left out, but for what is allowed."""
        self._allow = allow
        self._like = like
        self._by_case: dict[str, dict[Identity, tuple[SavedRun, CaseFigures]]] = {}
        self._series: dict[tuple[str, Identity, str], _Series] = {}
        self._alike: dict[tuple[int, int], tuple[Mapping[str, Scalar], Mapping[str, Scalar], bool]] = {}
        for run in runs:
            for name, case in run.cases.items():
                if case.figures:
                    # By the session that measured it: one that carried it on does not say where.
                    self._by_case.setdefault(name, {}).setdefault(case.identity, (run, case))

    def teach(
        self,
        compared: Collection[CaseFigures],
        metric: str,
        *,
        fields: Mapping[str, Scalar] | None = None,
        between_machines: bool = False,
    ) -> Past | None:
        """The noise between runs of a metric of one case, given what is compared of it; None where too little is known.

        What is compared agrees in shape and fields, so the first of it stands for all. ``fields`` are those of its
        session and machine, where these are not the fields of ``like``. ``between_machines`` asks for the noise between
        runs of different machines of one kind: those of five such machines teach it, or those of the very machines that
        are compared. What is compared names no machine for that, or a kind of three would become one of five.
        """
        first = next(iter(compared))
        series = self._series_of(first, metric, self._like.fields if fields is None else fields)
        left_out = [place for case in compared if (place := series.places.get(case.identity)) is not None]
        places = np.delete(np.arange(series.moments.size), left_out)
        if between_machines:
            untaught = _untaught_by(series.machines[places], {case.machine_name for case in compared})
            places = np.delete(places, untaught)
        moments = series.moments[places]
        compared_moments = [moment(case.occasion) for case in compared]
        compared_reach_seconds = max(compared_moments) - min(compared_moments)
        reach_seconds = float(np.ptp(moments)) if moments.size else 0.0
        if reach_seconds < _SHORTEST_SHARE * compared_reach_seconds:
            return None
        machines = series.machines[places] if between_machines else None
        return learn(series.centres[places], series.processes[places], machines=machines)

    def _series_of(self, compared: CaseFigures, metric: str, fields: Mapping[str, Scalar]) -> _Series:
        """Kept, because a run that is compared with hundreds meets the same history each time."""
        key = (compared.case, compared.identity, metric)
        if key not in self._series:
            past = sorted(
                (moment(case.occasion), identity, case.figures[metric].by_process, case.machine_name)
                for identity, (run, case) in self._by_case.get(compared.case, {}).items()
                if metric in case.figures
                and min(case.figures[metric].by_process) > 0
                and self._is_of_like_machine(run.fields_of(case), fields)
                and self._is_like(case, compared)
            )
            self._series[key] = _Series(
                places={identity: place for place, (_, identity, _, _) in enumerate(past)},
                moments=np.array([at for at, _, _, _ in past]),
                centres=np.array([fmean(map(math.log, values)) for _, _, values, _ in past]),
                processes=np.array([len(values) for _, _, values, _ in past]),
                machines=np.array([machine for _, _, _, machine in past], dtype=str),
            )
        return self._series[key]

    def _is_of_like_machine(self, fields: Mapping[str, Scalar], compared: Mapping[str, Scalar]) -> bool:
        """Looked up by which mappings they are, for the cases of a run share one of each machine. Both are kept, so
        that no other gets their identity."""
        key = (id(fields), id(compared))
        if key not in self._alike:
            self._alike[key] = (fields, compared, not refused(differences(compared, fields), self._allow))
        return self._alike[key][-1]

    def _is_like(self, case: CaseFigures, compared: CaseFigures) -> bool:
        same = (case.shape, case.reference) == (compared.shape, compared.reference)
        return same and not refused(differences(compared.fields, case.fields), self._allow)
