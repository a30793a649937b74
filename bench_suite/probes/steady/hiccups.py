"""A long steady run: its 99th percentile over its median, and each stall with what accounts for it.

The suite's own training step, on one processor, each step waited for: a median cannot see one step in a hundred that
takes two seconds. ``seconds`` is the median step. It takes no sides: a stall that the host made is told apart from one
that the program's own process made, and one that no counter accounts for stays unknown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.production.programs import probing_module, start_program
from speedscore.bench_suite.probes.steady.stalls import (
    CAUSES,
    MOST_WITHHELD,
    OWN_CAUSES,
    Cause,
    Stall,
    Step,
    find_stalls,
)
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.fields import Scalar
from speedscore.text.numbers import duration

MODELS = ("mlp", "gpt")
COMPILED_TORCH = "torch-compile"
"""Asked beside each library's first line, for it runs the same modules in another way."""
FEWEST_STEPS = 1000
"""Fewer have no 99th percentile to speak of."""
SHORTEST_SECONDS = 5.0
LONGEST_SECONDS = 60.0
SHOWN_STALLS = 20
"""The longest, in words; the seconds of all are measurements."""
TOO_BUSY = "too busy to tell"
_RESOLUTION_DIGITS = 7
"""Of the seconds that are kept of each step: a tenth of a microsecond."""
_LONG_RUN = "speedscore.bench_suite.probes.steady.long_run"

METRIC_OF: dict[Cause, str] = {
    "garbage collection": "collection_stall_seconds",
    "recompilation": "recompilation_stall_seconds",
    "host": "host_stall_seconds",
    "unknown": "unknown_stall_seconds",
}


def asked_frameworks() -> tuple[Framework, ...]:
    """Each library's first line, and compiled PyTorch."""
    return tuple(filter(None, (*probed_frameworks(), FRAMEWORKS.get(COMPILED_TORCH))))


def list_cases() -> Sequence[ProbeCase]:
    """Two models for each of them."""
    return [ProbeCase("hiccups", framework=line.id, subject=model) for line in asked_frameworks() for model in MODELS]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """One long run in a fresh process."""
    process = start_program(tools, framework=case.framework, model=case.subject)
    process.call(f"{_LONG_RUN}:warm")
    ran = process.call(
        f"{_LONG_RUN}:take_long_run",
        verbs=compilations_module(case.framework),
        fewest_steps=FEWEST_STEPS,
        shortest_seconds=SHORTEST_SECONDS,
        longest_seconds=LONGEST_SECONDS,
    )
    return judge(ran, versions=process.versions(*FRAMEWORKS[case.framework].distributions))


def compilations_module(framework: str) -> str:
    """The module that watches the framework compile; empty where nobody has written one."""
    try:
        return probing_module(framework, "compilations")
    except LookupError:
        return ""


def judge(ran: Mapping[str, Any], *, versions: dict[str, str]) -> Answer:
    """The answer to what ``long_run.take_long_run`` returned."""
    steps = list_steps(ran)
    seconds = sorted(step.seconds for step in steps)
    middle = median(seconds)
    stalls = find_stalls(steps)
    measured: dict[str, Sequence[float]] = {
        "steady_step_seconds": [round(step.seconds, _RESOLUTION_DIGITS) for step in steps],
        "steady_p50_seconds": [middle],
        "steady_worst_seconds": [seconds[-1]],
    }
    if (p99_seconds := percentile_99(seconds)) is not None:
        measured["steady_p99_seconds"] = [p99_seconds]
    for cause in CAUSES:
        if excesses := [stall.excess_seconds for stall in stalls if stall.cause == cause]:
            measured[METRIC_OF[cause]] = excesses
    withheld_share = sum(step.withheld_seconds for step in steps) / sum(seconds)
    observations: dict[str, Scalar] = {
        "steps": len(steps),
        "compilations_watched": bool(ran["watched"]),
        "collections": sum(ran["collections"]),
        "involuntary_switches": sum(ran["involuntary_switches"]),
        "withheld_share": round(withheld_share, 4),
        "last_tenth_over_first": round(_drift(steps), 3),
    }
    longest = sorted(stalls, key=lambda stall: -stall.seconds)[:SHOWN_STALLS]
    observations |= {
        f"stall_{place}": describe(stall, ran) for place, stall in enumerate(sorted(longest, key=lambda s: s.number), 1)
    }
    outcome = outcome_of(stalls, withheld_share=withheld_share)
    return Answer(outcome, (middle,), versions, observations=observations, measurements=measured)


def list_steps(ran: Mapping[str, Any]) -> list[Step]:
    """The steps of a run from its columns."""
    compile_seconds = ran["compile_seconds"] or [None] * len(ran["seconds"])
    return [
        Step(*values)
        for values in zip(
            ran["seconds"],
            ran["withheld_seconds"],
            ran["steal_seconds"],
            ran["collection_seconds"],
            compile_seconds,
            ran["compilations"],
            strict=True,
        )
    ]


def outcome_of(stalls: Sequence[Stall], *, withheld_share: float) -> str:
    """The worst that any stall says of the program; one of the family's outcomes.

    What a machine kept from it for much of the run may have hidden others, so that nothing better is said then.
    """
    causes = {stall.cause for stall in stalls}
    if causes & {*OWN_CAUSES}:
        return "stalls of its own"
    if withheld_share > MOST_WITHHELD:
        return TOO_BUSY
    if "unknown" in causes:
        return "stalls of unknown cause"
    return "stalls of the host" if causes else "steady"


def percentile_99(ascending: Sequence[float]) -> float | None:
    """The value that 99 % of the samples do not exceed, by nearest rank; None of fewer than ``FEWEST_STEPS``."""
    if len(ascending) < FEWEST_STEPS:
        return None
    return ascending[math.ceil(0.99 * len(ascending)) - 1]


def describe(stall: Stall, ran: Mapping[str, Any]) -> str:
    """A stall in words, with what each counter says of its step."""
    number = stall.number
    compile_seconds = ran["compile_seconds"]
    accounts = {
        "withheld by the host": ran["withheld_seconds"][number],
        "in the run queue": ran["queued_seconds"][number],
        "steal": ran["steal_seconds"][number],
        "throttled": ran["throttled_seconds"][number],
        "garbage collection": ran["collection_seconds"][number],
        "tracing and compiling": compile_seconds[number] if compile_seconds else 0.0,
    }
    counts = {
        "stopped by a signal": ran["stops"][number],
        "involuntary switches": ran["involuntary_switches"][number],
        "major page faults": ran["major_faults"][number],
        "collections": ran["collections"][number],
        "compilations": ran["compilations"][number],
    }
    told = [
        *(f"{name} {duration(value)}" for name, value in accounts.items() if value >= 1e-6),
        *(f"{name} {value}" for name, value in counts.items() if value),
    ]
    return f"step {number}: {duration(stall.seconds)}, {stall.cause} ({', '.join(told) or 'no counter moved'})"


def _drift(steps: Sequence[Step]) -> float:
    """The median of the last tenth of the run over that of the first: what a step costs must not depend on its age."""
    tenth = max(1, len(steps) // 10)
    first, last = (median(step.seconds for step in part) for part in (steps[:tenth], steps[-tenth:]))
    return last / first
