"""pytest-benchmark's own JSON, without our block: as much of it as can be compared.

Each such file was made by one process, so a benchmark is one number, its median. What must agree (machine, interpreter,
clock, garbage collector) is told as fields, under the names that our own runs use; a test's parameters are its shape,
since two tests of one id may measure different things. It compares nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from speedscore.comparing.saved_run import TIME, CaseFigures, Figure, SavedRun
from speedscore.host.fields import Scalar
from speedscore.host.files import read_file
from speedscore.record.metrics import METRICS, Metric, Unit
from speedscore.record.run_file import RunFileError, host_of
from speedscore.text.cleaning import one_line
from speedscore.verdicts.counts import better_of

_TIME = Metric(TIME, unit="s", better="lower", title="seconds a round, as pytest-benchmark saves them")
_COUNTS_KEY = "speedscore_counts"
_HIGHER_KEY = "speedscore_higher_is_better"
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")


class _Stats(msgspec.Struct, frozen=True):
    median: float | None


class _Benchmark(msgspec.Struct, frozen=True):
    fullname: str
    stats: _Stats
    group: Any = None
    params: dict[str, Any] | None = None
    options: dict[str, Any] = {}
    extra_info: dict[str, Any] = {}


class _Plain(msgspec.Struct, frozen=True):
    """The median is there with and without the rounds."""

    benchmarks: tuple[_Benchmark, ...]
    datetime: str
    machine_info: dict[str, Any] = {}
    commit_info: dict[str, Any] | None = {}


def load_plain(path: Path) -> SavedRun:
    """Read one file. Raises RunFileError naming it and what is wrong with it."""
    try:
        # Not msgspec's own reader: pytest-benchmark writes NaN and Infinity, which are no JSON.
        plain = msgspec.convert(json.loads(read_file(path)), type=_Plain)
    except (OSError, ValueError, RecursionError) as error:
        raise RunFileError(f"{path}: not a run that pytest-benchmark saved: {error}") from error
    host = host_of(plain.machine_info)
    cases = (_of_benchmark(each, occasion=plain.datetime, host=host) for each in plain.benchmarks)
    return SavedRun(
        path=str(path),
        created=plain.datetime,
        fields=_fields(plain.machine_info, plain.commit_info or {}),
        cases={case.case: case for case in cases},
    )


def _of_benchmark(benchmark: _Benchmark, *, occasion: str, host: str) -> CaseFigures:
    case = CaseFigures(
        case=one_line(benchmark.fullname),
        occasion=occasion,
        host=host,
        group="" if benchmark.group is None else str(benchmark.group),
        shape={name: _comparable(value) for name, value in (benchmark.params or {}).items()},
        fields={
            f"benchmark.{name}": _comparable(benchmark.options[name])
            for name in ("timer", "disable_gc", "warmup")
            if name in benchmark.options
        },
    )
    median = benchmark.stats.median
    if median is None or not 0 <= median < math.inf:
        return msgspec.structs.replace(case, reason=f"its median is {median}")
    time = Figure(_TIME.unit, _TIME.better, (median,))
    return msgspec.structs.replace(case, figures={TIME: time, **_counts(benchmark.extra_info)})


def _counts(extra_info: Mapping[str, Any]) -> dict[str, Figure]:
    counts, higher = extra_info.get(_COUNTS_KEY), extra_info.get(_HIGHER_KEY)
    higher_is_better = higher if isinstance(higher, list) else ()
    return {
        _count_name(name): Figure(
            _unit_of(name),
            "higher" if name in higher_is_better else better_of(name),
            (_number(value),),
            is_counted=True,
        )
        for name, value in (counts.items() if isinstance(counts, dict) else ())
    }


def _unit_of(name: str) -> Unit:
    return METRICS[name].unit if name in METRICS else "count"


def _count_name(name: str) -> str:
    """What the count is called among the figures, of which one is the time."""
    shown = one_line(name)
    return f"counted {shown}" if shown == TIME else shown


def _number(value: Any) -> float:
    """What is no number is not a number: whoever compares it says so."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _comparable(value: Any) -> Scalar:
    """Lists and tables as text; the address of an object is another in each process and says nothing.

    So is NaN, which as a number equals nothing, itself included.
    """
    if isinstance(value, float) and math.isnan(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return _ADDRESS.sub("0x…", value if isinstance(value, str) else json.dumps(value, sort_keys=True))


def _fields(machine: Mapping[str, Any], commit: Mapping[str, Any]) -> dict[str, Scalar]:
    """What the file tells of its machine, under the names that our own fields have."""
    processor = machine.get("cpu")
    processor = processor if isinstance(processor, dict) else {}
    fields = {
        "cpu.model": processor.get("brand_raw") or processor.get("brand"),
        "cpu.logical": processor.get("count"),
        "system.name": machine.get("system"),
        "system.release": machine.get("release"),
        "system.machine": machine.get("machine"),
        "python.version": machine.get("python_version"),
        "python.implementation": machine.get("python_implementation"),
        "python.compiler": machine.get("python_compiler"),
        "git.commit": commit.get("id"),
        "git.dirty": commit.get("dirty"),
    }
    return {name: value for name, value in fields.items() if isinstance(value, str | int | float)}
