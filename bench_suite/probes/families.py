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
)

FAMILIES: dict[str, Family] = {family.name: family for family in _TABLE}
