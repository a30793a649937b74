"""The GPT-2 language model in PyTorch. It states shapes and options, and trains nothing itself."""

# Where PyTorch is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from speedscore.bench_suite.frameworks.torch.layout import Place, TorchModel, dense, norm
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt


class Attention(nn.Module):
    """Causal self-attention with query, key and value in one product, as PyTorch users write it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=True)
        self.proj = nn.Linear(width, width, bias=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        split = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        # No scale given means 1/√(head width), which is what the workload asks for.
        mixed = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=None, dropout_p=0.0, is_causal=True
        )
        joined: torch.Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, length, width))
        return joined


class Block(nn.Module):
    """A pre-norm block."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width, eps=NORM_EPSILON, elementwise_affine=True, bias=True)
        self.attn = Attention(width, heads)
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


def _attention_places(canonical: str, module: str, width: int) -> dict[str, Place]:
    places = dense(f"{canonical}.proj", f"{module}.proj")
    for index, part in enumerate(("query", "key", "value")):
        rows = {"first_row": index * width, "rows": width}
        places[f"{canonical}.{part}.kernel"] = Place(f"{module}.qkv.weight", (1, 0), **rows)
        places[f"{canonical}.{part}.bias"] = Place(f"{module}.qkv.bias", (0,), **rows)
    return places


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
            **_attention_places(f"{canonical}.attn", f"{module}.attn", workload.width),
            **norm(f"{canonical}.ln2", f"{module}.ln2"),
            **dense(f"{canonical}.mlp.fc", f"{module}.fc"),
            **dense(f"{canonical}.mlp.proj", f"{module}.proj"),
        }
    return TorchModel(LanguageModel(workload), places, attention="torch.nn.functional.scaled_dot_product_attention")
