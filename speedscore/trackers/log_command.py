"""Log saved runs to an experiment tracker, under the same names in each. A run that is there is not logged again."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from typing import cast

from speedscore.comparing.finding_runs import STORAGE
from speedscore.comparing.reading_runs import left_out_lines, read_run_files
from speedscore.host.extras import MissingExtraError
from speedscore.record.run_file import RunFileError
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, complain, write
from speedscore.trackers.errors import TrackerError
from speedscore.trackers.logged_run import LoggedRun, logged_run
from speedscore.trackers.outcome import Outcome

EXAMPLES = examples(
    f"{COMMAND} log run.json --to tensorboard --folder runs/",
    f"{COMMAND} log .benchmarks --to mlflow --folder http://localhost:5000",
    f"{COMMAND} log run.json --to wandb",
)
ERRORS = (RunFileError, TrackerError, MissingExtraError)

Log = Callable[[LoggedRun, str | None], Outcome]
TRACKERS = {
    "mlflow": "speedscore.trackers.mlflow",
    "tensorboard": "speedscore.trackers.tensorboard",
    "wandb": "speedscore.trackers.wandb",
}
"""Tracker → the module whose ``log`` logs one run to it. Adding a tracker: the module, and a line here."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", nargs="*", metavar="RUN", help=f"saved runs, folders or globs of them (default: {STORAGE})"
    )
    parser.add_argument("--to", choices=tuple(TRACKERS), required=True, help="the tracker")
    parser.add_argument(
        "--folder",
        metavar="PLACE",
        help="a folder, or MLflow's tracking URI (default: what the tracker's variables say)",
    )


def run(options: argparse.Namespace) -> int:
    """Log, say where each run is, and return 0, or 2 where that could not be written. Raises what ``ERRORS`` lists."""
    found = read_run_files(options.runs or [str(STORAGE)])
    for line in left_out_lines(found.left_out):
        complain(line)
    log = cast(Log, importlib.import_module(TRACKERS[options.to]).log)
    codes = [0]
    for file in found.files:
        outcome = log(logged_run(file), options.folder)
        # Each at once: the next may fail, and this one is logged all the same.
        line = f"{file.path}: {'logged to' if outcome.is_new else 'there already:'} {outcome.place}\n"
        codes.append(write(line, what="answer"))
    return max(codes)
