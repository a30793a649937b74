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
        tables=f"{_ROOM}.export.tables:export_tables",
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
        "surface",
        title="how much there is to know for a model and its training step",
        short="surface",
        cases=f"{_ROOM}.learning.surface:list_cases",
        ask=f"{_ROOM}.learning.surface:ask",
        outcomes=("counted",),
        tables=f"{_ROOM}.learning.tables:surface_tables",
    ),
    Family(
        "change",
        title="how much of a program changes with what it is to do",
        short="changes",
        cases=f"{_ROOM}.learning.changes:list_cases",
        ask=f"{_ROOM}.learning.changes:ask",
        outcomes=("counted",),
        tables=f"{_ROOM}.learning.tables:change_tables",
    ),
    Family(
        "idioms",
        title="how many of NumPy's idioms run unchanged",
        short="NumPy idioms",
        cases=f"{_ROOM}.learning.idioms:list_cases",
        ask=f"{_ROOM}.learning.idioms:ask",
        outcomes=("counted",),
        figure="idioms_same",
        tables=f"{_ROOM}.learning.tables:idiom_tables",
    ),
    Family(
        "documentation",
        title="how many examples of docstrings run as written",
        short="docs that run",
        cases=f"{_ROOM}.learning.documentation:list_cases",
        ask=f"{_ROOM}.learning.documentation:ask",
        outcomes=("counted",),
        figure="docstrings_ran_as_written",
        tables=f"{_ROOM}.learning.tables:documentation_tables",
        limit_seconds=300.0,
    ),
    Family(
        "first",
        title="from a bare environment to a first gradient",
        short="first gradient",
        cases=f"{_ROOM}.learning.first_success:list_cases",
        ask=f"{_ROOM}.learning.first_success:ask",
        outcomes=("gradient", "wrong gradient", "failed"),
        figure="first_success_seconds",
        tables=f"{_ROOM}.learning.tables:first_tables",
        limit_seconds=300.0,
    ),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _TABLE}
