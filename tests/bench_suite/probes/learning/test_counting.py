"""Lines, tokens and names are those of what the code says, however it is written; differences are of both sides."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.bench_suite.probes.learning.counting import (
    count_change,
    interface_names,
    list_tokens,
    normalised_lines,
)
from speedscore.bench_suite.probes.learning.reaching import Module

WRITTEN_LONG = '''
import jax.numpy as jnp  # a comment


def double(
    x,
):

    """A docstring."""
    return (
        2 * x
    )
'''
STATEMENTS = st.lists(st.sampled_from(["a = 1", "b = f(a)", "c = [a, b]", "d = a + b"]), max_size=8)


def test_layout_and_comments_count_for_nothing() -> None:
    assert normalised_lines(ast.parse("def f(\n    x,\n):\n\n    # why\n    return (\n        2 * x\n    )\n")) == [
        "def f(x):",
        "    return 2 * x",
    ]
    assert list_tokens("x = 2 * x  # twice\n\n") == ["x", "=", "2", "*", "x"]
    short = "import jax.numpy as jnp\ndef double(x):\n    return 2 * x\n"
    change = count_change(WRITTEN_LONG, short)
    assert (change.lines_removed, change.lines_added, change.tokens_removed, change.tokens_added) == (0, 0, 0, 0)
    assert change.lines_before == change.lines_after == 3


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import jax\njax.nn.gelu(x)", {"jax.nn.gelu"}),
        ("import jax.numpy as jnp\njnp.ones(3).reshape(1)", {"jax.numpy.ones"}),
        ("from torch import nn\nnn.Linear(1, 2)", {"torch.nn.Linear"}),
        ("from torch.nn.functional import gelu\ngelu(x)", {"torch.nn.functional.gelu"}),
        ("import flax.linen\nflax.linen.Dense(3)", {"flax.linen.Dense"}),
        ("from flax import linen as nn\n_nn: object = nn\n_nn.max_pool(x)", {"flax.linen.max_pool"}),
        # One name, however often it is used, and none that only leads to another.
        ("import torch\ntorch.nn.Linear(1, 1)\ntorch.nn.Linear(2, 2)", {"torch.nn.Linear"}),
        # Neither another package's, nor a method of what is no import.
        ("import numpy as np\nnp.ones(3)\nx.sum()", set()),
        ("import torch", set()),
    ],
)
def test_names_are_resolved_through_imports(source: str, expected: set[str]) -> None:
    module = Module.parse("sample", source)
    found = interface_names(ast.parse(source), imports=module.imports, packages=("jax", "torch", "flax"))
    assert found == expected


@given(before=STATEMENTS, after=STATEMENTS)
def test_a_difference_accounts_for_every_line(before: Sequence[str], after: Sequence[str]) -> None:
    change = count_change("\n".join(before), "\n".join(after))
    assert change.lines_before - change.lines_removed + change.lines_added == change.lines_after
    assert (change.lines_removed + change.lines_added == 0) == (list(before) == list(after))
    back = count_change("\n".join(after), "\n".join(before))
    assert (back.lines_before, back.lines_after) == (change.lines_after, change.lines_before)


def test_one_word_that_changes_is_one_line_and_one_token_on_each_side() -> None:
    change = count_change("x = 1\ny = f(x)\n", "x = 1\ny = g(x)\n")
    assert (change.lines_removed, change.lines_added, change.tokens_removed, change.tokens_added) == (1, 1, 1, 1)
