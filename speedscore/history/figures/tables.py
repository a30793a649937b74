"""The tables that saved runs are asked through: each column with its type and what it means, known here and once.

The Parquet files, the views that SQL sees, ``speedscore sql --tables`` and the page of the documentation all follow
from it; ``rows`` fills it. Adding a column: a line here and one in ``rows``. Nothing is read or computed here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ColumnType = Literal["VARCHAR", "BOOLEAN", "BIGINT", "DOUBLE", "TIMESTAMP", "DOUBLE[]", "MAP(VARCHAR, VARCHAR)"]
"""As DuckDB writes it."""


class Column(msgspec.Struct, frozen=True):
    name: str
    """Of a number it says the unit, or that it is one of a count, unless a column beside it does."""
    type: ColumnType
    description: str


class Table(msgspec.Struct, frozen=True):
    name: str
    description: str
    """What one row is."""
    columns: tuple[Column, ...]
    """As they stand in a file: after those of ``PARTITION``, and ``run_id`` first."""

    @property
    def all_columns(self) -> tuple[Column, ...]:
        return (*PARTITION, *self.columns)


def _text(name: str, description: str) -> Column:
    return Column(name, "VARCHAR", description)


def _count(name: str, description: str) -> Column:
    return Column(name, "BIGINT", description)


def _number(name: str, description: str) -> Column:
    return Column(name, "DOUBLE", description)


def _truth(name: str, description: str) -> Column:
    return Column(name, "BOOLEAN", description)


def _map(name: str, description: str) -> Column:
    return Column(name, "MAP(VARCHAR, VARCHAR)", description)


PARTITION = (
    _text("machine_id", "the machine that it was measured on: what shares it can be compared"),
    _text("month", "of the run, in UTC, as in 2026-11"),
)
"""What every table begins with. In a history these are names of folders, as Hive writes them, and not in the files."""

_RUN_ID = _text("run_id", "the run: the same in every file that holds it")

_OCCASION = Column(
    "occasion_utc",
    "TIMESTAMP",
    "when the session began in which it was measured; a case that was carried into a later run has the same in both",
)
_CASE = (
    _RUN_ID,
    _text("nodeid", "pytest's node id"),
    _text("framework", "as in jax or torch-compile"),
    _text("model", "as in gpt"),
    _text("device", "cpu, gpu or tpu"),
    _text("phase", "training, inference, throughput, compilation or warm_compilation"),
    _text("precision", "float32, tf32 or bfloat16"),
)

_RUNS = Table(
    "runs",
    "a saved session",
    (
        _RUN_ID,
        Column("created_utc", "TIMESTAMP", "when the session began"),
        _text("preset", "smoke, small or full: how much work a case is"),
        _count("seed", "of the order in which the workers took turns"),
        _truth("in_process", "whether frameworks ran inside pytest; such figures rank nothing"),
        _text("processor", "by its maker's name"),
        _text("python_version", "of pytest's side"),
        _text("git_commit", "of the checkout"),
        _truth("git_dirty", "whether something in it was in no commit"),
        _count("measured_cases", "number of cases with figures"),
        _count("failed_cases", "number of cases that failed"),
        _count("skipped_cases", "number of cases that could not be measured there"),
        _map("environment", "every field of the machine, as in environment['package.jax']"),
    ),
)
_MACHINES = Table(
    "machines",
    "a machine of a run: its own, and of a run over a fleet each other one",
    (
        _RUN_ID,
        _text("machine", "its name in the run, as in cases; empty for the run's own"),
        _text("processor", "by its maker's name"),
        _text("python_version", "of the side that is not the workers'"),
        _count("measured_cases", "number of cases with figures of it"),
        _map("environment", "every field of it, as in environment['package.jax']"),
    ),
)
_CASES = Table(
    "cases",
    "a case of a run, measured or not",
    (
        *_CASE,
        _text("machine", "its name in a run over a fleet; empty for the run's own"),
        _text("ecosystem", "what the framework is scored as: torch-compile belongs to pytorch"),
        _text("style", "idiomatic, tuned or multi-backend"),
        _text("status", "measured, failed or skipped"),
        _text("reason", "why it failed or was skipped; text from outside"),
        _text("stopped", "why its rounds ended: narrow, budget or interrupted"),
        _OCCASION,
        _text("metric", "of its rounds, as in seconds_per_step"),
        _number("seconds", "its figure: geometric mean over processes of the median of the rounds of each"),
        _count("rounds_count", "number of rounds"),
        _count("processes_count", "number of processes that they were measured in"),
        _count("flops", "model FLOPs of one step or pass; 0 where the case is not about one"),
        _count("steps_per_round", "steps, calls or passes that a round takes the mean of"),
        _text("reference", "what the certificate compares with"),
        _number("worst_error_over_tolerance", "of the certificate: 1 is the limit, 0 is exact"),
        _map("workload", "the model's true shape, as in workload['batch']"),
        _map("program", "what ran, as in program['variant']"),
        _map("worker", "the process that it ran in, as in worker['OMP_NUM_THREADS']"),
    ),
)
_ROUNDS = Table(
    "rounds",
    "a round of a case, in the order in which they were taken",
    (
        *_CASE,
        _OCCASION,
        _text("metric", "what seconds are of"),
        _count("round_index", "from 0, within the case"),
        _number("seconds", "of one step, call, pass or compilation"),
        _count("turn", "of the block: rounds of one turn were neighbours in time"),
        _count("process", "from 0; rounds of one process are not independent"),
    ),
)
_MEASUREMENTS = Table(
    "measurements",
    "a sample of any other metric of a case or a probe: memory, stages of compiling, sizes",
    (
        *_CASE,
        _text("family", "of a probe; NULL for a case, as model and phase are for a probe"),
        _text("metric", "as in peak_rss_running_bytes"),
        _text("unit", "of the value: s, bytes or count"),
        _text("better", "lower or higher"),
        _count("sample_index", "from 0; one a process unless the metric says otherwise"),
        _number("value", "in that unit"),
    ),
)
_RATIOS = Table(
    "ratios",
    "how many times as fast one framework is as another that was measured beside it",
    (
        _RUN_ID,
        _text("phase", "as in cases"),
        _text("model", "as in cases"),
        _text("device", "as in cases"),
        _text("precision", "as in cases"),
        _text("faster", "the faster framework"),
        _text("slower", "the slower one"),
        _number("ratio", "at least 1: geometric mean over processes of the median over neighbouring rounds"),
        _number("ratio_low", "lower limit of its 95 % interval; NULL where there was one process"),
        _number("ratio_high", "upper limit"),
        _count("processes_count", "number of processes that it rests on"),
        _text("machine", "as in cases: both were measured on it"),
    ),
)
_PROBES = Table(
    "probes",
    "a probe of a run: one question put to one framework, and what happened",
    (
        _RUN_ID,
        _text("nodeid", "pytest's node id"),
        _text("family", "which question it is, as in export"),
        _text("framework", "as in cases"),
        _text("ecosystem", "as in cases"),
        _text("device", "as in cases"),
        _text("subject", "a model, a mistake; empty for the framework as a whole"),
        _text("target", "where a model was to go, as in onnx; empty where nothing goes anywhere"),
        _text("status", "answered, failed or skipped"),
        _text("outcome", "a word of the family's own; empty unless it was answered"),
        _text("reason", "the framework's own words, or why it was not answered; text from outside"),
        _OCCASION,
        Column("seconds", "DOUBLE[]", "the times that pytest-benchmark shows of it"),
        _map("observations", "what was seen that is no measurement"),
        _map("versions", "distribution → version, of all that took part"),
    ),
)
_CHECKS = Table(
    "checks",
    "a quantity of a case's certificate, at the tensor that was furthest from its reference",
    (
        *_CASE,
        _text("quantity", "as in loss or gradients"),
        _text("tensor", "the tensor's canonical name; empty for a single number"),
        _number("error", "relative; of the parameter count the absolute difference"),
        _number("tolerance", "the most that passes"),
        _truth("passed", "whether it did"),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table for table in (_RUNS, _MACHINES, _CASES, _ROUNDS, _MEASUREMENTS, _RATIOS, _PROBES, _CHECKS)
}
"""By name, in the order in which they are described."""
