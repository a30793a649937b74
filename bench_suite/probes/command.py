"""Print what the probes of a saved run came to: the summary, and the tables of each family. Nothing is asked."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.summary import missing_lines, summary_table
from speedscore.bench_suite.probes.table import Table, markdown_lines, terminal_lines
from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_file import RunFileError, load_run
from speedscore.text.arguments import examples
from speedscore.text.markdown import escaped
from speedscore.text.output import COMMAND, write

EXAMPLES = examples(
    f"{COMMAND} probes run.json",
    f"{COMMAND} probes run.json --family export --format markdown",
)
ERRORS = (RunFileError,)
_MOST_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="a saved run, a .json file")
    parser.add_argument(
        "--family",
        choices=tuple(FAMILIES),
        metavar="NAME",
        help=f"only this one (default: the summary and all tables): {', '.join(FAMILIES)}",
    )
    parser.add_argument("--format", choices=("text", "markdown"), default="text")


def run(options: argparse.Namespace) -> int:
    """Print the tables, and return 0, or 2 where they could not be written. Raises RunFileError."""
    probes = load_run(options.run).probes
    if not probes:
        raise RunFileError(f"{options.run}: holds no probes; ask them with pytest bench_suite -m speedscore_probe")
    width = min(shutil.get_terminal_size().columns, _MOST_WIDTH)
    lines = [] if options.family else _summary(probes, options.format, width=width)
    for name in [options.family] if options.family else FAMILIES:
        for table in FAMILIES[name].make_tables(probes):
            lines += _render(options.format, width=width)(table)
    return write("\n".join(lines).rstrip() + "\n", what="tables")


def _summary(probes: Sequence[ProbeResult], form: str, *, width: int) -> list[str]:
    table = summary_table(probes)
    lines = _render(form, width=width)(table) if table.rows else []
    missing = missing_lines(probes, width=width)
    return [*lines, *(missing if form == "text" else map(escaped, missing)), ""]


def _render(form: str, *, width: int) -> Callable[[Table], list[str]]:
    return markdown_lines if form == "markdown" else lambda table: terminal_lines(table, width=width)
