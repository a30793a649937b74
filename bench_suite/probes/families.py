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
        "mistake",
        title="what is said of a mistake",
        cases=f"{_ROOM}.mistakes.corpus:list_cases",
        ask=f"{_ROOM}.mistakes.asking:ask",
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
