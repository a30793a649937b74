"""The table of fields: what must agree between two saved runs, what is warned of, and what has no part in it.

It looks at names and values only, never at figures. Adding a field: add a line to ``FIELDS``; the first line whose
pattern fits counts. A field that nobody has thought of is warned of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

import msgspec

from speedscore.host.fields import Scalar, is_allowed
from speedscore.record.run_file import RunFileError

Action = Literal["refuse", "warn", "ignore"]


class Rule(msgspec.Struct, frozen=True):
    pattern: str
    """A dotted name; ``*`` stands for anything."""
    action: Action
    reason: str


_MACHINE = "another machine"
_THREADS = "another number of threads, or other processors"
_PRECISION = "other arithmetic"
_MOMENT = "a reading of the moment, never twice alike"
_OUTCOME = "follows from the code that is compared"

FIELDS: tuple[Rule, ...] = (
    Rule("preset", "refuse", "another amount of work"),
    Rule("in_process", "refuse", "measured inside pytest, without fresh processes"),
    Rule("precision", "refuse", _PRECISION),
    Rule("program.matmul_precision", "refuse", _PRECISION),
    Rule("worker.NVIDIA_TF32_OVERRIDE", "refuse", _PRECISION),
    Rule("cpu.affinity", "refuse", _THREADS),
    Rule("worker.affinity", "refuse", _THREADS),
    Rule("worker.*_NUM_THREADS", "refuse", _THREADS),
    Rule("worker.PJRT_NPROC", "refuse", _THREADS),
    Rule("program.threads", "refuse", _THREADS),
    # Linux names more of them as it learns of them, and hides some for safety.
    Rule("cpu.vector_instructions", "warn", "libraries choose their kernels by them"),
    Rule("cpu.*", "refuse", _MACHINE),
    Rule("system.name", "refuse", _MACHINE),
    Rule("system.machine", "refuse", _MACHINE),
    Rule("program.platform", "refuse", _MACHINE),
    Rule("program.device_kind", "refuse", _MACHINE),
    Rule("gpu.count", "refuse", _MACHINE),
    Rule("gpu.*.name", "refuse", _MACHINE),
    Rule("gpu.*.memory_bytes", "refuse", _MACHINE),
    Rule("gpu.*.power_limit_milliwatts", "refuse", "the same card, held to another power"),
    Rule("gpu.driver", "warn", "a version"),
    Rule("gpu.*", "ignore", _MOMENT),
    Rule("git.*", "ignore", "two commits are what is compared"),
    Rule("memory.limit_bytes", "refuse", "another limit of memory"),
    Rule("memory.*", "ignore", "moves with the kernel; other fields tell the machine"),
    Rule("package.pytest*", "ignore", "takes no part in the rounds of a worker"),
    Rule("package.*", "warn", "a version"),
    Rule("python.implementation", "refuse", "another interpreter"),
    Rule("python.compiler", "warn", "the interpreter was built by another compiler"),
    Rule("python.version", "warn", "a version"),
    Rule("process.niceness", "warn", "another priority among the programs of its machine"),
    Rule("benchmark.timer", "refuse", "another clock"),
    Rule("benchmark.disable_gc", "refuse", "garbage was collected during the rounds of one side only"),
    Rule("benchmark.warmup", "warn", "one side warmed up"),
    Rule("system.release", "warn", "a version"),
    Rule("variable.*", "warn", "an environment variable of pytest"),
    Rule("worker.process_threads", "ignore", _MOMENT),
    Rule("worker.processors_busy_*", "ignore", _MOMENT),
    Rule("worker.processes_measured_again", "ignore", _MOMENT),
    Rule("worker.quota_periods", "ignore", _MOMENT),
    Rule("worker.throttled_periods", "ignore", _MOMENT),
    Rule("worker.gemm_flops_per_second", "ignore", _MOMENT),
    Rule("worker.peak_*", "ignore", "follows from the device"),
    Rule("worker.python", "ignore", "python.version says it"),
    Rule("worker.*", "warn", "an environment variable of the worker"),
    Rule("program.program_sha256", "ignore", _OUTCOME),
    Rule("program.last_loss", "ignore", _OUTCOME),
    Rule("program.donated_bytes", "ignore", _OUTCOME),
    # The times by which PyTorch's memory layout was chosen; the layout itself is program.layout.
    Rule("program.layout_chosen", "ignore", _OUTCOME),
    Rule("program.*", "warn", "another form of the program, or a version"),
    Rule("*", "warn", "nobody has said what it means"),
)


OF_THE_SESSION = ("preset", "in_process")
"""Fields of a saved run that say nothing of its machine."""


class Difference(msgspec.Struct, frozen=True, gc=False):
    """One field that is not the same on both sides."""

    field: str
    base: Scalar
    """None where it was not recorded."""
    head: Scalar
    action: Action
    """What the table says, whether or not it was allowed to pass."""
    reason: str


class RunsDifferError(RunFileError):
    """Two runs must not be compared. The message names the fields, both values, and what would let them pass."""


@cache
def rule_of(field: str) -> Rule:
    """The first line that fits the field. Kept: thousands of cases share a few dozen names."""
    return next(rule for rule in FIELDS if fnmatchcase(field, rule.pattern))


def differences(base: Mapping[str, Scalar], head: Mapping[str, Scalar]) -> list[Difference]:
    """What differs and is not ignored, in the order of the names.

    What one side did not record is not known to differ: it is warned of and never refused.
    """
    differing = []
    for field in sorted({name for name, _ in base.items() ^ head.items()}):
        base_value, head_value = base.get(field), head.get(field)
        if base_value != head_value and (rule := rule_of(field)).action != "ignore":
            action: Action = "warn" if base_value is None or head_value is None else rule.action
            differing.append(Difference(field, base_value, head_value, action, rule.reason))
    return told_once(differing)


def told_once(differing: Collection[Difference]) -> list[Difference]:
    """Without what a program repeats: it says its framework's version too."""
    names = [difference.field for difference in differing]
    packages = {name.removeprefix("package.") for name in names if name.startswith("package.")}
    return [difference for difference in differing if difference.field.removeprefix("program.") not in packages]


def refused(differing: Iterable[Difference], allow: Collection[str]) -> list[Difference]:
    """Those that forbid a comparison."""
    return [
        difference
        for difference in differing
        if difference.action == "refuse" and not is_allowed(difference.field, allow)
    ]


def refuse(differing: Iterable[Difference], allow: Collection[str], *, base: str, head: str) -> None:
    """Raises RunsDifferError where anything forbids the comparison of the runs of those names."""
    forbidding = {difference.field: difference for difference in refused(differing, allow)}
    if not forbidding:
        return
    reasons = "; ".join(
        f"{field} is {difference.base!r} there and {difference.head!r} here ({difference.reason})"
        for field, difference in forbidding.items()
    )
    flags = " ".join(f"--allow {field}" for field in forbidding)
    raise RunsDifferError(
        f"{head} cannot be compared with {base}: {reasons}. Compare runs that were made alike, or let it pass "
        f"with {flags}"
    )
