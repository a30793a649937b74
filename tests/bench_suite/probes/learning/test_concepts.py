"""A concept is found where one of its rules fires and nowhere else, and the published rules know their own examples."""

from __future__ import annotations

import ast

import pytest

from speedscore.bench_suite.probes.learning.concepts import Concept, load_concepts
from speedscore.bench_suite.probes.learning.files import learning_folder
from speedscore.bench_suite.probes.learning.reaching import Module

CONCEPTS = {concept.name: concept for concept in load_concepts(learning_folder() / "concepts.toml")}


def found(source: str) -> set[str]:
    tree, imports = ast.parse(source), Module.parse("sample", source).imports
    return {name for name, concept in CONCEPTS.items() if concept.found_in(tree, imports=imports)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import jax\nkey = jax.random.key(0)", {"explicit random keys"}),
        ("import jax\ndef split(key): return jax.random.split(key)", {"explicit random keys"}),
        ("def make(rngs): pass", {"explicit random keys"}),
        ("from flax import nnx\nclass M(nnx.Module): pass", {"module system"}),
        ("from torch import nn\nclass M(nn.Module): pass", {"module system"}),
        ("import jax\nstep = jax.jit(f, donate_argnums=0)", {"compile boundary", "donation"}),
        ("import tensorflow as tf\nwith tf.GradientTape() as tape: pass", {"recorded gradients"}),
        ("loss.backward()\noptimizer.zero_grad()", {"recorded gradients", "clearing gradients"}),
        ("model.train()", {"two modes"}),
        ("def apply(params, state): pass", {"explicit parameters", "explicit state"}),
        ("import tensorflow as tf\nwith tf.compat.v1.Session() as s: pass", {"session and graph"}),
    ],
)
def test_each_rule_fires_on_what_it_is_about(source: str, expected: set[str]) -> None:
    assert found(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        # The same words, but not the framework's: another package's jit, a name of one's own, a class without a base.
        "import numba\nstep = numba.jit(f)",
        "def jit(f): return f\njit(g)",
        "class Module: pass\nclass M(Module): pass",
        "import random\nrandom.random()",
        "import jax.numpy as jnp\njnp.ones(3)",
        # Keys that no random number is drawn from: attention's, a dictionary's, and NumPy's generator.
        "def attend(query, key, value): pass",
        "sorted(entries, key=lambda key: entries[key])",
        "def draw(rng): return rng.normal()",
        # An attribute that is read and not called, and a function of an interface of that name.
        "backward = loss.backward",
        "import shop\nshop.train()",
        "'jax.jit'  # donate_argnums",
    ],
)
def test_no_rule_fires_on_what_only_looks_like_it(source: str) -> None:
    assert found(source) == set()


def test_a_concept_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="has no rule"):
        Concept("empty", meaning="nothing")
