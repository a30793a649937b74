"""What the two transformers share on their NumPy side: sizes, the weights of attention and MLP, and the FLOPs.

Where a normalisation stands, what is embedded and what the head is, each model's own module says. Nothing here draws a
batch or computes a forward pass.

Canonical names under a prefix, with D the width: ``attn.{query,key,value,proj}`` with ``.kernel`` [D, D] and ``.bias``
[D]; ``mlp.fc`` with ``.kernel`` [D, 4D] and ``mlp.proj`` with ``.kernel`` [4D, D]. Head h of the attention is columns
h·D/heads onward.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.workload import AdamW, Tolerances, Weights
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32

ATTENTION_PARTS = ("query", "key", "value")
"""What each token is projected to, besides the projection of what attention gives."""


class Transformer(msgspec.Struct, frozen=True, kw_only=True):
    """The sizes of a transformer at one preset, and what follows from them alone."""

    preset: str
    vocabulary: int
    context: int
    """Tokens in an example, padding included where there is any."""
    layers: int
    width: int
    heads: int
    batch: int
    cut: str
    """What the preset cut against the published model, or ``none``."""
    optimizer: AdamW
    tolerances: Tolerances
    precision: Precision = FLOAT32

    def state(self) -> Weights:
        """Empty: nothing is updated but by a gradient."""
        return {}

    def inputs(self) -> NDArray[np.int32]:
        """The training batch, [batch, …, context]; every model draws its own."""
        raise NotImplementedError

    def single_input(self) -> NDArray[np.int32]:
        """The first example of ``inputs``, as a batch of one."""
        return self.inputs()[:1]

    def training_flops(self) -> int:
        """Three times the forward pass: each product there has two gradients, and the lookups have no product."""
        return 3 * self.throughput_flops()

    def inference_flops(self) -> int:
        """One forward pass of one example, the head at every position."""
        return self._forward_flops(1)

    def throughput_flops(self) -> int:
        """One forward pass of the batch, the head at every position."""
        return self._forward_flops(self.batch)

    def _head_flops(self) -> int:
        """Matrix products behind the last layer, of one token."""
        return 2 * self.width * self.vocabulary

    def _forward_flops(self, batch: int) -> int:
        """Matrix products only, over the full T × T square: what a mask or padding hides is computed all the same."""
        tokens = batch * self.context
        projections = 2 * tokens * 12 * self.width**2
        attention = 2 * (2 * tokens * self.context * self.width)
        return self.layers * (projections + attention) + tokens * self._head_flops()

    def describe(self) -> dict[str, Scalar]:
        return {
            "batch": self.batch,
            "context": self.context,
            "vocabulary": self.vocabulary,
            "layers": self.layers,
            "width": self.width,
            "heads": self.heads,
            "cut": self.cut,
        }

    def _norm(self, name: str) -> Weights:
        return canonical.norm(name, self.width)

    @property
    def _residual_gain(self) -> float:
        """GPT-2's: what is added to the residual stream shrinks with the depth, here relative to a unit gain."""
        return float((2 * self.layers) ** -0.5)

    def _attention(self, name: str) -> Weights:
        """Query, key, value and ``proj`` under ``name``, each [D, D]."""
        return canonical.merge(
            (
                *(
                    canonical.dense(f"{name}.{part}", self.width, self.width, gain=1.0, bias=0.1)
                    for part in ATTENTION_PARTS
                ),
                canonical.dense(f"{name}.proj", self.width, self.width, gain=self._residual_gain, bias=0.02),
            )
        )

    def _feed_forward(self, name: str) -> Weights:
        """``fc`` [D, 4D] and ``proj`` [4D, D] under ``name``."""
        return canonical.merge(
            (
                canonical.dense(f"{name}.fc", self.width, 4 * self.width, gain=1.0, bias=0.1),
                canonical.dense(f"{name}.proj", 4 * self.width, self.width, gain=self._residual_gain, bias=0.02),
            )
        )

    def _embedding_tables(self, tables: Mapping[str, tuple[int, float]]) -> Weights:
        """``NAME.embedding`` [rows, D] for each name, from its rows and its standard deviation."""
        return {
            f"{name}.embedding": canonical.normal(
                f"{name}.embedding", (rows, self.width), standard_deviation=standard_deviation
            )
            for name, (rows, standard_deviation) in tables.items()
        }


AnyTransformer = TypeVar("AnyTransformer", bound=Transformer)


def make_presets(
    build: Callable[..., AnyTransformer], *, vocabulary: int, context: int, layers: int, width: int, heads: int
) -> dict[str, AnyTransformer]:
    """A transformer by preset, from its published sizes: ``small`` keeps their depth, ``smoke`` cuts all of them."""
    cut_for_smoke, cut_for_small = "vocabulary, context, layers, width, heads", "vocabulary, context, width, heads"
    smoke = build(preset="smoke", vocabulary=512, context=64, layers=4, width=128, heads=4, cut=cut_for_smoke)
    small = build(preset="small", vocabulary=4096, context=128, layers=layers, width=256, heads=8, cut=cut_for_small)
    full = build(
        preset="full", vocabulary=vocabulary, context=context, layers=layers, width=width, heads=heads, cut="none"
    )
    return {workload.preset: workload for workload in (smoke, small, full)}
