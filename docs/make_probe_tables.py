"""Puts the measured tables into the pages about probes: ``python docs/make_probe_tables.py``.

Whatever stands in a page between ``<!-- tables of FAMILY -->`` and ``<!-- end of tables -->`` is made from the saved
runs beside the other examples, by the families' own tables. It measures nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.mistakes.history import compare, history_table, list_changes
from speedscore.bench_suite.probes.mistakes.rules import load_rules
from speedscore.bench_suite.probes.summary import summary_table
from speedscore.bench_suite.probes.table import markdown_lines
from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_file import load_run
from speedscore.text.markdown import markdown_table

DOCS = Path(__file__).parent
RUNS = tuple(
    DOCS.parent / "fixtures" / "runs" / name
    for name in (
        "2026-11-26-probes.json",
        "2026-11-26-probes-tensorflow.json",
        "2026-11-26-capabilities.json",
        "2026-11-27-probes-browser.json",
        "2026-11-28-probes-concepts.json",
    )
)
_PLACE = re.compile(r"(<!-- tables of (\w+) -->\n).*?(<!-- end of tables -->)", re.DOTALL)
SUMMARY = "all"
"""In place of a family's name: the summary's table."""
HISTORY = "history"
"""In place of a family's name: what the judge of mistakes makes of messages of older releases, which no run holds."""


def with_tables(page: str, probes: Sequence[ProbeResult]) -> str:
    """The page with its tables made anew. Raises KeyError for a family that there is not."""

    def fill(place: re.Match[str]) -> str:
        lines = _history() if place[2] == HISTORY else _tables(place[2], probes)
        return f"{place[1]}{chr(10).join(lines)}\n{place[3]}"

    return _PLACE.sub(fill, page)


def _tables(family: str, probes: Sequence[ProbeResult]) -> list[str]:
    tables = [summary_table(probes)] if family == SUMMARY else FAMILIES[family].make_tables(probes)
    return [line for table in tables for line in ("", *markdown_lines(table))]


def _history() -> list[str]:
    headers, rows = history_table(compare(name, load_rules()) for name in list_changes())
    return ["", *markdown_table(rows, headers=headers), ""]


def saved_probes() -> tuple[ProbeResult, ...]:
    """Those of all the runs; of several that asked the same the last answers."""
    return tuple({probe.nodeid: probe for run in RUNS for probe in load_run(run).probes}.values())


def main() -> None:
    probes = saved_probes()
    for path in sorted(DOCS.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (made := with_tables(page, probes)) != page:
            path.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
