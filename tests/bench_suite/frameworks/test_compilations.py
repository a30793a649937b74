"""Seconds of pieces of work that end one after the other, some of them inside others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.bench_suite.frameworks.compilations import NestedSeconds

Piece = tuple[float, float]
"""Beginning and end."""


@st.composite
def nested(draw: st.DrawFn, *, depth: int = 3) -> list[Piece]:
    """Pieces in the order of their ends, each inside another one or beside it, as calls are."""
    pieces: list[Piece] = []

    def call(began: float, depth: int) -> float:
        now = began
        for _ in range(draw(st.integers(0, 3)) if depth else 0):
            now = call(now + draw(st.floats(0.01, 1.0)), depth - 1)
        ended = now + draw(st.floats(0.01, 1.0))
        pieces.append((began, ended))
        return ended

    now = 0.0
    for _ in range(draw(st.integers(0, 4))):
        now = call(now + draw(st.floats(0.01, 1.0)), depth)
    return pieces


@given(nested())
def test_one_piece_inside_another_counts_once(pieces: list[Piece]) -> None:
    spent = NestedSeconds()
    for began, ended in pieces:
        spent.add(ended=ended, seconds=ended - began)
    outer = [
        (began, ended)
        for began, ended in pieces
        if not any(other_began < began and ended < other_ended for other_began, other_ended in pieces)
    ]
    assert spent.total == pytest.approx(sum(ended - began for began, ended in outer))
