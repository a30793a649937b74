"""A new batch size after the steady state: the seconds until its first result, and when compiling has paid.

The program of a compiled line trains at its own batch size until its steps agree. Then it is given half as many
examples more, later twice as many: the same weights, the same function, the same process, with what tracing and
compiling keep in memory as a user has it, and nothing kept on disk. ``seconds`` is the time from there to the first
result, waited for. Eager PyTorch does the same beside it, in turns on the same processor. One compilation is one
number: it has no interval, and no factor is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.process import ProbeProcess
from speedscore.bench_suite.probes.production.programs import start_program
from speedscore.bench_suite.probes.steady.hiccups import COMPILED_TORCH, TOO_BUSY, compilations_module
from speedscore.bench_suite.probes.steady.stalls import MOST_WITHHELD
from speedscore.bench_suite.probes.tools import Tools
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.host.variables import XLA_FLAGS_OF_TENSORFLOW, xla_flags_without_cache
from speedscore.text.numbers import first_line

MODELS = ("mlp", "gpt")
EAGER = "torch"
VARIANTS = {"static": "compile", "dynamic": "dynamic"}
"""Of compiled PyTorch, by target: each size compiled for itself, and PyTorch's own way."""
ROUNDS = 9
_SIZES = "speedscore.bench_suite.probes.steady.sizes"


class Payment(msgspec.Struct, frozen=True):
    """When compiling for a size has paid."""

    outcome: str
    """``pays``, ``never pays``, ``undecided`` or ``too busy to tell``."""
    steps: int | None = None
    """From which on it has; None where it does not, or is not known to."""


def list_cases() -> Sequence[ProbeCase]:
    """Two models for each compiled line; of PyTorch in two variants."""
    lines = [(line.id, "") for line in probed_frameworks() if line.id != EAGER]
    lines += [(COMPILED_TORCH, target) for target in VARIANTS if COMPILED_TORCH in FRAMEWORKS]
    return [
        ProbeCase("shapes", framework=framework, subject=model, target=target)
        for framework, target in lines
        for model in MODELS
    ]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Three sizes, the second of them in turns with eager PyTorch, as far as that is here and takes it."""
    line = FRAMEWORKS[case.framework]
    examples = len(make_workload(case.subject, tools.preset).targets())
    sizes = (examples, examples + max(1, examples // 2), 2 * examples)
    compiled, first = _start(case.framework, case, tools, variant=VARIANTS.get(case.target))
    versions = compiled.versions(*line.distributions)
    eager = None
    if not FRAMEWORKS[EAGER].missing_packages():
        eager, _ = _start(EAGER, case, tools, variant=None)
        versions |= eager.versions(*FRAMEWORKS[EAGER].distributions)
    seen: dict[str, Any] = {"sizes": sizes, "first": first, "rounds": [], "eager_rounds": []}
    seen["second"] = _call(compiled, "change_size", examples=sizes[1])
    if "refused" not in seen["second"]:
        if eager is not None:
            seen["eager_second"] = _call(eager, "change_size", examples=sizes[1])
            if "refused" in seen["eager_second"]:
                eager = None  # with nothing to time at that size
        for _ in range(ROUNDS):
            seen["rounds"].append(_call(compiled, "time_one_round"))
            if eager is not None:
                seen["eager_rounds"].append(_call(eager, "time_one_round"))
        seen["third"] = _call(compiled, "change_size", examples=sizes[2])
    return judge(seen, versions=versions)


def judge(seen: Mapping[str, Any], *, versions: dict[str, str]) -> Answer:
    """The answer to what the processes told."""
    first, second = seen["first"], seen["second"]
    examples = " → ".join(map(str, seen["sizes"]))
    measured: dict[str, Sequence[float]] = {
        "first_size_seconds": [first["seconds"]],
        "first_size_step_seconds": [first["step_seconds"]],
    }
    if "refused" in second:
        return Answer(
            "refused",
            (first["seconds"],),
            versions,
            reason=first_line(second["refused"]),
            observations={"examples": examples},
            measurements=measured,
        )
    withheld_share = second["withheld_seconds"] / second["seconds"]
    third, eager = seen["third"], seen.get("eager_second", {})
    measured |= {"new_size_seconds": [second["seconds"]], "new_size_step_seconds": seen["rounds"]}
    if "refused" not in third:
        measured["third_size_seconds"] = [third["seconds"]]
    payment = Payment("no eager")
    if "seconds" in eager:
        measured["eager_new_size_seconds"] = [eager["seconds"]]
        measured["eager_new_size_step_seconds"] = seen["eager_rounds"]
        payment = pay_off(
            first_seconds=second["seconds"],
            steps_seconds=seen["rounds"],
            eager_first_seconds=eager["seconds"],
            eager_steps_seconds=seen["eager_rounds"],
        )
        if withheld_share > MOST_WITHHELD and payment.steps is not None:
            # A compilation that others held up has paid later than it would have.
            payment = Payment(TOO_BUSY)
        if payment.steps is not None:
            measured["break_even_steps"] = [payment.steps]
    wrong = find_wrong(second) or ("" if "refused" in third else find_wrong(third))
    return Answer(
        "wrong numbers" if wrong else payment.outcome,
        (second["seconds"],),
        versions,
        reason=wrong or first_line(third.get("refused", "")),
        observations={
            "examples": examples,
            "compiled_at_second_size": second["compiled"],
            "compiled_at_third_size": third.get("compiled"),
            "withheld_share": round(withheld_share, 4),
            "output_error": second["errors"]["outputs"],
            **({"eager_refused": first_line(eager["refused"])} if "refused" in eager else {}),
        },
        measurements=measured,
    )


def pay_off(
    *,
    first_seconds: float,
    steps_seconds: Sequence[float],
    eager_first_seconds: float,
    eager_steps_seconds: Sequence[float],
) -> Payment:
    """From which step on the compiled program, its first result included, is ahead of the eager one.

    What the first result took beyond a step, less the same of the eager one, over what each step saves. Compiled is
    called the faster, or the slower, where it was in all rounds but one at most: of nine that are drawn alike a side
    has so many one time in fifty. Raises ValueError for rounds that are not pairs.
    """
    wins = sum(mine < eager for mine, eager in zip(steps_seconds, eager_steps_seconds, strict=True))
    rounds = len(steps_seconds)
    if min(wins, rounds - wins) > 1:
        return Payment("undecided")
    step, eager_step = median(steps_seconds), median(eager_steps_seconds)
    if wins < rounds - wins or step >= eager_step:
        return Payment("never pays")
    extra_seconds = (first_seconds - step) - max(0.0, eager_first_seconds - eager_step)
    return Payment("pays", math.ceil(max(0.0, extra_seconds) / (eager_step - step)))


def find_wrong(changed: Mapping[str, Any]) -> str:
    """What of a size's answers is farther from the program's own at its first size than its tolerance; empty if none.

    An error that is no number is None.
    """
    for name, limit in changed["limits"].items():
        error = changed["errors"][name]
        if error is None or not error <= limit:
            return f"{name} at the new size: error {error}, tolerance {limit}"
    return ""


def without_caches() -> dict[str, str]:
    """What keeps a process from finding what earlier sizes, of a former session as well, have left on the disk."""
    return {
        "JAX_ENABLE_COMPILATION_CACHE": "false",
        "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1",
        XLA_FLAGS_OF_TENSORFLOW: xla_flags_without_cache(),
    }


def _start(
    framework: str, case: ProbeCase, tools: Tools, *, variant: str | None
) -> tuple[ProbeProcess, Mapping[str, float]]:
    process = start_program(tools, framework=framework, model=case.subject, variant=variant, variables=without_caches())
    verbs = compilations_module(framework)
    first = _call(process, "start_at_first_size", model=case.subject, preset=tools.preset, verbs=verbs)
    return process, first


def _call(process: ProbeProcess, function: str, **arguments: Any) -> Any:
    """Call it and stop the process afterwards: what it does unasked is not to disturb the other."""
    value = process.call(f"{_SIZES}:{function}", **arguments)
    process.freeze()
    return value
