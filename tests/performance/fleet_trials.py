"""A gate that is shared out, as a black box: fresh repositories with two commits, of which it is known what is slower.

Each has six benchmarks of pure Python, or so many times as many, in one of which head does more work, or in none.
``nodes`` is a gate with ``--gate-fleet`` over a Ray cluster of two nodes of this machine, each on a processor of its
own: two shares at the same time. ``local`` is one with ``--gate-fleet local``: all of the fleet's way, and one machine.
``parts`` is one of two shares, each by ``--gate-part``, one after the other on this machine; their reports are merged
as those of a fleet are. ``whole`` is a gate without a fleet on one of the processors. It only counts and prints:

    python -m tests.performance.fleet_trials --ways nodes --kinds null,slower-5 --copies 1 --trials 10 --minutes 20
"""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import msgspec
from tabulate import tabulate

from speedscore.gate.part import Part
from speedscore.gate.parts.merge_command import PartReport, merged
from speedscore.gate.reporting.report import GateReport
from speedscore.host.processors import usable_processors
from tests.fleet.nodes import Nodes
from tests.performance.trial_tables import RESULTS
from tests.performance.trials import (
    PYTEST,
    add_minutes,
    commit_all,
    commit_of_code,
    gated,
    git,
    in_time,
    keep,
    now,
    parser_of,
    read_lines,
    share,
    single_threaded,
    this_machine,
)

KINDS = {"null": 1.0, "slower-5": 1.05, "slower-10": 1.10}
"""How much work the changed benchmark does on head; of ``null`` none has changed."""
WAYS = ("local", "nodes", "parts", "whole")
SHARES = 2
"""Of ``parts``, and of ``nodes``, which has as many machines."""
BENCHMARKS = ("add", "count", "encode", "join", "order", "search")

_TEST = """
import json
import re

import pytest

WORDS = re.compile(r"[a-z]+")
UNITS = {units}


def add(units):
    return sum(number * number for number in range(units * 25))


def count(units):
    counts = {{}}
    for number in range(units * 15):
        counts[number % 1000] = counts.get(number % 997, 0) + 1
    return counts


def encode(units):
    return json.dumps([{{"number": number, "text": "a text"}} for number in range(units)])


def join(units):
    return ",".join(str(number) for number in range(units * 10))


def order(units):
    return sorted((number * 7919) % 10007 for number in range(units * 12))


def search(units):
    return len(WORDS.findall("one two three " * units * 2))


CASES = {{
    f"{{work.__name__}}-{{copy}}" if copy else work.__name__: work
    for copy in range({copies})
    for work in [{names}]
}}


@pytest.mark.parametrize("name", CASES)
def test_it(benchmark, name):
    benchmark(CASES[name], UNITS.get(name, 1000))
# {remark}
"""


class Trial(msgspec.Struct, frozen=True):
    """What came of one repository."""

    way: str
    kind: str
    shares: int
    exit_code: int
    """Of ``parts``, that of the merged report."""
    seconds: float
    """From the command to its end; of ``parts`` those of all shares together."""
    pairs: int
    verdicts: dict[str, str]
    """Of time, by the benchmark's name."""
    changed: str
    """The benchmark whose work differs; empty where none does."""
    load: float
    """Of the machine as it began, processes at work."""
    when: str
    commit: str
    """Of the gate's code."""
    machine: str
    """The name of its processors and how many of them the trial may use."""
    benchmarks: int = len(BENCHMARKS)

    @property
    def alarmed(self) -> bool:
        return self.exit_code == 10

    @property
    def right(self) -> bool:
        """The one that was slowed was named, and no other."""
        slowed = {name for name, verdict in self.verdicts.items() if verdict == "regressed"}
        return slowed == ({self.changed} if self.changed else set())


def run_trial(way: str, kind: str, *, copies: int, order: random.Random, nodes: Nodes | None) -> Trial:
    """Make a repository, and gate its second commit against the first; ``nodes`` is the cluster of that way."""
    with tempfile.TemporaryDirectory(prefix="fleet trial ") as folder:
        repository = Path(folder)
        changed = _make(repository, kind, copies, order)
        load, environment = round(os.getloadavg()[0], 1), single_threaded()
        if way == "parts":
            report, seconds = _in_shares(repository, environment)
        else:
            ran = gated(repository, *_options(way, nodes), environment=environment, program=_program(way))
            report, seconds = msgspec.convert(ran.report, GateReport), ran.seconds
        return Trial(
            way=way,
            kind=kind,
            shares=SHARES if way in ("parts", "nodes") else 1,
            exit_code=report.exit_code,
            seconds=round(seconds, 1),
            pairs=report.pairs,
            verdicts={_name(each.case): each.outcome for each in report.verdicts if each.metric == "time"},
            changed=changed,
            load=load,
            when=now(),
            commit=commit_of_code(),
            machine=this_machine(1 if way == "whole" else None),
            benchmarks=copies * len(BENCHMARKS),
        )


def _options(way: str, nodes: Nodes | None) -> list[str]:
    if nodes is not None and way == "nodes":
        return [f"--gate-fleet={nodes.address}", f"--gate-fleet-machines={SHARES}"]
    return ["--gate-fleet=local"] if way == "local" else []


def _program(way: str) -> Sequence[str]:
    """A gate without a fleet has as much of this machine as a node has."""
    return ("taskset", "-c", str(usable_processors()[0]), *PYTEST) if way == "whole" else PYTEST


@contextlib.contextmanager
def _a_cluster(ways: Sequence[str]) -> Iterator[Nodes | None]:
    """Of as many nodes as shares, one on each processor; None where no way needs it."""
    if "nodes" not in ways:
        yield None
        return
    processors = usable_processors()
    if len(processors) < SHARES:
        raise SystemExit(f"nodes: expected {SHARES} processors, one for each node, found {len(processors)}")
    with contextlib.closing(Nodes()) as nodes:
        for number in range(SHARES):
            nodes.add(f"node-{number}", num_cpus=1, processor=processors[number])
        yield nodes


def _in_shares(repository: Path, environment: Mapping[str, str]) -> tuple[GateReport, float]:
    """The report of all shares, and how long they took."""
    shares, seconds = [], 0.0
    for number in range(1, SHARES + 1):
        ran = gated(repository, f"--gate-part={number}/{SHARES}", environment=environment)
        (repository / "report.json").unlink()
        shares.append(PartReport(repository, Part(number, SHARES), msgspec.convert(ran.report, GateReport)))
        seconds += ran.seconds
    return merged(shares, inconclusive_passes=False), seconds


def _make(repository: Path, kind: str, copies: int, order: random.Random) -> str:
    """Two commits; the name of the benchmark whose work differs, empty where none does."""
    slowed, copy = order.choice(BENCHMARKS), order.randrange(copies)
    if copy:
        slowed = f"{slowed}-{copy}"
    git(repository, "init", "--quiet")
    for remark, factor in (("base", 1.0), ("head", KINDS[kind])):
        units = {} if factor == 1 else {slowed: round(1000 * factor)}
        text = _TEST.format(units=units, names=", ".join(BENCHMARKS), copies=copies, remark=remark)
        (repository / "test_work.py").write_text(text)
        commit_all(repository, remark)
    return slowed if KINDS[kind] != 1 else ""


def _name(case: str) -> str:
    return case.partition("[")[2].rstrip("]")


def tally(trials: Iterable[Trial]) -> str:
    """A line for each number of benchmarks, kind, way and machine, with exact 95 % intervals (Clopper and Pearson)."""
    groups: dict[tuple[int, str, str, str], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.benchmarks, trial.kind, trial.way, trial.machine), []).append(trial)
    rows = []
    for (benchmarks, kind, way, machine), own in sorted(groups.items()):
        outcomes = [outcome for trial in own for outcome in trial.verdicts.values()]
        rows.append(
            {
                "benchmarks": benchmarks,
                "head": kind,
                "way": way,
                "machine": machine,
                "shares": own[0].shares,
                "trials": len(own),
                "alarms": share(sum(trial.alarmed for trial in own), len(own)),
                "right": sum(trial.right for trial in own),
                "verdicts on time": len(outcomes),
                "inconclusive": outcomes.count("inconclusive"),
                "seconds": f"{fmean(trial.seconds for trial in own):.0f}",
                "pairs": f"{fmean(trial.pairs / trial.shares for trial in own):.0f}",
                "load": f"{min(trial.load for trial in own):.0f} to {max(trial.load for trial in own):.0f}",
            }
        )
    return tabulate(rows, headers="keys", tablefmt="github")


def load(path: Path) -> list[Trial]:
    return read_lines(path, Trial)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of(__doc__, results=RESULTS / "fleet_trials.jsonl")
    parser.add_argument("--ways", default="parts", help=f"some of {', '.join(WAYS)}")
    parser.add_argument("--kinds", default="null,slower-5", help=f"some of {', '.join(KINDS)}")
    parser.add_argument("--copies", type=int, default=1, help="of each of the six benchmarks, in a repository")
    parser.add_argument("--trials", type=int, default=20, help="of each kind and way")
    add_minutes(parser)
    asked = parser.parse_args(arguments)
    order = random.Random()
    ways = asked.ways.split(",")
    waiting = [(way, kind) for _ in range(asked.trials) for way in ways for kind in asked.kinds.split(",")]
    if not asked.table:
        with _a_cluster(ways) as nodes:
            for way, kind in in_time(waiting, asked.minutes):
                keep(run_trial(way, kind, copies=asked.copies, order=order, nodes=nodes), asked.out)
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
