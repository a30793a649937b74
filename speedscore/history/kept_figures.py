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

from speedscore.comparing.fields import rule_of
from speedscore.comparing.saved_figures import figures_of
from speedscore.comparing.saved_run import CaseFigures, SavedRun
from speedscore.history.rows import Block
from speedscore.history.tables import Column, Table
from speedscore.host.fields import Scalar
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


ORDER = "nodeid"
"""What rows of a file stand in the order of, in row groups of ``ROW_GROUP_ROWS``: whoever asks for a case passes over
most of the others."""
ROW_GROUP_ROWS = 1 << 10
SHARED = ("run_fields", "run", "case_fields")
"""Columns whose values several rows have in common, in memory too: of ``run`` the cases of one run."""


def figure_blocks(run: RunRecord, run_id: str, parts: Iterable[Collection[str]]) -> Iterator[list[Block]]:
    """Of each part, some node ids, the rows of its cases. Raises RunFileError for what is no moment in the run."""
    saved = figures_of(run, path=run_id)
    compared, passed_over = _apart(saved.fields)
    shared = {
        "run_id": run_id,
        "created_utc": utc(run.created),
        "run_fields": _text(compared),
        "run": _text(msgspec.structs.replace(saved, cases={}, fields=passed_over)),
    }
    for nodeids in parts:
        yield [Block(shared, _cases(saved, nodeids))] if nodeids else []


def _cases(saved: SavedRun, nodeids: Collection[str]) -> dict[str, Sequence[str]]:
    case_fields, figures = [], []
    for nodeid in nodeids:
        case = saved.cases[nodeid]
        compared, passed_over = _apart(case.fields)
        case_fields.append(_text(compared))
        figures.append(_text(msgspec.structs.replace(case, fields=passed_over)))
    return {"nodeid": list(nodeids), "case_fields": case_fields, "figures": figures}


def saved_runs(rows: Iterable[Mapping[str, str]]) -> tuple[SavedRun, ...]:
    """The runs of rows of the table, each with the cases that it has there, the oldest first."""
    runs: dict[str, SavedRun] = {}
    cases: dict[str, dict[str, CaseFigures]] = {}
    for row in rows:
        run_id = row["run_id"]
        if run_id not in runs:
            run = msgspec.json.decode(row["run"], type=SavedRun)
            runs[run_id] = msgspec.structs.replace(run, fields={**fields_of(row["run_fields"]), **run.fields})
            cases[run_id] = {}
        case = msgspec.json.decode(row["figures"], type=CaseFigures)
        fields = {**fields_of(row["case_fields"]), **case.fields}
        cases[run_id][row["nodeid"]] = msgspec.structs.replace(case, fields=fields)
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
    compared: Fields = {}
    passed_over: Fields = {}
    for name, value in fields.items():
        (passed_over if rule_of(name).action == "ignore" else compared)[name] = value
    return compared, passed_over


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
