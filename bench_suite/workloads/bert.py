"""An encoder in the form of BERT (Devlin et al. 2018) under its masked-language-model loss: post-norm blocks, AdamW.

Here stand its shapes, data, weights and FLOPs. It never computes a forward pass: ``bert_reference`` does.

Canonical names, with D the width, V the vocabulary, T the context, i from 0: ``word.embedding`` [V, D], which is also
the decoder; ``position.embedding`` [T, D]; ``segment.embedding`` [2, D]; ``embed.ln``; ``layer{i}.attn.{query,key,
value,proj}`` with ``.kernel`` [D, D] and ``.bias``; ``layer{i}.attn.ln``; ``layer{i}.mlp.fc`` with ``.kernel``
[D, 4D] and ``layer{i}.mlp.proj`` with ``.kernel`` [4D, D]; ``layer{i}.mlp.ln``; ``head.dense`` with ``.kernel``
[D, D]; ``head.ln``; ``head.bias`` [V]. Each ``ln`` has ``.scale`` and ``.bias`` [D].

The sum of the three embeddings is normalised. In each layer: x ← ln(x + attention(x)), x ← ln(x + mlp(x)); the mlp has
the exact GELU, x · Φ(x), between its two products. Head h of the attention is columns h·D/heads onward, scores are
scaled by 1/√(head width), and a key whose token is ``PADDING`` is seen by no query. The logits are
ln(gelu(x · head.dense)) · word.embeddingᵀ + head.bias at every position. There is no dropout, and the loss is the mean
cross-entropy over the targets that are not ``IGNORED``.
"""

from __future__ import annotations

from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.tf32 import tf32_tolerances
from speedscore.bench_suite.workloads.transformer import Transformer, make_presets
from speedscore.bench_suite.workloads.workload import IGNORED, AdamW, Tolerances, Weights
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32

NORM_EPSILON = 1e-12
"""Of every layer normalisation, added to the variance."""
PADDING = 0
"""The token that fills an example up to the context."""
MASK = 1
"""The token that stands where one is to be predicted."""
SEGMENTS = 2
PREDICTED_FRACTION = 0.15
"""Of an example's tokens, as in the paper. All of them are masked; the paper leaves a fifth of them visible."""


class Bert(Transformer, frozen=True, kw_only=True):
    """The workload at one preset; what ``cut`` names was cut against BERT-Large."""

    model: str = "bert"

    @property
    def lengths(self) -> tuple[int, ...]:
        """Tokens of each example before its padding: from just under the context down to half of it."""
        return tuple(self.context - (index + 1) * self.context // (2 * self.batch) for index in range(self.batch))

    def parameters(self) -> Weights:
        # BERT's own size, 0.02. It also makes epsilon count: the variance of the sum of the three is near 1e-3.
        embeddings = {"word": (self.vocabulary, 0.02), "position": (self.context, 0.02), "segment": (SEGMENTS, 0.02)}
        return canonical.merge(
            (
                self._embedding_tables(embeddings),
                self._norm("embed.ln"),
                *map(self._layer, range(self.layers)),
                self._head(),
            )
        )

    def _layer(self, index: int) -> Weights:
        # At a unit gain of the residual stream the tokens of an example grow alike: in the last of 24 layers all keys
        # would look the same, and the gradient of queries and keys be rounding noise, which Adam scales up.
        layer = f"layer{index}"
        return canonical.merge(
            (
                self._attention(f"{layer}.attn"),
                self._norm(f"{layer}.attn.ln"),
                self._feed_forward(f"{layer}.mlp"),
                self._norm(f"{layer}.mlp.ln"),
            )
        )

    def _head(self) -> Weights:
        return canonical.merge(
            (
                canonical.dense("head.dense", self.width, self.width, gain=1.0, bias=0.1),
                self._norm("head.ln"),
                {"head.bias": canonical.normal("head.bias", (self.vocabulary,), standard_deviation=0.1)},
            )
        )

    def _tokens(self) -> NDArray[np.int32]:
        """[batch, context]: what stands there before anything is masked; padding at the end."""
        first = MASK + 1
        tokens = first + canonical.integers("tokens", (self.batch, self.context), below=self.vocabulary - first)
        return np.where(self._within(), tokens, PADDING).astype(np.int32)

    def _within(self) -> NDArray[np.bool_]:
        """[batch, context]: true before an example's padding."""
        within: NDArray[np.bool_] = np.arange(self.context) < np.array(self.lengths)[:, None]
        return within

    def _predicted(self) -> NDArray[np.bool_]:
        """[batch, context]: the share of each example's tokens that is to be predicted."""
        draws = np.where(self._within(), canonical.uniform("masked", (self.batch, self.context), low=0, high=1), 2.0)
        counts = [max(1, round(PREDICTED_FRACTION * length)) for length in self.lengths]
        ranks = draws.argsort(axis=1).argsort(axis=1)
        predicted: NDArray[np.bool_] = ranks < np.array(counts)[:, None]
        return predicted

    def inputs(self) -> NDArray[np.int32]:
        """[batch, 2, context]: tokens, some masked, and segments: the second half of each example is segment 1."""
        tokens = np.where(self._predicted(), MASK, self._tokens())
        second = np.arange(self.context) >= np.array(self.lengths)[:, None] // 2
        return np.stack((tokens, second & self._within()), axis=1).astype(np.int32)

    def targets(self) -> NDArray[np.int32]:
        """[batch, context]: the token that was masked, ``IGNORED`` everywhere else."""
        return np.where(self._predicted(), self._tokens(), IGNORED).astype(np.int32)

    def _head_flops(self) -> int:
        return super()._head_flops() + 2 * self.width**2

    def describe(self) -> dict[str, Scalar]:
        return super().describe() | {
            "padding": 1 - sum(self.lengths) / (self.batch * self.context),
            "attention_flops": "full square, padding included",
        }


# The paper's, but for the decay: its 0.01 is also torch's default, and in five steps moves a weight by little more than
# float32 rounds away, so that a decay forgotten or not stated could not be seen.
_OPTIMIZER = AdamW(learning_rate=1e-4, beta1=0.9, beta2=0.999, epsilon=1e-6, weight_decay=0.1)

_TOLERANCES = Tolerances(
    outputs=1e-5,
    loss=1e-6,
    gradients=3e-5,
    update=8e-3,
    reason=(
        "About ten times the worst on the CPU of JAX, PyTorch eager and compiled at smoke and small, and of PyTorch "
        "eager at full: outputs 6.8e-7, loss 5.7e-8, gradients 2.5e-6, update 7.8e-4 (five steps move a norm's scale, "
        "which is near one, by 5e-4, and float32 keeps seven digits of it). GELU in its tanh form is 1.2e-4 off in the "
        "outputs, a LayerNorm epsilon of 1e-5 3.5e-4, padding seen as keys 0.14; without weight decay the update is "
        "0.13 off, with torch's default 0.11."
    ),
)

_BFLOAT16 = Tolerances(
    outputs=3.5e-2,
    loss=3e-4,
    gradients=8e-2,
    update=0.36,
    optimizer=5e-2,
    least_outputs=1.5e-3,
    reason=(
        "As of mlp. The worst on the CPU of JAX, Flax, PyTorch and TensorFlow at smoke, and of PyTorch at small: "
        "outputs 1.2e-2, loss 9.1e-5, gradients 2.8e-2, update 0.12, an optimizer's step 1.2e-2. No honest program was "
        "nearer than 3.6e-3 in the outputs. Padding seen as keys, 0.14 off, is refused; a LayerNorm epsilon of 1e-5 "
        "and GELU in its tanh form are not seen here but in the case in float32."
    ),
)
_TOLERANCES_BELOW_FLOAT32: dict[Precision, Tolerances] = {"bfloat16": _BFLOAT16, "tf32": tf32_tolerances(_BFLOAT16)}

_PRESETS = make_presets(
    partial(Bert, batch=4, optimizer=_OPTIMIZER, tolerances=_TOLERANCES),
    vocabulary=30522,
    context=512,
    layers=24,
    width=1024,
    heads=16,
)


def make(preset: str, precision: Precision = FLOAT32) -> Bert:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    workload = canonical.pick(_PRESETS, "bert", preset)
    if precision == FLOAT32:
        return workload
    return msgspec.structs.replace(workload, precision=precision, tolerances=_TOLERANCES_BELOW_FLOAT32[precision])
