"""Certifies PyTorch's programs in bfloat16, right ones and wrong ones, and prints what the certificate says.

Run as a process of its own, for the pytest process never imports a framework: ``python precision_mutants.py MODEL …``.
The wrong ones are those of ``mutants``, and two that only a precision can have: a program that computes in another one
than its case says, in either direction.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.host.peaks import Precision
from speedscore.record.phases import Role
from tests.bench_suite.workers.mutants import MUTATIONS

LINE = "torch"


@contextmanager
def in_float32(workload: Workload, framework: Framework) -> Iterator[Any]:
    """The program of another case, whose time would be taken for that of this one."""
    del framework
    yield make_workload(workload.model, workload.preset)


@contextmanager
def in_bfloat16(workload: Workload, framework: Framework) -> Iterator[Any]:
    del framework
    yield make_workload(workload.model, workload.preset, "bfloat16")


def certify_mutants(model: str) -> None:
    mixed: Precision = "bfloat16"
    for name, (role, mutation) in MUTATIONS[model].items():
        say(model, name, mutation, role=role, precision=mixed)
    say(model, "computes in float32", in_float32, role="throughput", precision=mixed)
    say(model, "a float32 case computes in bfloat16", in_bfloat16, role="throughput", precision="float32")


def say(model: str, name: str, mutation: Any, *, role: Role, precision: Precision) -> None:
    framework, workload = FRAMEWORKS[LINE], make_workload(model, "smoke", precision)
    with mutation(workload, framework) as given:
        mutant = framework.load()(
            given,
            implementation=implementation(framework, MODELS[model]),
            role=role,
            device="cpu",
            variant=framework.variant,
            threads=1,
        )
        certificate = certify(mutant, workload, role)
    failure = certificate.first_failure
    print(json.dumps([model, name, failure.quantity if failure else "", certificate.worst_ratio]), flush=True)


if __name__ == "__main__":
    for chosen in sys.argv[1:]:
        certify_mutants(chosen)
