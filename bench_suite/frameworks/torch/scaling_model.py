"""``gpt`` in PyTorch as tensor parallelism splits it: query, key and value by themselves, and the plan for it.

Fused, their product cannot be split by columns so that a process has whole heads. The rest is the model of ``gpt``. It
trains nothing, and starts no process.
"""

# Where PyTorch is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.distributed.tensor import DTensor, Replicate
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.nn import functional

from speedscore.bench_suite.frameworks.torch import gpt
from speedscore.bench_suite.frameworks.torch.layout import TorchModel, dense
from speedscore.bench_suite.workloads.gpt import Gpt
from speedscore.bench_suite.workloads.transformer import ATTENTION_PARTS


class Attention(nn.Module):
    """Causal self-attention over the heads that this process has, [batch, length, D] to the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.head_width = width // heads
        self.query, self.key, self.value = (nn.Linear(width, width, bias=True) for _ in ATTENTION_PARTS)
        self.proj = nn.Linear(width, width, bias=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, _ = x.shape
        query, key, value = (
            project(x).view(batch, length, -1, self.head_width).transpose(1, 2)
            for project in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=0.0, is_causal=True)
        joined: torch.Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, length, -1))
        return joined


class LanguageModel(gpt.LanguageModel):
    """Tokens [batch, length] to logits [batch, length, vocabulary], which every process has whole."""

    def __init__(self, workload: Gpt, mesh: Any) -> None:
        super().__init__(workload)
        self.mesh = mesh
        for block in self.blocks:
            block.attn = Attention(workload.width, workload.heads)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = block(x)
        hidden = DTensor.from_local(self.ln_f(x), self.mesh, [Replicate()])
        logits: Any = functional.linear(hidden, self.wte.weight)
        whole: torch.Tensor = logits.full_tensor()
        return whole


def make(workload: Gpt, mesh: Any) -> TorchModel:
    """The module, split over the processes of the mesh, its weights as PyTorch draws them."""
    places = dict(gpt.make(workload).places)
    plan: dict[str, Any] = {"wte": RowwiseParallel(input_layouts=Replicate(), output_layouts=Replicate())}
    for index in range(workload.layers):
        canonical, module = f"block{index}.attn", f"blocks.{index}"
        for part in ATTENTION_PARTS:
            places |= dense(f"{canonical}.{part}", f"{module}.attn.{part}")
            plan[f"{module}.attn.{part}"] = ColwiseParallel()
        plan |= {
            f"{module}.attn.proj": RowwiseParallel(),
            f"{module}.fc": ColwiseParallel(),
            f"{module}.proj": RowwiseParallel(),
        }
    return TorchModel(parallelize_module(LanguageModel(workload, mesh), mesh, plan), places)
