"""A fresh batch has the workload's shapes and types, and no example that a program could have seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.bench_suite.workloads.batches import Batches
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.record.phases import Role
from tests.bench_suite.measuring import tiny

NUMBERS = st.integers(0, 2**62 - 1)
MODELS = ["mlp", "gpt", "bert"]


@pytest.mark.parametrize("role", ["training", "inference", "throughput"])
@pytest.mark.parametrize("model", MODELS)
def test_a_batch_is_of_the_shapes_and_types_of_the_own_and_within_its_values(model: str, role: Role) -> None:
    workload = make_workload(model, "smoke")
    own = workload.single_input() if role == "inference" else workload.inputs()
    batches = Batches(workload, role)
    inputs, targets = batches.draw(7)
    assert (inputs.shape, inputs.dtype) == (own.shape, own.dtype)
    assert (targets.shape, targets.dtype) == (workload.targets().shape, workload.targets().dtype)
    assert workload.inputs().min() <= inputs.min() <= inputs.max() <= workload.inputs().max()
    assert sorted(targets.reshape(-1)) == sorted(workload.targets().reshape(-1))
    assert batches.bytes == inputs.nbytes + targets.nbytes


@given(number=NUMBERS, other=NUMBERS)
def test_a_number_gives_its_batch_again_and_another_gives_another(number: int, other: int) -> None:
    batches = Batches(tiny.make("smoke"), "training")
    inputs, targets = batches.draw(number)
    inputs_again, targets_again = batches.draw(number)
    assert np.array_equal(inputs, inputs_again)
    assert np.array_equal(targets, targets_again)
    assert (number == other) == np.array_equal(inputs, batches.draw(other)[0])


@pytest.mark.parametrize("model", MODELS)
def test_no_example_is_one_of_the_workloads_own(model: str) -> None:
    workload = make_workload(model, "smoke")
    own = {example.tobytes() for example in workload.inputs()}
    drawn = [example.tobytes() for number in range(20) for example in Batches(workload, "throughput").draw(number)[0]]
    assert own.isdisjoint(drawn)
    # Tokens are spliced at one of so many places only.
    assert len(set(drawn)) > 0.8 * len(drawn)


def test_whoever_writes_into_a_batch_changes_no_other() -> None:
    batches = Batches(tiny.make("smoke"), "training")
    inputs, targets = batches.draw(1)
    wanted = inputs.copy(), targets.copy()
    inputs[:], targets[:] = 0, 0
    assert all(map(np.array_equal, batches.draw(1), wanted))
