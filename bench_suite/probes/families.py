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
    ),
    Family(
        "mistake",
        title="what is said of a mistake",
        short="mistakes",
        cases=f"{_ROOM}.mistakes.corpus:list_cases",
        ask=f"{_ROOM}.mistakes.asking:ask",
        tables=f"{_ROOM}.mistakes.table:make_tables",
        outcomes=(
            "harmless",
            "an error at once",
            "an error late",
            "a warning",
            "a crash or hang",
            "a wrong number in silence",
        ),
    ),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _TABLE}
