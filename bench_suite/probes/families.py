"""The families of probes there are. Adding one: a folder here with its cases and its question, a line below, and a test
``test_<name>`` in the file of ``bench_suite`` that it belongs to. It imports none of them.
"""

from __future__ import annotations

from speedscore.bench_suite.probes.probe import Family

_ROOM = "speedscore.bench_suite.probes"

_TABLE = (
    Family(
        "import",
        title="what importing costs",
        cases=f"{_ROOM}.production.import_cost:list_cases",
        ask=f"{_ROOM}.production.import_cost:ask",
        outcomes=("imported",),
    ),
    Family(
        "install",
        title="what installing brings",
        cases=f"{_ROOM}.production.installed_size:list_cases",
        ask=f"{_ROOM}.production.installed_size:ask",
        outcomes=("complete", "conflicting", "incomplete"),
    ),
    Family(
        "checkpoint",
        title="a checkpoint saved in one process and restored in another",
        cases=f"{_ROOM}.production.checkpoint:list_cases",
        ask=f"{_ROOM}.production.checkpoint:ask",
        outcomes=("equal", "differs", "not restored", "not saved"),
    ),
    Family(
        "reproducible",
        title="the same seed twice",
        cases=f"{_ROOM}.production.reproducible:list_cases",
        ask=f"{_ROOM}.production.reproducible:ask",
        outcomes=("equal", "differs across processes", "differs in one process"),
    ),
    Family(
        "nan",
        title="a NaN in the loss, and the switch that looks for it",
        cases=f"{_ROOM}.production.nan:list_cases",
        ask=f"{_ROOM}.production.nan:ask",
        outcomes=("names the line", "names the operation", "found", "not found", "refused"),
    ),
    Family(
        "trace",
        title="a trace of one step, and the source lines in it",
        cases=f"{_ROOM}.production.trace:list_cases",
        ask=f"{_ROOM}.production.trace:ask",
        outcomes=("lines in the trace", "lines with the program", "no lines", "no operations", "no trace"),
    ),
    Family(
        "debugger",
        title="a print and a breakpoint in compiled code",
        cases=f"{_ROOM}.production.debugger:list_cases",
        ask=f"{_ROOM}.production.debugger:ask",
        outcomes=("value", "value, graph breaks", "no value", "not reached", "refused"),
    ),
    Family(
        "deprecations",
        title="warnings of deprecation that the suite's own models raise",
        cases=f"{_ROOM}.production.deprecations:list_cases",
        ask=f"{_ROOM}.production.deprecations:ask",
        outcomes=("none", "inside the framework", "in the models"),
        limit_seconds=300.0,
    ),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _TABLE}
