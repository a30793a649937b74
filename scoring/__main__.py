"""``python -m scoring card``: score saved runs and dated facts without pytest, and print the cards.

Whatever is wrong with the input gets one line on standard error and exit code 2. Nothing is measured and no file is
written.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from bench_suite.record import RunFileError, load_run
from scoring.cards import FORMATS, WIDTH
from scoring.evidence import EvidenceError, NamedRun, gather
from scoring.facts import FactError, fixtures_folder, load_snapshots
from scoring.rubric import RubricError, load_rubric
from scoring.scores import build_report


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, or 2 for input that cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        text = card(
            options.framework,
            runs=options.run,
            snapshot=options.snapshot,
            form=options.format,
            width=options.width,
        )
    except (FactError, RubricError, EvidenceError, RunFileError) as error:
        print(f"python -m scoring: {error}", file=sys.stderr)
        return 2
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal without UTF-8 shows a question mark for "×" rather than a traceback.
        sys.stdout.reconfigure(errors="replace")
    try:
        print(text, end="", flush=True)
    except OSError as error:
        # Nothing more can be written there; without this Python would try again on its way out, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"python -m scoring: the card could not be written: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def card(frameworks: list[str], *, runs: list[Path], snapshot: str | None, form: str, width: int) -> str:
    """The cards of ``frameworks`` (default: every framework that has a snapshot) as text.

    Raises FactError, RubricError, EvidenceError and RunFileError.
    """
    rubric = load_rubric()
    snapshots = load_snapshots(fixtures_folder() / "ecosystem", keys=rubric.facts)
    evidence = gather(
        snapshots,
        month=snapshot,
        runs=[NamedRun(name=str(path), record=load_run(path)) for path in dict.fromkeys(runs)],
        kind_order=rubric.policy.kind_order,
    )
    layers = {snapshot.framework for snapshot in snapshots if snapshot.role == "layer"}
    known = sorted(set(evidence.names) | {run for device in evidence.measured for run in evidence.ecosystems(device)})
    for framework in frameworks:
        if framework not in known:
            raise EvidenceError(
                f"unknown framework {framework!r} in snapshot {evidence.snapshot}; there are {', '.join(known)}"
            )
    chosen = list(dict.fromkeys(frameworks)) or [framework for framework in known if framework not in layers]
    return FORMATS[form](build_report(rubric, evidence, frameworks=chosen), width=width)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m scoring", description="Score frameworks from saved runs and dated facts.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    cards = commands.add_parser("card", help="print score cards")
    cards.add_argument("framework", nargs="*", metavar="FRAMEWORK", help="by fixture folder, as in jax; default: all")
    cards.add_argument(
        "--run", nargs="+", action="extend", type=Path, default=[], metavar="RUN.json", help="saved runs"
    )
    cards.add_argument("--snapshot", metavar="YYYY-MM", help="facts known by then; default: the newest snapshot")
    cards.add_argument("--format", choices=tuple(FORMATS), default="terminal")
    cards.add_argument("--width", type=int, default=WIDTH, metavar="CHARACTERS", help="of the terminal card")
    return parser


if __name__ == "__main__":
    sys.exit(main())
