"""The families of probes there are. Adding one: a folder here with its cases and its question, a line below, and a test
``test_<name>`` in the file of ``bench_suite`` that it belongs to. It imports none of them.
"""

from __future__ import annotations

from speedscore.bench_suite.probes.probe import Family

_ROOM = "speedscore.bench_suite.probes"

_TABLE = (
    Family(
        "export",
        title="does a model leave its framework, and is it still right",
        short="export",
        cases=f"{_ROOM}.export.targets:list_cases",
        ask=f"{_ROOM}.export.ask:ask",
        outcomes=("passed", "no route", "not converted", "does not run", "crashed", "wrong numbers"),
        control="export_control",
    ),
    Family(
        "export_control",
        title="does the probe of exports tell right from wrong",
        short="export control",
        cases=f"{_ROOM}.export.targets:list_control_cases",
        ask=f"{_ROOM}.export.ask:ask_control",
        outcomes=("held", "broke"),
        is_control=True,
    ),
    Family(
        "import",
        title="what importing costs",
        short="import",
        cases=f"{_ROOM}.production.import_cost:list_cases",
        ask=f"{_ROOM}.production.import_cost:ask",
        outcomes=("imported",),
        figure="import_seconds",
        tables=f"{_ROOM}.production.tables:import_tables",
    ),
    Family(
        "install",
        title="what installing brings",
        short="install",
        cases=f"{_ROOM}.production.installed_size:list_cases",
        ask=f"{_ROOM}.production.installed_size:ask",
        outcomes=("complete", "conflicting", "incomplete"),
        figure="install_bytes",
        tables=f"{_ROOM}.production.tables:install_tables",
    ),
    Family(
        "checkpoint",
        title="a checkpoint saved in one process and restored in another",
        short="checkpoint",
        cases=f"{_ROOM}.production.checkpoint:list_cases",
        ask=f"{_ROOM}.production.checkpoint:ask",
        outcomes=("equal", "differs", "not restored", "not saved"),
        tables=f"{_ROOM}.production.tables:checkpoint_tables",
    ),
    Family(
        "reproducible",
        title="the same seed twice",
        short="reproducible",
        cases=f"{_ROOM}.production.reproducible:list_cases",
        ask=f"{_ROOM}.production.reproducible:ask",
        outcomes=("equal", "differs across processes", "differs in one process"),
        tables=f"{_ROOM}.production.tables:reproducible_tables",
    ),
    Family(
        "nan",
        title="a NaN in the loss, and the switch that looks for it",
        short="NaN",
        cases=f"{_ROOM}.production.nan:list_cases",
        ask=f"{_ROOM}.production.nan:ask",
        outcomes=("names the line", "names the operation", "found", "not found", "refused"),
        tables=f"{_ROOM}.production.tables:nan_tables",
    ),
    Family(
        "trace",
        title="a trace of one step, and the source lines in it",
        short="trace",
        cases=f"{_ROOM}.production.trace:list_cases",
        ask=f"{_ROOM}.production.trace:ask",
        outcomes=("lines in the trace", "lines with the program", "no lines", "no operations", "no trace"),
        tables=f"{_ROOM}.production.tables:trace_tables",
    ),
    Family(
        "debugger",
        title="a print and a breakpoint in compiled code",
        short="debugger",
        cases=f"{_ROOM}.production.debugger:list_cases",
        ask=f"{_ROOM}.production.debugger:ask",
        outcomes=("value", "value, graph breaks", "no value", "not reached", "refused"),
        tables=f"{_ROOM}.production.tables:debugger_tables",
    ),
    Family(
        "deprecations",
        title="warnings of deprecation that the suite's own models raise",
        short="deprecations",
        cases=f"{_ROOM}.production.deprecations:list_cases",
        ask=f"{_ROOM}.production.deprecations:ask",
        outcomes=("none", "inside the framework", "in the models"),
        tables=f"{_ROOM}.production.tables:deprecations_tables",
        limit_seconds=300.0,
    ),
    Family(
        "survival",
        title="what was made under an older release, under the newest",
        short="survival",
        cases=f"{_ROOM}.production.survival:list_cases",
        ask=f"{_ROOM}.production.survival:ask",
        outcomes=("equal", "agrees", "differs", "refused", "not made"),
        tables=f"{_ROOM}.production.tables:survival_tables",
    ),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _TABLE}
