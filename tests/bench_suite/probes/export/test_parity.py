"""What is compared, and on which examples: others than the workload's own, and such as a model takes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from speedscore.bench_suite.probes.export.native import BATCHES, held_out_examples
from speedscore.bench_suite.probes.export.parity import relative_error
from speedscore.bench_suite.workloads.table import MODELS, make_workload

LOGITS = np.array([[3.0, 4.0], [0.0, 12.0]], dtype=np.float32)


def test_the_error_is_the_norm_of_the_difference_over_that_of_the_truth() -> None:
    assert relative_error(LOGITS, LOGITS) == 0.0
    off = LOGITS + np.array([[0.0, 0.0], [1.3, 0.0]], dtype=np.float32)
    assert relative_error(off, LOGITS) == pytest.approx(0.1)
    # Swapped examples have the same numbers in other places.
    assert relative_error(LOGITS[::-1], LOGITS) > 0.5


@pytest.mark.parametrize(
    "wrong", [LOGITS[:1], LOGITS[None], np.full_like(LOGITS, np.nan), np.full_like(LOGITS, np.inf)]
)
def test_another_shape_and_numbers_that_are_not_finite_are_never_near(wrong: NDArray[np.float32]) -> None:
    assert relative_error(wrong, LOGITS) == float("inf")


@pytest.mark.parametrize("model", MODELS)
def test_examples_are_new_and_such_as_the_model_takes(model: str) -> None:
    workload = make_workload(model, "smoke")
    own = workload.inputs()
    for size in BATCHES:
        examples = held_out_examples(workload, size)
        assert examples.shape == (size, *own.shape[1:])
        assert examples.dtype == own.dtype
        assert not any(np.array_equal(example, other) for example in examples for other in own)
        if own.dtype.kind == "i":
            assert own.min() <= examples.min()
            assert examples.max() <= own.max()
    assert not np.array_equal(held_out_examples(workload, 1)[0], held_out_examples(workload, 3)[0])


def test_segments_of_bert_are_segments_and_its_tokens_spread() -> None:
    workload = make_workload("bert", "smoke")
    own, examples = workload.inputs(), held_out_examples(workload, 3)
    tokens, segments = (examples[:, kind] for kind in (0, 1))
    assert set(np.unique(segments)) == set(np.unique(own[:, 1]))
    assert tokens.max() > segments.max()
