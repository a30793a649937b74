"""The word that a mistyped one may have meant."""

from __future__ import annotations

import pytest

from speedscore.text.suggestions import did_you_mean

KNOWN = ("card", "compare", "PyTorch", "jax-mlp")


@pytest.mark.parametrize(
    ("word", "meant"), [("crad", "card"), ("copmare", "compare"), ("pytroch", "PyTorch"), ("JAX-MPL", "jax-mlp")]
)
def test_the_most_like_is_suggested_as_it_is_spelled(word: str, meant: str) -> None:
    assert did_you_mean(word, KNOWN) == f"; did you mean {meant!r}?"


@pytest.mark.parametrize("word", ["", "zebra"])
def test_where_none_is_like_it_nothing_is_suggested(word: str) -> None:
    assert did_you_mean(word, KNOWN) == ""
    assert did_you_mean(word, ()) == ""
