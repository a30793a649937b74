"""Arguments of a command line to series: of saved runs, of a history, or of both together, and what gates said there.

Of a history no more than a few cases are in memory at a time, besides the series that were made. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from speedscore.comparing.saved_run import SavedRun
from speedscore.history.asking.choosing import chosen_cases
from speedscore.history.asking.gate_marks import GateMark
from speedscore.history.asking.reading import HistoryFiles, read_files
from speedscore.history.errors import HistoryError
from speedscore.history.figures.series import Series, make_series, measured_in, series_of
from speedscore.history.store.parts import Contents, is_history, open_history
from speedscore.history.store.storage import Place
from speedscore.host.extras import require


class FoundSeries(msgspec.Struct, frozen=True):
    series: tuple[Series, ...]
    marks: tuple[GateMark, ...] = ()
    left_out: tuple[str, ...] = ()
    """See ``HistoryFiles``."""


def find_series(arguments: Sequence[str], *, cases: Sequence[str] = (), with_intervals: bool = True) -> FoundSeries:
    """All series that the arguments stand for, or those of cases (see ``choosing``); intervals as ``series_of``.

    Raises RunFileError, HistoryError, MissingExtraError.
    """
    histories = [argument for argument in arguments if is_history(argument)]
    if len(histories) > 1:
        raise HistoryError(f"expected one history, found {len(histories)}; add the runs of all to one")
    others = [argument for argument in arguments if argument not in histories]
    files = read_files(others, needs_a_run=not histories) if others else HistoryFiles((), (), ())
    if histories:
        place = open_history(histories[0])
        series = _with_history(place, files.runs, cases, with_intervals=with_intervals)
    else:
        known = {case for run in files.runs for case in run.cases}
        runs = _only(files.runs, chosen_cases(cases, known)) if cases else files.runs
        series = make_series(runs, with_intervals=with_intervals)
    return FoundSeries(series, files.marks, files.left_out)


def _with_history(
    place: Place, runs: Sequence[SavedRun], words: Sequence[str], *, with_intervals: bool
) -> tuple[Series, ...]:
    require("sql", "pyarrow")
    from speedscore.history.asking.past import case_counts, in_batches, measured_with
    from speedscore.history.store.datasets import read_or_refuse

    def read(contents: Contents) -> tuple[Series, ...]:
        counts = case_counts(place, contents)
        for run in runs:
            for case in run.cases:
                counts[case] = counts.get(case, 0) + 1
        return tuple(
            series
            for batch in in_batches(counts, chosen_cases(words, counts))
            # What is in both is the same measurement, and counts once.
            for series in series_of(
                [*measured_with(place, contents, batch), *measured_in(_only(runs, batch))],
                with_intervals=with_intervals,
            )
        )

    return read_or_refuse(place, read)


def _only(runs: Sequence[SavedRun], cases: Collection[str]) -> list[SavedRun]:
    wanted = frozenset(cases)
    return [
        msgspec.structs.replace(run, cases={name: case for name, case in run.cases.items() if name in wanted})
        for run in runs
    ]
