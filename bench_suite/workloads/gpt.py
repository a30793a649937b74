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

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.workload import AdamW, Tolerances, Weights

NORM_EPSILON = 1e-5
"""Of every layer normalisation, added to the variance."""


class Gpt(msgspec.Struct, frozen=True):
    """The workload at one preset."""

    preset: str
    vocabulary: int
    context: int
    """Tokens in an example; every position is trained."""
    layers: int
    width: int
    heads: int
    batch: int
    cut: str
    """What the preset cut against GPT-2 124M, or ``none``."""
    optimizer: AdamW
    tolerances: Tolerances
    model: str = "gpt"

    def parameters(self) -> Weights:
        return canonical.merge((self._embeddings(), *map(self._block, range(self.layers)), self._norm("ln_f")))

    def _norm(self, name: str) -> Weights:
        return canonical.norm(name, self.width)

    def _embeddings(self) -> Weights:
        # GPT-2's own sizes. Small embeddings also make the first block's epsilon count: their variance is near 5e-4.
        shapes = {
            "wte.embedding": ((self.vocabulary, self.width), 0.02),
            "wpe.embedding": ((self.context, self.width), 0.01),
        }
        return {
            name: canonical.normal(name, shape, standard_deviation=deviation)
            for name, (shape, deviation) in shapes.items()
        }

    def _block(self, index: int) -> Weights:
        block, width = f"block{index}", self.width
        # As in GPT-2, what is added to the residual stream shrinks with the depth, here relative to a unit gain.
        residual_gain = (2 * self.layers) ** -0.5
        return canonical.merge(
            (
                self._norm(f"{block}.ln1"),
                *(
                    canonical.dense(f"{block}.attn.{part}", width, width, gain=1.0, bias=0.1)
                    for part in ("query", "key", "value")
                ),
                canonical.dense(f"{block}.attn.proj", width, width, gain=residual_gain, bias=0.02),
                self._norm(f"{block}.ln2"),
                canonical.dense(f"{block}.mlp.fc", width, 4 * width, gain=1.0, bias=0.1),
                canonical.dense(f"{block}.mlp.proj", 4 * width, width, gain=residual_gain, bias=0.02),
            )
        )

    def state(self) -> Weights:
        return {}

    def _tokens(self) -> NDArray[np.int32]:
        return canonical.integers("tokens", (self.batch, self.context + 1), below=self.vocabulary)

    def inputs(self) -> NDArray[np.int32]:
        """[batch, context]."""
        return np.ascontiguousarray(self._tokens()[:, :-1])

    def targets(self) -> NDArray[np.int32]:
        """[batch, context]: the token after each of ``inputs``."""
        return np.ascontiguousarray(self._tokens()[:, 1:])

    def single_input(self) -> NDArray[np.int32]:
        """[1, context]."""
        return self.inputs()[:1]

    def training_flops(self) -> int:
        """Three times the forward pass: each product there has two gradients, and the lookups have no product."""
        return 3 * self._forward_flops(self.batch)

    def inference_flops(self) -> int:
        """One forward pass, the head at every position."""
        return self._forward_flops(1)

    def throughput_flops(self) -> int:
        """One forward pass of the batch, the head at every position."""
        return self._forward_flops(self.batch)

    def _forward_flops(self, batch: int) -> int:
        """Matrix products only. Attention counts the full T × T square, though causal kernels skip half of it."""
        tokens = batch * self.context
        projections = 2 * tokens * 12 * self.width**2
        attention = 2 * (2 * tokens * self.context * self.width)
        head = 2 * tokens * self.width * self.vocabulary
        return self.layers * (projections + attention) + head

    def describe(self) -> dict[str, str | int | float | bool | None]:
        return {
            "batch": self.batch,
            "context": self.context,
            "vocabulary": self.vocabulary,
            "layers": self.layers,
            "width": self.width,
            "heads": self.heads,
            "attention_flops": "full square",
            "cut": self.cut,
        }


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

_PRESETS = {
    workload.preset: workload
    for workload in (
        Gpt(
            "smoke",
            vocabulary=512,
            context=64,
            layers=4,
            width=128,
            heads=4,
            batch=4,
            cut="vocabulary, context, layers, width, heads",
            optimizer=_OPTIMIZER,
            tolerances=_TOLERANCES,
        ),
        Gpt(
            "small",
            vocabulary=4096,
            context=128,
            layers=12,
            width=256,
            heads=8,
            batch=4,
            cut="vocabulary, context, width, heads",
            optimizer=_OPTIMIZER,
            tolerances=_TOLERANCES,
        ),
        Gpt(
            "full",
            vocabulary=50257,
            context=1024,
            layers=12,
            width=768,
            heads=12,
            batch=4,
            cut="none",
            optimizer=_OPTIMIZER,
            tolerances=_TOLERANCES,
        ),
    )
}


def make(preset: str) -> Gpt:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    return canonical.pick(_PRESETS, "gpt", preset)
