"""Saved runs as comparing sees them, in a history and back: the table ``figures``, a row for each case of a run.

Fields keep their types there, which a column of a map of text cannot, so that what is learned from a history is to the
digit what the saved runs say. Fields that rarely change from run to run stand in columns of their own, in which
thousands of rows share a value that is read once; what is a run's alone is written again for each of its cases. SQL
does not see the table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from speedscore.comparing.saved_figures import figures_of
from speedscore.comparing.saved_run import CaseFigures, SavedRun, moment
from speedscore.history.figures.compared_fields import ComparedFields, look_at, names_of, together
from speedscore.history.figures.rows import Block
from speedscore.history.figures.series import Measured
from speedscore.history.figures.tables import Column, Table
from speedscore.host.fields import Scalar
from speedscore.record.case_summary import CaseSummary
from speedscore.record.moments import utc
from speedscore.record.run_record import RunRecord

Fields = dict[str, Scalar]

FIGURES = Table(
    "figures",
    "a case of a run, as comparing sees it",
    (
        Column("run_id", "VARCHAR", "the run"),
        Column("nodeid", "VARCHAR", "pytest's node id"),
        Column("created_utc", "TIMESTAMP", "when the session began"),
        Column("run_fields", "VARCHAR", "JSON: fields of the run that comparing looks at"),
        Column("run", "VARCHAR", "JSON: the run without them and without cases"),
        Column("case_fields", "VARCHAR", "JSON: fields of the case that comparing looks at"),
        Column("figures", "VARCHAR", "JSON: the case without them"),
    ),
)


KeptRow = tuple[str, str, str, str, str, str]
"""Of the table, without ``created_utc``."""
READ = tuple(column.name for column in FIGURES.columns if column.name != "created_utc")
_RUN = msgspec.json.Decoder(SavedRun)
_CASE = msgspec.json.Decoder(CaseFigures)
ORDER = "nodeid"
"""What rows of a file stand in the order of, in row groups of ``ROW_GROUP_ROWS``: whoever asks for a case passes over
most of the others."""
ROW_GROUP_ROWS = 1 << 10
SHARED = ("run_fields", "run", "case_fields")
"""Columns whose values several rows have in common, in memory too: of ``run`` the cases of one run."""


def figure_blocks(
    run: RunRecord,
    run_id: str,
    summaries: Mapping[str, CaseSummary],
    parts: Iterable[Collection[str]],
    *,
    host: str = "",
) -> Iterator[list[Block]]:
    """Of each part, some node ids, the rows of its cases. Raises RunFileError for what is no moment in the run."""
    saved = figures_of(run, path=run_id, host=host, summaries=summaries)
    looked_at, passed_over = _apart(saved.fields)
    shared = {
        "run_id": run_id,
        "created_utc": utc(run.created),
        "run_fields": _text(looked_at),
        "run": _text(msgspec.structs.replace(saved, cases={}, fields=passed_over)),
    }
    for nodeids in parts:
        yield [Block(shared, _cases(saved, nodeids))] if nodeids else []


def _cases(saved: SavedRun, nodeids: Collection[str]) -> dict[str, Sequence[str]]:
    case_fields, figures = [], []
    for nodeid in nodeids:
        case = saved.cases[nodeid]
        looked_at, passed_over = _apart(case.fields)
        case_fields.append(_text(looked_at))
        figures.append(_text(msgspec.structs.replace(case, fields=passed_over)))
    return {"nodeid": list(nodeids), "case_fields": case_fields, "figures": figures}


def measured_cases(rows: Iterable[KeptRow]) -> list[Measured]:
    """The cases of the rows that have figures, those of the oldest run first."""
    runs: dict[str, tuple[SavedRun, float]] = {}
    by_run: dict[str, list[Measured]] = {}
    for run_id, _, run_fields, run_text, case_fields, figures in rows:
        if run_id not in runs:
            run = _RUN.decode(run_text)
            runs[run_id] = run, moment(run.created)
            by_run[run_id] = []
        run, run_moment_seconds = runs[run_id]
        case = _CASE.decode(figures)
        if case.figures:
            fields = _fields(run, run_fields, case, case_fields)
            by_run[run_id].append(Measured(run, case, fields, run_moment_seconds, moment(case.occasion)))
    oldest_first = sorted(by_run, key=lambda run_id: runs[run_id][0].created)
    return [measured for run_id in oldest_first for measured in by_run[run_id]]


def _fields(run: SavedRun, run_fields: str, case: CaseFigures, case_fields: str) -> ComparedFields:
    """What comparing looks at of a case, one object for all that share it: most cases do with thousands of runs."""
    # What another release passed over as it wrote the row, and this one does not.
    is_divided_otherwise = _is_looked_at(run.fields) or _is_looked_at(case.fields)
    if not (case.machine or is_divided_otherwise):
        return _shared(run_fields, case_fields)
    of_run = run.machines[case.machine] if case.machine else {**fields_of(run_fields), **run.fields}
    return together(look_at(of_run), look_at({**fields_of(case_fields), **case.fields}))


def _is_looked_at(passed_over: Mapping[str, Scalar]) -> bool:
    return bool(names_of(tuple(passed_over))[0])


@lru_cache(maxsize=1024)
def _shared(run_fields: str, case_fields: str) -> ComparedFields:
    return together(look_at(fields_of(run_fields)), look_at(fields_of(case_fields)))


def saved_runs(rows: Iterable[KeptRow]) -> tuple[SavedRun, ...]:
    """The runs of the rows, each with the cases that it has there, the oldest first."""
    runs: dict[str, SavedRun] = {}
    cases: dict[str, dict[str, CaseFigures]] = {}
    for run_id, nodeid, run_fields, run_text, case_fields, figures in rows:
        if run_id not in runs:
            run = _RUN.decode(run_text)
            runs[run_id] = msgspec.structs.replace(run, fields={**fields_of(run_fields), **run.fields})
            cases[run_id] = {}
        case = _CASE.decode(figures)
        fields = {**fields_of(case_fields), **case.fields}
        cases[run_id][nodeid] = msgspec.structs.replace(case, fields=fields)
    whole = (msgspec.structs.replace(run, cases=cases[run_id]) for run_id, run in runs.items())
    return tuple(sorted(whole, key=lambda run: run.created))


@lru_cache(maxsize=1024)
def fields_of(text: str) -> Fields:
    """Whoever gets them changes none."""
    return msgspec.json.decode(text, type=Fields)


class _Machines(msgspec.Struct):
    machines: dict[str, Fields] = {}


def machines_of(run: str) -> tuple[Fields, ...]:
    """The other machines of a run as the table has it, with the fields of the session."""
    return tuple(msgspec.json.decode(run, type=_Machines).machines.values())


def _apart(fields: Mapping[str, Scalar]) -> tuple[Fields, Fields]:
    """What comparing looks at, and what it passes over."""
    looked_at = dict.fromkeys(names_of(tuple(fields))[0])
    return {name: fields[name] for name in looked_at}, {
        name: value for name, value in fields.items() if name not in looked_at
    }


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
