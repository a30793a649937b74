"""The GPT-2 language model in PyTorch. It states shapes and options, and trains nothing itself."""

# Where PyTorch is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from speedscore.bench_suite.frameworks.torch.layers import ATTENTION, Attention, attention_places
from speedscore.bench_suite.frameworks.torch.layout import Place, TorchModel, dense, norm
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt


class Block(nn.Module):
    """A pre-norm block."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width, eps=NORM_EPSILON, elementwise_affine=True, bias=True)
        self.attn = Attention(width, heads, causal=True)
        self.ln2 = nn.LayerNorm(width, eps=NORM_EPSILON, elementwise_affine=True, bias=True)
        self.fc = nn.Linear(width, 4 * width, bias=True)
        self.proj = nn.Linear(4 * width, width, bias=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln1(x))
        hidden = functional.gelu(self.fc(self.ln2(x)), approximate="tanh")
        added: torch.Tensor = x + self.proj(hidden)
        return added


class LanguageModel(nn.Module):
    """Tokens [batch, length] to logits [batch, length, vocabulary]; the head is the token embedding."""

    def __init__(self, workload: Gpt) -> None:
        super().__init__()
        self.wte = nn.Embedding(workload.vocabulary, workload.width)
        self.wpe = nn.Embedding(workload.context, workload.width)
        self.blocks = nn.ModuleList(Block(workload.width, workload.heads) for _ in range(workload.layers))
        self.ln_f = nn.LayerNorm(workload.width, eps=NORM_EPSILON, elementwise_affine=True, bias=True)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.wte(tokens) + self.wpe(positions)
        for block in self.blocks:
            x = block(x)
        return functional.linear(self.ln_f(x), self.wte.weight)


def make(workload: Gpt) -> TorchModel:
    """The module with its weights as PyTorch draws them."""
    places = {
        "wte.embedding": Place("wte.weight", (0, 1)),
        "wpe.embedding": Place("wpe.weight", (0, 1)),
        **norm("ln_f", "ln_f"),
    }
    for index in range(workload.layers):
        canonical, module = f"block{index}", f"blocks.{index}"
        places |= {
            **norm(f"{canonical}.ln1", f"{module}.ln1"),
            **attention_places(f"{canonical}.attn", f"{module}.attn", workload.width),
            **norm(f"{canonical}.ln2", f"{module}.ln2"),
            **dense(f"{canonical}.mlp.fc", f"{module}.fc"),
            **dense(f"{canonical}.mlp.proj", f"{module}.proj"),
        }
    return TorchModel(LanguageModel(workload), places, attention=ATTENTION)
