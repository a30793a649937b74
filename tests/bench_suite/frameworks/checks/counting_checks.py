"""That raw JAX's programs do no more work than those of the libraries on JAX; see ``running`` for how it is run.

No clock is needed: XLA counts the operations and bytes of what it compiled, and a row that stands for JAX itself must
not lose to a library by the way that it is written.
"""

from __future__ import annotations

from typing import Any

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.bench_suite.workloads.transformer import Transformer
from speedscore.record.phases import Role
from speedscore.record.run_record import Style
from tests.bench_suite.frameworks.checks.programs import given_threads

PROGRAMS = ("mlp", "resnet50", "gpt", "bert")
"""The models."""

_TOLERANCES = {"xla_flops": 1.02, "xla_bytes_accessed": 1.02, "xla_temporary_bytes": 1.1}
"""What libraries differ by without a difference in time: how a lookup treats an index out of bounds, how XLA happens to
pack its temporaries. The fault that this check was written for was 1.15 times the bytes."""


def raw_jax_counts_no_more_than_a_library(model: str) -> None:
    roles: tuple[Role, ...] = ("training", "throughput")
    styles: tuple[Style, ...] = ("idiomatic", "tuned")
    if model == "resnet50":
        # It takes as long to compile as the other models together, and all libraries share its tuned layers.
        roles, styles = roles[:1], styles[:1]
    for style in styles:
        lines = _lines(model, style)
        for role in roles:
            counts = {line.id: _count(line, model, role) for line in lines}
            raw = counts.get("jax-tuned") or counts["jax"]
            for name, tolerance in _TOLERANCES.items():
                least = min(counts, key=lambda library: counts[library][name])
                assert raw[name] <= tolerance * counts[least][name], (
                    f"{role}: {name} is {raw[name]:,} in raw JAX and {counts[least][name]:,} in {least}"
                )


def _lines(model: str, style: Style) -> list[Framework]:
    """Raw JAX, and of the style each library that is installed."""
    return [
        line
        for line in FRAMEWORKS.values()
        if line.ecosystem == "jax" and not line.missing_packages() and implementation(line, MODELS[model])
        if line.style == style or line.id == "jax"
    ]


def _count(line: Framework, model: str, role: Role) -> dict[str, int]:
    workload: Any = make_workload(model, "smoke")
    if isinstance(workload, Transformer):
        # Every block is the same, and compiling takes as long as there are blocks.
        workload = msgspec.structs.replace(workload, layers=2)
    program = line.load()(
        workload,
        implementation=implementation(line, MODELS[model]),
        role=role,
        device="cpu",
        variant=line.variant,
        threads=given_threads(),
    )
    program.compile()
    return program.counts()
