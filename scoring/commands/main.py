"""``speedscore``: score saved runs and dated facts without pytest, take a score apart, and look after the facts.

Whatever is wrong with the input gets one line on standard error and exit code 2. Nothing is measured, and only ``facts
collect`` writes a file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from speedscore.record.run_file import RunFileError, load_run
from speedscore.scoring.cards import FORMATS, short, terminal_width
from speedscore.scoring.collecting import command as collecting
from speedscore.scoring.commands import facts as fact_commands
from speedscore.scoring.commands.tracing import trace
from speedscore.scoring.commands.verifying import CardError, verify
from speedscore.scoring.commands.what_if import changes, with_facts
from speedscore.scoring.evidence.evidence import Evidence, EvidenceError, NamedRun, gather
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.facts.snapshots import fixtures_folder, load_snapshots
from speedscore.scoring.rubric.own_policy import apply_policy
from speedscore.scoring.rubric.rubric import Rubric, RubricError, load_rubric
from speedscore.scoring.scores.scores import build_report
from speedscore.scoring.scores.surroundings import Surroundings, earlier_scores
from speedscore.text.output import COMMAND, write


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 2 for input that cannot be used, else the command's."""
    options = _parser().parse_args(arguments)
    try:
        code: int = (options.run if options.command == "facts" else options.run_command)(options)
    except (FactError, RubricError, EvidenceError, RunFileError, CardError) as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 2
    return code


def _card(options: argparse.Namespace) -> int:
    own = apply_policy(load_rubric(), weights=options.weights, policy=options.policy)
    evidence, frameworks = _evidence(own.rubric, options)
    report = build_report(own.rubric, evidence, frameworks=frameworks, departures=own.departures)
    if options.full or options.format != "terminal":
        return write(FORMATS[options.format](report, width=options.width), what="card")
    everybody = build_report(own.rubric, evidence, frameworks=sorted({*frameworks, *_all_frameworks(evidence)}))
    surroundings = Surroundings(
        cards=everybody.cards,
        earlier=earlier_scores(
            own.rubric,
            load_snapshots(fixtures_folder() / "ecosystem", keys=own.rubric.facts),
            frameworks=frameworks,
            before=evidence.snapshot,
        ),
    )
    return write(short.render(report, surroundings, width=options.width, sources=options.sources), what="card")


def _trace(options: argparse.Namespace) -> int:
    own = apply_policy(load_rubric(), weights=options.weights, policy=options.policy)
    evidence, frameworks = _evidence(own.rubric, options)
    report = build_report(own.rubric, evidence, frameworks=frameworks, departures=own.departures)
    return write(trace(report, evidence, dimension=options.dimension, width=options.width), what="trace")


def _verify(options: argparse.Namespace) -> int:
    """1 where a digit differs."""
    found = verify(options.card, runs=options.run)
    if not found:
        return write(f"{options.card}: every figure follows from its evidence\n", what="result")
    code = write("".join(f"{line}\n" for line in found), what="result")
    print(f"{COMMAND}: {options.card}: {len(found)} differ from what its evidence gives", file=sys.stderr)
    return code or 1


def _what_if(options: argparse.Namespace) -> int:
    rubric = load_rubric()
    evidence, frameworks = _evidence(rubric, options)
    if not (options.fact or options.weights or options.policy):
        raise FactError("whatif: nothing is set; give --fact KEY=NUMBER, --weights or --policy")
    if options.fact and not options.framework:
        raise FactError("--fact: whose? Name one framework, as in whatif jax --fact github_stars=50000")
    if options.framework:
        # The others stay, so that the order can be told.
        frameworks = _all_frameworks(evidence)
    own = apply_policy(rubric, weights=options.weights, policy=options.policy)
    changed = with_facts(evidence, rubric, options.framework[0], options.fact) if options.fact else evidence
    before = build_report(rubric, evidence, frameworks=frameworks)
    after = build_report(own.rubric, changed, frameworks=frameworks, departures=own.departures)
    return write(changes(before, after, width=options.width), what="result")


def _evidence(rubric: Rubric, options: argparse.Namespace) -> tuple[Evidence, list[str]]:
    """Runs and facts, and the frameworks that were named, else all. Raises EvidenceError for an unknown one."""
    evidence = gather(
        load_snapshots(fixtures_folder() / "ecosystem", keys=rubric.facts),
        month=options.snapshot,
        runs=[NamedRun(name=str(path), record=load_run(path)) for path in dict.fromkeys(options.run)],
        kind_order=rubric.policy.kind_order,
    )
    known = sorted({*evidence.names, *_measured(evidence)})
    for framework in options.framework:
        if framework not in known:
            raise EvidenceError(
                f"unknown framework {framework!r} in snapshot {evidence.snapshot}; there are {', '.join(known)}"
            )
    return evidence, list(dict.fromkeys(options.framework)) or _all_frameworks(evidence)


def _all_frameworks(evidence: Evidence) -> list[str]:
    """All that are no layers."""
    layers = {name for own in evidence.layers.values() for name in own}
    return sorted({*evidence.names, *_measured(evidence)} - layers)


def _measured(evidence: Evidence) -> set[str]:
    return {framework for device in evidence.measured for framework in evidence.ecosystems(device)}


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=COMMAND, description="Score frameworks from saved runs and dated facts.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    cards = commands.add_parser("card", help="print score cards")
    cards.add_argument("framework", nargs="*", metavar="FRAMEWORK", help="by fixture folder, as in jax; default: all")
    cards.add_argument("--format", choices=tuple(FORMATS), default="terminal")
    cards.add_argument("--full", action="store_true", help="every criterion with its points and sources")
    cards.add_argument("--sources", action="store_true", help="the short card and where each of its facts comes from")
    cards.set_defaults(run_command=_card)
    tracing = commands.add_parser("trace", help="walk from a score to its facts and raw rounds")
    tracing.add_argument("framework", nargs=1, metavar="FRAMEWORK", help="by fixture folder, as in jax")
    tracing.add_argument("dimension", nargs="?", metavar="DIMENSION", help="as in performance; default: all five")
    tracing.set_defaults(run_command=_trace)
    what_if = commands.add_parser("whatif", help="set facts or weights by hand and see what changes")
    what_if.add_argument("framework", nargs="*", metavar="FRAMEWORK", help="whose facts are set")
    what_if.add_argument("--fact", action="append", default=[], metavar="KEY=NUMBER", help="as in github_stars=50000")
    what_if.set_defaults(run_command=_what_if)
    for each in (cards, tracing, what_if):
        _add_evidence(each)
    verifying = commands.add_parser("verify", help="compute a JSON card anew and compare every figure")
    verifying.add_argument("card", type=Path, metavar="CARD.json")
    verifying.set_defaults(run_command=_verify)
    _add_runs(verifying, what="where the card's runs are now, in its order")
    facts = commands.add_parser("facts", help="look after the facts")
    about_facts = facts.add_subparsers(dest="facts_command", required=True, parser_class=_Parser)
    fact_commands.add_parsers(about_facts)
    collecting.add_parser(about_facts)
    return parser


def _add_evidence(parser: argparse.ArgumentParser) -> None:
    _add_runs(parser, what="saved runs")
    parser.add_argument("--snapshot", metavar="YYYY-MM", help="facts known by then; default: the newest snapshot")
    parser.add_argument("--weights", metavar="DIMENSION=NUMBER,…", help="as in performance=3,production=2")
    parser.add_argument("--policy", type=Path, metavar="FILE.toml", help="a [policy] and [weights] of one's own")
    parser.add_argument("--width", type=int, default=terminal_width(), metavar="CHARACTERS", help="of what is printed")


def _add_runs(parser: argparse.ArgumentParser, *, what: str) -> None:
    parser.add_argument("--run", nargs="+", action="extend", type=Path, default=[], metavar="RUN.json", help=what)


if __name__ == "__main__":
    sys.exit(main())
