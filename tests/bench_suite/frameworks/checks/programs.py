"""What the checks of every framework need: a program built by its folder's name, its certificate, an expected refusal.

It imports no framework itself; building a program does.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.workers.profiled_steps import profile_steps
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.bench_suite.workloads.workload import Weights, Workload
from speedscore.record.phases import DeviceName, Role
from speedscore.record.run_record import Check

FRAMEWORKS = "speedscore.bench_suite.frameworks"

_threads = 1


def set_threads(threads: int) -> None:
    """How many every program of this process is told to use."""
    global _threads
    _threads = threads


def given_threads() -> int:
    return _threads


def build(
    folder: str,
    model: str,
    role: Role = "training",
    *,
    workload: Workload | None = None,
    device: DeviceName = "cpu",
    variant: str = "",
    threads: int | None = None,
) -> Any:
    """The program of a framework's folder for a model at preset smoke; tests look into it, so it has no type here."""
    return importlib.import_module(f"{FRAMEWORKS}.{folder}.program").build(
        workload or make_workload(model, "smoke"),
        implementation=f"{FRAMEWORKS}.{folder}.{model}",
        role=role,
        device=device,
        variant=variant,
        threads=threads or _threads,
    )


def failed_check(folder: str, model: str, role: Role = "training", *, variant: str = "") -> Check | None:
    """The first check of the certificate that a compiled program fails; None when it passes."""
    built = build(folder, model, role, variant=variant)
    built.compile()
    return certify(built, make_workload(model, "smoke"), role).first_failure


def require_hollow(built: Any) -> None:
    """The step whose dispatch is timed takes over all its memory, computes nothing, and runs again and again."""
    hollow, carry = built._driver.compile_hollow_step(built._carry, *built._batch)
    text = hollow.executable.as_text()
    operations = set(re.findall(r"^ +(?:ROOT )?%?[\w.\-]+ = .*? ([\w\-]+)\(", text, flags=re.MULTILINE))
    # What is copied is the constant that stands for the loss.
    assert operations == {"parameter", "constant", "copy", "tuple"}
    arrays = sum(array_type.startswith("f32[1]") for array_type in re.findall(r" = (\S+) parameter\(", text))
    assert arrays >= 3 * len(built.weights()) / 2, "parameters and both moments, where query, key and value are one"
    assert hollow.donated_bytes >= 4 * arrays, "what was not taken over would be copied, leaf by leaf"
    hollow.call(carry, *built._batch)
    before, dispatch = built.weights(), built.dispatch()
    for _ in range(3):
        dispatch()
    assert same(built.weights(), before)


def require_refused(action: Callable[[], object], kind: type[Exception], words: str) -> None:
    """The action raises ``kind`` with these words in its message."""
    with pytest.raises(kind, match=re.escape(words)):
        action()


def same(found: Weights, expected: Weights) -> bool:
    """The same tensors, to the last bit."""
    return found.keys() == expected.keys() and all((found[name] == expected[name]).all() for name in expected)


class Kept:
    """A workload that gives the same arrays each time, so that a write into them would be seen."""

    def __init__(self, workload: Workload) -> None:
        self._workload, self._parameters = workload, workload.parameters()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._workload, name)

    def parameters(self) -> Weights:
        return self._parameters


def profile(folder: str, built: Any) -> tuple[str, ...]:
    """The files of a profile of a compiled program; what takes it is imported by nothing else."""
    module = f"{FRAMEWORKS}.{folder}.profiling"
    assert module not in sys.modules, "a session that profiles nothing would pay for it"
    with TemporaryDirectory() as parent:
        target = Path(parent) / "profile"
        names = profile_steps(built, role="training", folder=target)
        assert module in sys.modules
        assert all((target / name).stat().st_size for name in names)
    assert np.isfinite(built.loss())
    return names
