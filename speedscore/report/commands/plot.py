"""Draw the figures of the report as SVG and PNG, for a paper or a slide. Nothing is measured."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from speedscore.host.files import write_file
from speedscore.report.blocks import Figure, Report
from speedscore.report.commands import arguments
from speedscore.report.content import make_content
from speedscore.report.site import is_folder
from speedscore.report.writing import ReportError, check_extra
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, write
from speedscore.text.plain import plain
from speedscore.text.suggestions import did_you_mean

EXAMPLES = examples(
    f"{COMMAND} plot RUN.json --list",
    f"{COMMAND} plot RUN.json -o figures/",
    f"{COMMAND} plot RUN.json --figure rounds-cpu-training-mlp -o rounds.svg --width 3.5",
)
ERRORS = arguments.ERRORS
_SUFFIXES = (".svg", ".png")
_LEAST_INCHES, _MOST_INCHES = 2.5, 40.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_given(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where each figure is written as .svg and .png by its id; or FILE.svg or FILE.png for one",
    )
    what.add_argument("--list", action="store_true", help="print the id and title of each figure, and draw none")
    parser.add_argument("--figure", action="append", default=[], metavar="ID", help="this figure; may be given again")
    parser.add_argument(
        "--width",
        type=_inches,
        default=7.0,
        metavar="INCHES",
        help="as 3.5 for a column or 7 for a page (default: %(default)g)",
    )
    arguments.add_judging(parser)


def run(options: argparse.Namespace) -> int:
    """Draw them, and return 0 once their names are printed."""
    check_extra()
    report = _assemble(options)
    figures = _choose(report, options.figure)
    if options.list:
        return write("".join(f"{figure.id}  {figure.title}\n" for figure in figures), what="list of figures")
    paths = _paths(figures, options.output)
    for figure in figures:
        _draw(figure, report.series, paths[figure.id], width_inches=options.width)
    return write("".join(f"{path}\n" for each in paths.values() for path in each), what="names of the pictures")


def _inches(text: str) -> float:
    try:
        width = float(text)
    except ValueError:
        width = 0.0
    if not _LEAST_INCHES <= width <= _MOST_INCHES:
        raise argparse.ArgumentTypeError(f"expected inches from {_LEAST_INCHES:g} to {_MOST_INCHES:g}, found {text!r}")
    return width


def _assemble(options: argparse.Namespace) -> Report:
    # What draws is imported when it is known to be there.
    from speedscore.report.assembling import assemble

    return plain(assemble(make_content(*arguments.read(options))))


def _choose(report: Report, wanted: Sequence[str]) -> list[Figure]:
    """The figures that were named, in the report's order; all where none was. Raises ReportError for another name."""
    figures = [block for view in report.views for block in view.blocks if isinstance(block, Figure)]
    ids = [figure.id for figure in figures]
    for name in wanted:
        if name not in ids:
            raise ReportError(
                f"no figure {name!r} in these runs{did_you_mean(name, ids)}; --list prints all {len(ids)}"
            )
    return [figure for figure in figures if not wanted or figure.id in wanted]


def _paths(figures: Sequence[Figure], output: Path) -> dict[str, tuple[Path, ...]]:
    """By figure the files that it is written to. Raises ReportError for a file that is no picture, and where one was
    named for several figures."""
    if is_folder(output):
        return {figure.id: tuple(output / f"{figure.id}{suffix}" for suffix in _SUFFIXES) for figure in figures}
    if output.suffix.lower() not in _SUFFIXES:
        raise ReportError(f"{output}: expected a name that ends in .svg or .png, or a folder")
    if len(figures) != 1:
        raise ReportError(f"{output}: one file for {len(figures)} figures; name one with --figure, or a folder")
    return {figures[0].id: (output,)}


def _draw(figure: Figure, series: Sequence[str], paths: Sequence[Path], *, width_inches: float) -> None:
    from speedscore.report.charts.picture import png, specification, svg

    spec = specification(figure, series, width_inches=width_inches)
    for path in paths:
        is_svg = path.suffix.lower() == ".svg"
        picture = svg(spec, title=figure.title, description=figure.lead) if is_svg else png(spec)
        try:
            write_file(path, picture)
        except OSError as error:
            raise ReportError(f"{path}: not written ({error.strerror}); name a file that can be") from error
