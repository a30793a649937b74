"""Do the reasons of a regression name its cause? Ten regressions are planted, each in a fresh repository.

A trial is right where the function or the operation that was planted is named first: the first function, or the first
operator or operation of XLA where the cause is one of these. It only counts and prints; raw lines are kept in
``results/reason_trials.jsonl``:

    python -m tests.performance.reason_trials --trials 1
    python -m tests.performance.reason_trials --table
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from tabulate import tabulate

from tests.performance.trials import (
    commit_all,
    commit_of_code,
    gated,
    git,
    keep,
    now,
    parser_of,
    read_lines,
    single_threaded,
)

RESULTS = Path(__file__).parent / "results" / "reason_trials.jsonl"

SHOP = """
import copy
import logging
import re
import time

LOGGER = logging.getLogger("shop")
WORD = re.compile(r"[a-z]+")
TEXT = "the quick brown fox jumps over the lazy dog " * 20
ORDERS = [{"name": f"item {number}", "price": number, "tags": ["a", "b"]} for number in range(60)]


def checksum(text):
    total = 0
    for sign in text:
        total = (total * 31 + ord(sign)) % 65521
    return total


def words(text):
    return WORD.findall(text)


def normalised(order):
    return {"name": order["name"].title(), "price": round(order["price"] * 1.19, 2), "tags": order["tags"]}


def distinct(names):
    return list(dict.fromkeys(names))


def prices(orders):
    return [normalised(order) for order in orders]


def totals(orders):
    return sum(each["price"] for each in prices(orders))


def report(orders):
    total = totals(orders)
    names = distinct([order["name"] for order in orders])
    found = words(TEXT)
    return total, len(names), len(found), checksum(TEXT)
"""

TEST = """
from shop import ORDERS, report


def test_report(benchmark):
    benchmark(report, ORDERS)
"""

JAX = """
import jax
import jax.numpy as jnp


@jax.jit
def step(values):
    for _ in range(4):
        values = jnp.tanh(values @ values)
    return values


def test_step(benchmark):
    values = jnp.linspace(0.0, 1.0, 256 * 256).reshape(256, 256) / 256
    benchmark(lambda: step(values).block_until_ready())
"""

TORCH = """
import torch

torch.set_num_threads(1)


def step(values):
    for _ in range(4):
        values = torch.tanh(values @ values)
    return values


def test_step(benchmark):
    values = torch.linspace(0.0, 1.0, 256 * 256).reshape(256, 256) / 256
    benchmark(step, values)
"""


_SETTINGS = """
[tool.speedscore.gate]
pair_seconds = 0.1
false_alarm = "10%"
"""
"""What is planted is large, and how surely it is found is not the question here."""
_AS_IT_IS = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
_WITHOUT_PY_SPY = f"from speedscore.gate.reasons import observing; observing.find_py_spy = lambda: None; {_AS_IT_IS}"


class Planted(msgspec.Struct, frozen=True):
    """A change of one file, and by which names its cause is known."""

    file: str
    text: str
    """Of base."""
    before: str
    after: str
    test: str = ""
    """The test beside it; empty where the file is one."""
    functions: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()


def _shop(before: str, after: str, *functions: str) -> Planted:
    return Planted("shop.py", SHOP, before, after, test=TEST, functions=functions)


PLANTED = {
    "a slower function": _shop("    for sign in text:", "    for sign in text + text:", "checksum"),
    "a slower helper two levels down": _shop(
        '"price": round(order["price"] * 1.19, 2)',
        '"price": round(sum(order["price"] * 0.119 for _ in range(10)), 2)',
        "normalised",
        "normalised.<locals>.<genexpr>",
    ),
    "more calls of a cheap function": _shop(
        "    return sum(each",
        "    prices(orders), prices(orders), prices(orders)\n    return sum(each",
        "normalised",
    ),
    "a quadratic loop": _shop(
        "    return list(dict.fromkeys(names))",
        "    kept = []\n    for name in names:\n        kept += [name] if name not in kept else []\n    return kept",
        "distinct",
    ),
    "an added copy": _shop(
        "    return [normalised(", "    orders = copy.deepcopy(orders)\n    return [normalised(", "prices"
    ),
    "a pattern compiled in each call": _shop(
        "    return WORD.findall(text)",
        '    re.purge()\n    return re.compile(r"[a-z]+(?:-[a-z]+)*").findall(text)',
        "words",
    ),
    "logging": _shop('    return {"name"', '    LOGGER.warning("order %s", order)\n    return {"name"', "normalised"),
    "sleep": _shop("    return sum(each", "    time.sleep(0.0005)\n    return sum(each", "totals"),
    "a JAX operation": Planted(
        "test_step.py",
        JAX,
        "jnp.tanh(values @ values)",
        "jnp.tanh(jnp.sort(values, axis=0) @ values)",
        operations=("sort",),
    ),
    "a torch operator": Planted(
        "test_step.py",
        TORCH,
        "torch.tanh(values @ values)",
        "torch.tanh(torch.cumsum(values, 0) @ values)",
        functions=("step",),
        operators=("aten::cumsum",),
    ),
}


class ReasonTrial(msgspec.Struct, frozen=True):
    """What came of one planted regression."""

    kind: str
    right: bool
    first: str
    """What was named first of the kind that the cause is of."""
    exit_code: int
    profiler: str
    note: str
    reasons: list[str]
    """The first of each kind, as names."""
    seconds: float
    when: str
    commit: str


def run_trial(kind: str, *, commit: str, from_within: bool) -> ReasonTrial:
    """Make a repository, gate its second commit against the first, and read what is said of the reason."""
    planted = PLANTED[kind]
    assert planted.text.count(planted.before) == 1
    with tempfile.TemporaryDirectory(prefix="reason trial ") as folder:
        repository = Path(folder)
        git(repository, "init", "--quiet")
        (repository / "pyproject.toml").write_text(_SETTINGS)
        if planted.test:
            (repository / "test_it.py").write_text(planted.test)
        for text in (planted.text, planted.text.replace(planted.before, planted.after)):
            (repository / planted.file).write_text(text)
            commit_all(repository, "text")
        program = (sys.executable, "-c", _WITHOUT_PY_SPY if from_within else _AS_IT_IS)
        ran = gated(repository, environment=single_threaded(), program=program)
    report = ran.report
    reasons = report["reasons"][0] if report["reasons"] else {}
    named = {
        what: [each[key] for each in reasons.get(what, ())]
        for what, key in (("functions", "name"), ("operators", "name"), ("operations", "operation"))
    }
    wanted = {
        "functions": planted.functions,
        "operators": planted.operators,
        "operations": planted.operations,
    }
    # Where the cause is an operation, that one must be named first; a function alone would be no more than the test.
    what = next(kind for kind in ("operations", "operators", "functions") if wanted[kind])
    first = named[what][0] if named[what] else ""
    return ReasonTrial(
        kind=kind,
        right=first in wanted[what],
        first=first,
        exit_code=ran.exit_code,
        profiler=reasons.get("profiler", ""),
        note=reasons.get("note", "") or ("" if reasons else report["headline"]),
        reasons=[f"{kind}: {', '.join(names[:3])}" for kind, names in named.items() if names],
        seconds=round(ran.seconds, 1),
        when=now(),
        commit=commit,
    )


def tally(trials: Iterable[ReasonTrial]) -> str:
    """A line for each kind of regression."""
    groups: dict[str, list[ReasonTrial]] = {}
    for trial in trials:
        groups.setdefault(trial.kind, []).append(trial)
    rows = [
        (
            kind,
            len(of_kind),
            sum(trial.exit_code == 10 for trial in of_kind),
            sum(trial.right for trial in of_kind),
            ", ".join(dict.fromkeys(trial.first or "nothing" for trial in of_kind)),
        )
        for kind, of_kind in groups.items()
    ]
    return tabulate(
        rows, headers=("planted", "trials", "regressed", "cause named first", "named first"), tablefmt="github"
    )


def load(path: Path) -> list[ReasonTrial]:
    return read_lines(path, ReasonTrial)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of(__doc__, results=RESULTS)
    parser.add_argument("--kinds", default=",".join(PLANTED), help="some of them, with commas between")
    parser.add_argument("--trials", type=int, default=1, help="of each kind")
    parser.add_argument("--from-within", action="store_true", help="as where there is no py-spy")
    asked = parser.parse_args(arguments)
    if not asked.table:
        commit = commit_of_code()
        for kind in asked.trials * asked.kinds.split(","):
            keep(run_trial(kind, commit=commit, from_within=asked.from_within), asked.out)
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
