"""The tables and their columns, for a terminal and as the page of the documentation.

``python -m speedscore.history.figures.tables_page > docs/tables.md`` writes the page.
"""

from __future__ import annotations

from speedscore.history.figures.tables import TABLES
from speedscore.text.columns import columns_or_records
from speedscore.text.markdown import code, markdown_table
from speedscore.text.wrapping import wrapped

_HEADERS = ("column", "type", "meaning")
_INTRODUCTION = """# The tables of `speedscore sql`

<!-- made by: python -m speedscore.history.figures.tables_page > docs/tables.md -->

Saved runs and a history are asked through these tables ([how](other-tools.md#sql)). Every table begins with
`machine_id`, `month` and `run_id`; `nodeid` and `run_id` together name a case. Times of day are in UTC.
"""


def page() -> str:
    """Markdown."""
    sections = []
    for table in TABLES.values():
        rows = [(code(column.name), code(column.type), column.description) for column in table.all_columns]
        lines = [f"## {table.name}", "", f"One row: {table.description}.", "", *markdown_table(rows, headers=_HEADERS)]
        sections.append("\n".join(lines))
    return "\n\n".join([_INTRODUCTION.rstrip(), *sections]) + "\n"


def screen(*, width: int) -> str:
    """For a terminal of that many columns."""
    lines: list[str] = []
    for table in TABLES.values():
        rows = [(column.name, column.type, column.description) for column in table.all_columns]
        lines += [*wrapped(f"{table.name}: {table.description}", width=width), ""]
        lines += [*columns_or_records(rows, headers=_HEADERS, right=[False] * 3, width=width), ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
