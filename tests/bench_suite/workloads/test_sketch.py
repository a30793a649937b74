"""A sketch tells how far two tensors are apart, whatever their size, and only that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from speedscore.bench_suite.workloads import sketch
from speedscore.bench_suite.workloads.sketch import PROJECTIONS, Sketch, distance, make_sketch, project

_TENSORS = hnp.arrays(
    np.float64,
    hnp.array_shapes(max_dims=4, max_side=6),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False),
)
_QUICK = settings(max_examples=25, deadline=None, derandomize=True)


@_QUICK
@given(_TENSORS, st.text(max_size=8))
def test_a_tensor_is_at_no_distance_from_itself(values: np.ndarray, name: str) -> None:
    assert distance(name, values, make_sketch(name, values)) == 0.0


@_QUICK
@given(_TENSORS, st.floats(-100, 100))
def test_a_projection_is_linear(values: np.ndarray, factor: float) -> None:
    expected = factor * project("w", values)
    size = float(np.abs(values).sum()) * max(abs(factor), 1.0)
    np.testing.assert_allclose(project("w", factor * values), expected, rtol=0, atol=1e-12 * size + 1e-12)


@_QUICK
@given(st.integers(0, 10_000), st.integers(100, 5_000), st.floats(1e-6, 1e3))
def test_the_distance_is_that_of_the_difference(seed: int, size: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    values = random.standard_normal(size)
    difference = scale * random.standard_normal(size)
    found = distance("w", values + difference, make_sketch("w", values))
    assert 0.4 < found / np.linalg.norm(difference) < 1.8


@_QUICK
@given(st.integers(0, 999))
def test_one_element_that_is_off_is_seen_in_full(index: int) -> None:
    values = np.ones(1000)
    other = values.copy()
    other[index] += 0.5
    assert distance("w", other, make_sketch("w", values)) == pytest.approx(0.5)


def test_a_transposed_square_is_far_away() -> None:
    values = np.random.default_rng(0).standard_normal((40, 40))
    assert distance("w", values.T, make_sketch("w", values)) > 0.5 * np.linalg.norm(values)


def test_signs_depend_on_the_name_and_on_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).standard_normal(5000)
    before = project("w", values)
    assert not np.allclose(project("v", values), before)
    # The chunk only bounds memory; a size that divides the tensor differently gives the same sums.
    monkeypatch.setattr(sketch, "_CHUNK", 1024)
    np.testing.assert_allclose(project("w", values), before, rtol=1e-12)


def test_a_value_that_is_not_finite_gives_no_finite_distance() -> None:
    reference = make_sketch("w", np.ones(3))
    for odd in (np.nan, np.inf):
        assert not np.isfinite(distance("w", np.array([1.0, odd, 1.0]), reference))


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"w: the reference has shape \(2, 3\), but found \(3, 2\)"):
        distance("w", np.zeros((3, 2)), make_sketch("w", np.zeros((2, 3))))


def test_a_sketch_has_all_its_projections() -> None:
    with pytest.raises(ValueError, match=f"has {PROJECTIONS} projections, but this one has 1"):
        Sketch((2,), 1.0, (0.5,))
