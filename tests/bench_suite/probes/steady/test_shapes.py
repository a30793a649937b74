"""A new batch size: what a program answers there, and from which step on compiling has paid."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.compilations import Compilations
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.probes.production.programs import start_program
from speedscore.bench_suite.probes.steady import shapes
from speedscore.bench_suite.probes.steady.hiccups import TOO_BUSY
from speedscore.bench_suite.probes.steady.shapes import ROUNDS, judge, list_cases, pay_off, without_caches
from speedscore.bench_suite.probes.steady.sizes import change_size
from speedscore.bench_suite.probes.tools import Tools
from speedscore.bench_suite.workers.isolation import process_variables
from speedscore.bench_suite.workloads.reference_steps import mean_loss
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.host.processors import usable_processors

SECONDS = st.floats(1e-4, 10.0)


class MadeUpProgram:
    """Compiles for every new number of examples, and answers by looking each example up."""

    def __init__(self, workload: Any, logits: NDArray[np.float32], *, fault: str = "") -> None:
        self._answers = {row.tobytes(): answer for row, answer in zip(workload.inputs(), logits, strict=True)}
        self._fault = fault
        self.compiled = 0
        self.feed(workload.inputs(), workload.targets())

    def feed(self, inputs: Any, targets: Any) -> None:
        self._inputs, self._targets = inputs, targets

    def load(self) -> None:
        """It never learns."""

    def compile(self) -> dict[str, float]:
        if self._fault == "refuses":
            raise ValueError("expected 128 examples")
        self.compiled += 1
        return {"trace_seconds": 2.0, "backend_compile_seconds": 3.0}

    def step(self) -> None:
        """Nothing is queued."""

    def wait(self) -> None:
        """Everything is there."""

    def loss(self) -> float:
        loss = mean_loss(self.forward(), self._targets)
        return math.nan if self._fault == "no number" else loss

    def forward(self) -> NDArray[np.float32]:
        answers = np.stack([self._answers[row.tobytes()] for row in self._inputs])
        return answers[::-1] if self._fault == "answers for other examples" else answers


def at_first_size(fault: str = "") -> dict[str, Any]:
    """The memory of a process whose program stands at its first size."""
    workload = make_workload("mlp", "smoke")
    logits = np.random.default_rng(0).standard_normal((len(workload.targets()), 10), dtype=np.float32)
    program = MadeUpProgram(workload, logits, fault=fault)
    return {
        "program": program,
        "workload": workload,
        "logits": logits,
        "watch": lambda: Compilations(program.compiled, None),
    }


def seen(**changed: Any) -> dict[str, Any]:
    """What two processes told of a compiled program that is twice as fast as the eager one."""
    size = {
        "seconds": 1.0,
        "withheld_seconds": 0.1,
        "compiled": 1,
        "errors": {"loss": 0.0, "outputs": 0.0},
        "limits": {"loss": 1e-6, "outputs": 1e-6},
    }
    told: dict[str, Any] = {
        "sizes": (4, 6, 8),
        "first": {"seconds": 3.0, "step_seconds": 0.01},
        "second": size,
        "third": {**size, "seconds": 0.5},
        "eager_second": {**size, "seconds": 0.02},
        "rounds": [0.01] * ROUNDS,
        "eager_rounds": [0.02] * ROUNDS,
    }
    return told | changed


def test_a_program_that_answers_for_each_of_the_examples_is_right_at_any_size() -> None:
    memory = at_first_size()
    for examples in (192, 256, 1):
        changed = change_size(memory, examples=examples)
        assert changed["seconds"] >= 5.0, "the stages of compiling are part of the first result"
        assert changed["compiled"] == 1
        assert judge(seen(second=changed), versions={"sample": "1"}).outcome == "pays"


@pytest.mark.parametrize("fault", ["answers for other examples", "no number"])
def test_wrong_numbers_at_the_new_size_pay_for_nothing(fault: str) -> None:
    changed = change_size(at_first_size(fault), examples=192)
    answer = judge(seen(second=changed), versions={"sample": "1"})
    assert answer.outcome == "wrong numbers"
    assert "at the new size: error" in answer.reason
    assert judge(seen(third=changed), versions={"sample": "1"}).outcome == "wrong numbers"


def test_a_size_that_is_refused_is_an_answer_with_the_frameworks_words() -> None:
    changed = change_size(at_first_size("refuses"), examples=192)
    answer = judge(seen(second=changed), versions={"sample": "1"})
    assert (answer.outcome, answer.reason) == ("refused", "ValueError: expected 128 examples")
    assert "new_size_seconds" not in answer.measurements
    third = judge(seen(third=changed), versions={"sample": "1"})
    assert (third.outcome, third.reason) == ("pays", "ValueError: expected 128 examples")
    assert "third_size_seconds" not in third.measurements


def test_a_compilation_that_others_held_up_for_long_says_nothing_of_when_it_pays() -> None:
    second = seen()["second"] | {"withheld_seconds": 0.25}
    answer = judge(seen(second=second), versions={"sample": "1"})
    assert answer.outcome == TOO_BUSY
    assert "break_even_steps" not in answer.measurements
    assert judge(seen(second=second, rounds=[0.03] * ROUNDS), versions={"sample": "1"}).outcome == "never pays"


def test_without_eager_pytorch_nothing_is_said_of_paying() -> None:
    told = seen(eager_rounds=[])
    del told["eager_second"]
    answer = judge(told, versions={"sample": "1"})
    assert answer.outcome == "no eager"
    assert answer.measurements["new_size_seconds"] == [1.0]
    assert not any("eager" in name or "break_even" in name for name in answer.measurements)


def test_a_size_that_eager_pytorch_refuses_costs_the_compiled_line_nothing_but_the_comparison(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class MadeUpProcess:
        """Answers what the process of a compiled line would, or that of eager PyTorch, which takes no other size."""

        def __init__(self, framework: str) -> None:
            self.is_eager = framework == "torch"

        def call(self, function: str, **_: Any) -> Any:
            match function.rpartition(":")[2]:
                case "start_at_first_size":
                    return seen()["first"]
                case "change_size":
                    return {"refused": "ValueError: expected 4 examples"} if self.is_eager else seen()["second"]
            assert not self.is_eager, "there is nothing to time at a size that was refused"
            return 0.01

        def versions(self, *_: str) -> dict[str, str]:
            return {"sample": "1"}

        def freeze(self) -> None:
            """It never runs."""

    monkeypatch.setattr(shapes, "start_program", lambda _, framework, **__: MadeUpProcess(framework))
    here = {name: msgspec.structs.replace(FRAMEWORKS[name], packages=()) for name in ("jax", "torch")}
    monkeypatch.setattr(shapes, "FRAMEWORKS", here)
    tools = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=60.0)
    try:
        answer = shapes.ask(ProbeCase("shapes", "jax", subject="mlp"), tools)
    finally:
        tools.close()
    assert (answer.outcome, answer.observations["eager_refused"]) == ("no eager", "ValueError: expected 4 examples")
    assert len(answer.measurements["new_size_step_seconds"]) == ROUNDS
    assert not any("eager" in name for name in answer.measurements)


@given(first=SECONDS, step=SECONDS, eager_first=SECONDS, saved=st.floats(1e-3, 10.0))
def test_before_the_break_even_eager_is_ahead_and_from_there_on_the_compiled_program(
    first: float, step: float, eager_first: float, saved: float
) -> None:
    first, eager_first, eager_step = first + step, eager_first + step + saved, step + saved
    paid = pay_off(
        first_seconds=first,
        steps_seconds=[step] * ROUNDS,
        eager_first_seconds=eager_first,
        eager_steps_seconds=[eager_step] * ROUNDS,
    )
    assert paid.outcome == "pays"
    assert paid.steps is not None

    def lead(steps: int) -> float:
        """Seconds that the compiled program is ahead after so many steps, the first result among them."""
        return (eager_first + (steps - 1) * eager_step) - (first + (steps - 1) * step)

    assert lead(paid.steps) >= -1e-6
    assert paid.steps == 0 or lead(paid.steps - 1) <= 1e-6


@given(
    step=SECONDS,
    slower=st.floats(0.0, 1.0),
    other=st.lists(st.booleans(), min_size=ROUNDS, max_size=ROUNDS),
)
def test_who_is_not_faster_in_nearly_all_rounds_is_not_called_faster(
    step: float, slower: float, other: list[bool]
) -> None:
    eager = [step * (1.1 if faster else 0.9) for faster in other]
    paid = pay_off(first_seconds=1.0, steps_seconds=[step] * ROUNDS, eager_first_seconds=1.0, eager_steps_seconds=eager)
    wins = sum(other)
    assert paid.outcome == ("pays" if wins >= ROUNDS - 1 else "never pays" if wins <= 1 else "undecided")
    slow = pay_off(
        first_seconds=1.0,
        steps_seconds=[step * (1 + slower)] * ROUNDS,
        eager_first_seconds=1.0,
        eager_steps_seconds=[step] * ROUNDS,
    )
    assert (slow.outcome, slow.steps) == ("never pays", None)


def test_each_outcome_is_one_of_the_familys_and_every_compiled_line_is_asked() -> None:
    outcomes = FAMILIES["shapes"].outcomes
    assert {"pays", "never pays", "undecided", TOO_BUSY, "no eager", "refused", "wrong numbers"} == {*outcomes}
    cases = list_cases()
    assert {case.target for case in cases if case.framework == "torch-compile"} == {"static", "dynamic"}
    assert "torch" not in {case.framework for case in cases}
    assert not any(case.is_quick for case in cases)


def test_a_real_program_compiles_once_for_each_size_and_is_right_there() -> None:
    if FRAMEWORKS["jax"].missing_packages():
        pytest.skip(f"jax is not installed: {FRAMEWORKS['jax'].remedy}")
    tools = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=120.0)
    sizes = "speedscore.bench_suite.probes.steady.sizes"
    try:
        process = start_program(tools, framework="jax", model="mlp")
        verbs = "speedscore.bench_suite.frameworks.jax.probing.compilations"
        process.call(f"{sizes}:start_at_first_size", model="mlp", preset="smoke", verbs=verbs)
        changed = [process.call(f"{sizes}:change_size", examples=examples) for examples in (192, 256)]
        assert process.call(f"{sizes}:time_one_round") > 0.0
    finally:
        tools.close()
    assert [each["compiled"] for each in changed] == [1, 1]
    assert judge(seen(second=changed[0], third=changed[1]), versions={"sample": "1"}).outcome != "wrong numbers"


def test_no_framework_keeps_anything_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the sizes before have left there would make a size that is compiled anew look cheap."""
    own = f"--tf_xla_persistent_cache_directory='{tmp_path / 'of a user'}'"
    monkeypatch.setenv("TF_XLA_FLAGS", f"{own} --tf_xla_cpu_global_jit")
    variables = process_variables(processors=1, caches=tmp_path, device="cpu") | without_caches()
    assert variables["TF_XLA_FLAGS"] == "--tf_xla_cpu_global_jit"
    assert variables["JAX_ENABLE_COMPILATION_CACHE"] == "false"
    assert str(tmp_path) not in variables["TF_XLA_FLAGS"]
