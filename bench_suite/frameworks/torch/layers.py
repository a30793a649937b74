"""What the two transformers share in PyTorch: the attention, and where its canonical weights lie.

It never picks an epsilon, a mask or a form of GELU: the models do.
"""

# Where PyTorch is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from speedscore.bench_suite.frameworks.torch.layout import Place, dense
from speedscore.bench_suite.workloads.transformer import ATTENTION_PARTS

ATTENTION = "scaled_dot_product_attention, fused where PyTorch has a kernel for it"
"""The call that computes it, as a program's description says it."""


class Attention(nn.Module):
    """Self-attention with query, key and value in one product, as PyTorch users write it."""

    def __init__(self, width: int, heads: int, *, causal: bool) -> None:
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.qkv = nn.Linear(width, 3 * width, bias=True)
        self.proj = nn.Linear(width, width, bias=True)

    def forward(self, x: torch.Tensor, visible: torch.Tensor | None = None) -> torch.Tensor:
        """[batch, length, D] to the same; ``visible`` is true of the keys seen, [batch or 1, 1, query or 1, key]."""
        batch, length, width = x.shape
        split = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        # No scale given means 1/√(head width), which is what the workload asks for.
        mixed = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=visible, dropout_p=0.0, is_causal=self.causal
        )
        joined: torch.Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, length, width))
        return joined


def attention_places(canonical: str, module: str, width: int) -> dict[str, Place]:
    """Of the four dense layers ``canonical.{query,key,value,proj}`` in the ``Attention`` at ``module``."""
    places = dense(f"{canonical}.proj", f"{module}.proj")
    for index, part in enumerate(ATTENTION_PARTS):
        rows = {"first_row": index * width, "rows": width}
        places[f"{canonical}.{part}.kernel"] = Place(f"{module}.qkv.weight", (1, 0), **rows)
        places[f"{canonical}.{part}.bias"] = Place(f"{module}.qkv.bias", (0,), **rows)
    return places
