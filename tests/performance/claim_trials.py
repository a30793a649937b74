"""Claims as a black box: fresh repositories with a pull request, of which it is known whether what it says is true.

A speed-up is less work, a slow-down more, never a changed timing; what only looks like an optimisation changes text
that is not timed. A no-op says of sixteen benchmarks at once that they are faster, which makes sixteen claims. It only
counts and prints; raw lines are kept in ``results/claim_trials.jsonl``:

    python -m tests.performance.claim_trials --planted 40 --null 200 --minutes 60
    python -m tests.performance.claim_trials --table
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from tabulate import tabulate

from tests.performance.trials import (
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
)

RESULTS = Path(__file__).parent / "results" / "claim_trials.jsonl"

_TEXT = """{head}
import numpy as np
import pytest

MATRIX = np.linspace(0.0, 1.0, 96 * 96).reshape(96, 96) / 96

{body}

@pytest.mark.parametrize("share", {shares})
def test_matmul(benchmark, share):
    def work():
        values = MATRIX
        for _ in range(round({matmul} * share)):
            values = np.tanh(MATRIX @ values)
        return values

    benchmark(work)


@pytest.mark.parametrize("share", {shares})
def test_loop(benchmark, share):
    def work():
        counts = {{}}
        for number in range(round({loop} * share * 700)):
            counts[number % 1000] = counts.get(number % 997, 0) + 1
        return counts

    benchmark(work)
"""

_NO_OPS = {
    "a remark": ("# The fast path: avoids the copies of the old one.", ""),
    "a cache that nobody asks": (
        "import functools",
        "@functools.cache\ndef norm(size):\n    return float(np.linalg.norm(MATRIX[:size]))\n",
    ),
    "slots on a class of no benchmark": ("", 'class Item:\n    __slots__ = ("key", "value")\n'),
    "a faster import": ("from operator import itemgetter", "FIRST = itemgetter(0)\n"),
}
"""What stands at the head and in the body of head's file, as an optimisation that no timed line uses."""


class Planted(msgspec.Struct, frozen=True):
    """A pull request: what it does, what it says, and what must come of that."""

    kind: str
    units: int = 100
    """Of work in the benchmark that is changed, for 100 on base."""
    changes: str = "claimed"
    """Which benchmark is changed: the one that the claim names, or the ``other``."""
    claim: str = "faster"
    right: tuple[str, ...] = ("supported",)
    no_op: bool = False
    shares: tuple[float, ...] = (1.0,)
    """Each of the two benchmarks is there with each share of its work; a claim about many is about each of them."""


_NOT_SUPPORTED = ("contradicted", "indistinguishable")
PLANTED = (
    *(Planted(f"{size} % less work, as it says", 100 - size, claim=f"faster {size}%") for size in (2, 5, 10, 30)),
    Planted("10 % less work, which says 30 %", 90, claim="faster 30%", right=("contradicted",)),
    *(
        Planted("a no-op, which says faster", claim=claim, no_op=True, right=_NOT_SUPPORTED)
        for claim in ("faster", "faster 10%")
    ),
    *(
        Planted("a slow-down sold as a speed-up", 100 + size, claim="faster 5%", right=("contradicted",))
        for size in (5, 10)
    ),
    Planted("a speed-up of another benchmark", 80, changes="other", claim="faster 20%", right=_NOT_SUPPORTED),
)
"""Taken in turn: 40 have each four times."""
NULLS = tuple(
    Planted("no-op", claim=claim, no_op=True, right=_NOT_SUPPORTED, shares=(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    for claim in ("faster", "faster 2%", "faster 5%")
)
_CLAIMS_OF_A_NULL = 2 * len(NULLS[0].shares)


class ClaimTrial(msgspec.Struct, frozen=True):
    """What came of one claim of a pull request."""

    kind: str
    claim: str
    outcome: str
    right: bool
    ratio: float | None
    low: float | None
    high: float | None
    pairs: int
    exit_code: int
    verdicts: dict[str, str]
    """Of time, by the benchmark's name."""
    seconds: float
    """The claim's share of its gate."""
    load: float
    """Of the machine, as it began."""
    when: str
    commit: str
    """Of the code that gated it."""


def run_trial(planted: Planted, order: random.Random, *, commit: str) -> list[ClaimTrial]:
    """Make a repository, and gate its second commit against the first with the claim; one for each of its cases."""
    with tempfile.TemporaryDirectory(prefix="claim trial ") as folder:
        repository = Path(folder)
        claimed, other = order.sample(("matmul", "loop"), 2)
        usual = {"matmul": 100, "loop": 100}
        changed = usual | {claimed if planted.changes == "claimed" else other: planted.units}
        no_op = order.choice(sorted(_NO_OPS)) if planted.no_op else ""
        head, body = _NO_OPS.get(no_op, ("# As it says.", ""))
        git(repository, "init", "--quiet")
        for text in (
            _TEXT.format(head="", body="", shares=planted.shares, **usual),
            _TEXT.format(head=head, body=body, shares=planted.shares, **changed),
        ):
            (repository / "test_work.py").write_text(text)
            commit_all(repository, "text")
        if planted.shares[1:]:
            return _gated(planted, repository, [], claim=f"test_work.py {planted.claim}", commit=commit)
        # The benchmark that is claimed alone, but where another is the one that got faster.
        tests = [] if planted.changes == "other" else [f"test_work.py::test_{claimed}"]
        return _gated(planted, repository, tests, claim=f"test_{claimed} {planted.claim}", commit=commit)


def _gated(planted: Planted, repository: Path, tests: list[str], *, claim: str, commit: str) -> list[ClaimTrial]:
    ran = gated(repository, f"--gate-claim={claim}", *tests, environment=single_threaded())
    claims, when = ran.report["claims"], now()
    return [
        ClaimTrial(
            kind=planted.kind,
            claim=claim,
            outcome=said["outcome"],
            right=said["outcome"] in planted.right,
            ratio=said["ratio"],
            low=said["low"],
            high=said["high"],
            pairs=said["pairs"],
            exit_code=ran.exit_code,
            verdicts={name: each["outcome"] for name, each in ran.times.items()},
            seconds=round(ran.seconds / len(claims), 1),
            load=ran.load,
            when=when,
            commit=commit,
        )
        for said in claims
    ]


def tally(trials: Iterable[ClaimTrial]) -> str:
    """A line for each kind of pull request, and one for all, with exact 95 % intervals (Clopper and Pearson).

    Claims of one gate share its pairs, and are wrong together: the interval is over gates, each right in all or not.
    """
    groups: dict[str, list[ClaimTrial]] = {}
    for trial in trials:
        groups.setdefault(trial.kind, []).append(trial)
    planted = [trial for kind, of_kind in groups.items() if kind != "no-op" for trial in of_kind]
    rows = []
    for kind, of_kind in [*sorted(groups.items()), ("all but the no-ops of the last kind", planted)]:
        if not of_kind:
            continue
        outcomes = [trial.outcome for trial in of_kind]
        rows.append(
            (
                kind,
                len(of_kind),
                *(outcomes.count(name) for name in ("supported", "contradicted", "indistinguishable")),
                _right(of_kind),
                f"{sum(trial.seconds for trial in of_kind) / len(of_kind):.0f}",
            )
        )
    headers = ("the pull request", "trials", "supported", "contradicted", "indistinguishable", "right", "seconds")
    return tabulate(rows, headers=headers, tablefmt="github")


def _right(trials: Sequence[ClaimTrial]) -> str:
    gates: dict[tuple[str, str], bool] = {}
    for trial in trials:
        key = (trial.when, trial.claim)
        gates[key] = gates.get(key, True) and trial.right
    of_gates = share(sum(gates.values()), len(gates))
    if len(gates) == len(trials):
        return of_gates
    return f"{sum(trial.right for trial in trials)} of {len(trials)}; gates: {of_gates}"


def load(path: Path) -> list[ClaimTrial]:
    return read_lines(path, ClaimTrial)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of(__doc__, results=RESULTS)
    parser.add_argument("--planted", type=int, default=40, help="pull requests of all kinds in turn")
    parser.add_argument("--null", type=int, default=200, help="claims that a no-op is faster")
    add_minutes(parser)
    asked = parser.parse_args(arguments)
    if not asked.table:
        order = random.Random()
        commit = commit_of_code()
        waiting = [PLANTED[number % len(PLANTED)] for number in range(asked.planted)]
        waiting += [NULLS[number % len(NULLS)] for number in range(-(-asked.null // _CLAIMS_OF_A_NULL))]
        for planted in in_time(waiting, asked.minutes):
            for trial in run_trial(planted, order, commit=commit):
                keep(trial, asked.out)
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
