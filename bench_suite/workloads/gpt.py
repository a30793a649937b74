"""A decoder-only language model in the form of GPT-2 (Radford et al. 2019): pre-norm blocks, tied head, AdamW.

Here stand its shapes, data, weights and FLOPs. It never computes a forward pass: ``gpt_reference`` does.

Canonical names, with D the width, V the vocabulary, T the context, i from 0: ``wte.embedding`` [V, D], which is also
the head; ``wpe.embedding`` [T, D]; ``block{i}.ln1``, ``block{i}.ln2``, ``ln_f`` with ``.scale`` and ``.bias`` [D];
``block{i}.attn.{query,key,value,proj}`` with ``.kernel`` [D, D] and ``.bias``; ``block{i}.mlp.fc`` with ``.kernel``
[D, 4D] and ``block{i}.mlp.proj`` with ``.kernel`` [4D, D]. Head h of the attention is columns h·D/heads onward.
GELU has its tanh form, attention is causal and scaled by 1/√(head width), there is no dropout, and the loss is the mean
cross-entropy of the next token over all positions.
"""

from __future__ import annotations

from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.tf32 import tf32_tolerances
from speedscore.bench_suite.workloads.transformer import Transformer, make_presets
from speedscore.bench_suite.workloads.workload import AdamW, Tolerances, Weights
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32

NORM_EPSILON = 1e-5
"""Of every layer normalisation, added to the variance."""


class Gpt(Transformer, frozen=True, kw_only=True):
    """The workload at one preset; what ``cut`` names was cut against GPT-2 124M. Every position is trained."""

    model: str = "gpt"

    def parameters(self) -> Weights:
        # GPT-2's own sizes. Small embeddings also make the first block's epsilon count: their variance is near 5e-4.
        embeddings = {"wte": (self.vocabulary, 0.02), "wpe": (self.context, 0.01)}
        return canonical.merge(
            (self._embedding_tables(embeddings), *map(self._block, range(self.layers)), self._norm("ln_f"))
        )

    def _block(self, index: int) -> Weights:
        block = f"block{index}"
        return canonical.merge(
            (
                self._norm(f"{block}.ln1"),
                self._attention(f"{block}.attn"),
                self._norm(f"{block}.ln2"),
                self._feed_forward(f"{block}.mlp"),
            )
        )

    def _tokens(self) -> NDArray[np.int32]:
        return canonical.integers("tokens", (self.batch, self.context + 1), below=self.vocabulary)

    def inputs(self) -> NDArray[np.int32]:
        """[batch, context]."""
        return np.ascontiguousarray(self._tokens()[:, :-1])

    def targets(self) -> NDArray[np.int32]:
        """[batch, context]: the token after each of ``inputs``."""
        return np.ascontiguousarray(self._tokens()[:, 1:])

    def describe(self) -> dict[str, Scalar]:
        return super().describe() | {"attention_flops": "full square"}


_OPTIMIZER = AdamW(learning_rate=3e-4, beta1=0.9, beta2=0.95, epsilon=1e-8, weight_decay=0.1)

_TOLERANCES = Tolerances(
    outputs=1e-5,
    loss=1e-6,
    gradients=5e-5,
    update=4e-3,
    reason=(
        "About ten times the worst on the CPU of JAX, PyTorch eager and compiled at smoke and small, and of PyTorch "
        "eager at full: outputs 8.2e-7, loss 3.4e-8, gradients 4.2e-6, update 2.9e-4 (Adam divides the smallest "
        "gradients by themselves). GELU with the error function is 2.0e-4 off in the outputs, a LayerNorm epsilon of "
        "1e-6 1.6e-2; torch's default weight decay is 0.17 off in the update."
    ),
)

_BFLOAT16 = Tolerances(
    outputs=4e-2,
    loss=2e-4,
    gradients=0.1,
    update=0.36,
    optimizer=5e-2,
    least_outputs=2e-3,
    reason=(
        "As of mlp. The worst on the CPU of JAX, Flax, PyTorch and TensorFlow at smoke, and of PyTorch at small: "
        "outputs 1.3e-2, loss 5.6e-5, gradients 3.2e-2, update 0.12, an optimizer's step 1.7e-2 (the step and the "
        "gradients are two programs to XLA, whose roundings differ). No honest program was nearer than 4.4e-3 in the "
        "outputs. A LayerNorm epsilon of 1e-6, 1.6e-2 off, and the other form of GELU are not seen here but in the "
        "case in float32."
    ),
)
_TOLERANCES_BELOW_FLOAT32: dict[Precision, Tolerances] = {"bfloat16": _BFLOAT16, "tf32": tf32_tolerances(_BFLOAT16)}

_PRESETS = make_presets(
    partial(Gpt, batch=4, optimizer=_OPTIMIZER, tolerances=_TOLERANCES),
    vocabulary=50257,
    context=1024,
    layers=12,
    width=768,
    heads=12,
)


def make(preset: str, precision: Precision = FLOAT32) -> Gpt:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    workload = canonical.pick(_PRESETS, "gpt", preset)
    if precision == FLOAT32:
        return workload
    return msgspec.structs.replace(workload, precision=precision, tolerances=_TOLERANCES_BELOW_FLOAT32[precision])
