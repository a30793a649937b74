"""Keep a copy of a run as the baseline, on purpose and never by saving, and say which one it is."""

from __future__ import annotations

import argparse

from speedscore.comparing.baseline import KEPT, describe, promote
from speedscore.comparing.finding_runs import RUN_HELP, find_file
from speedscore.record.run_file import RunFileError
from speedscore.text.arguments import actions_of, examples
from speedscore.text.output import COMMAND, write

_SET, _SHOW = f"{COMMAND} baseline set run.json", f"{COMMAND} baseline show"
EXAMPLES = examples(_SET, _SHOW)
ERRORS = (RunFileError,)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = actions_of(parser)
    setting = add("set", "keep a copy of a run as the baseline; the first becomes the anchor too", _SET)
    setting.set_defaults(act=_set)
    setting.add_argument("run", metavar="RUN", help=RUN_HELP)
    setting.add_argument("--anchor", action="store_true", help="as the anchor, and leave the baseline as it is")
    add("show", "say what baseline and anchor are", _SHOW).set_defaults(act=_show)


def run(options: argparse.Namespace) -> int:
    """Set or show, and return 0, or 2 where the answer could not be written."""
    return int(options.act(options))


def _set(options: argparse.Namespace) -> int:
    names = promote(find_file(options.run), anchor=options.anchor)
    return write("".join(f"{name} set: {KEPT[name]}\n" for name in names), what="answer")


def _show(_: argparse.Namespace) -> int:
    return write(describe(), what="answer")
