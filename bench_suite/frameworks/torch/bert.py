"""The BERT encoder in PyTorch. It states shapes and options, and trains nothing itself."""

# Where PyTorch is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from speedscore.bench_suite.frameworks.torch.layers import ATTENTION, Attention, attention_places
from speedscore.bench_suite.frameworks.torch.layout import Place, TorchModel, dense, norm, vector
from speedscore.bench_suite.workloads.bert import NORM_EPSILON, PADDING, SEGMENTS, Bert


def _layer_norm(width: int) -> nn.LayerNorm:
    return nn.LayerNorm(width, eps=NORM_EPSILON, elementwise_affine=True, bias=True)


class Layer(nn.Module):
    """A post-norm block."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = Attention(width, heads, causal=False)
        self.attn_ln = _layer_norm(width)
        self.fc = nn.Linear(width, 4 * width, bias=True)
        self.proj = nn.Linear(4 * width, width, bias=True)
        self.mlp_ln = _layer_norm(width)

    def forward(self, x: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
        x = self.attn_ln(x + self.attn(x, visible))
        hidden = functional.gelu(self.fc(x), approximate="none")
        normed: torch.Tensor = self.mlp_ln(x + self.proj(hidden))
        return normed


class Encoder(nn.Module):
    """Tokens and segments [batch, 2, length] to logits [batch, length, vocabulary]; the decoder is the embedding."""

    def __init__(self, workload: Bert) -> None:
        super().__init__()
        self.word = nn.Embedding(workload.vocabulary, workload.width)
        self.position = nn.Embedding(workload.context, workload.width)
        self.segment = nn.Embedding(SEGMENTS, workload.width)
        self.embed_ln = _layer_norm(workload.width)
        self.layers = nn.ModuleList(Layer(workload.width, workload.heads) for _ in range(workload.layers))
        self.dense = nn.Linear(workload.width, workload.width, bias=True)
        self.head_ln = _layer_norm(workload.width)
        self.bias = nn.Parameter(torch.zeros(workload.vocabulary))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        tokens, segments = inputs.unbind(1)
        visible = (tokens != PADDING)[:, None, None, :]
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.embed_ln(self.word(tokens) + self.position(positions) + self.segment(segments))
        for layer in self.layers:
            x = layer(x, visible)
        x = self.head_ln(functional.gelu(self.dense(x), approximate="none"))
        return functional.linear(x, self.word.weight, self.bias)


def make(workload: Bert) -> TorchModel:
    """The module with its weights as PyTorch draws them."""
    places = {
        **{f"{name}.embedding": Place(f"{name}.weight", (0, 1)) for name in ("word", "position", "segment")},
        **norm("embed.ln", "embed_ln"),
        **dense("head.dense", "dense"),
        **norm("head.ln", "head_ln"),
        "head.bias": vector("bias"),
    }
    for index in range(workload.layers):
        canonical, module = f"layer{index}", f"layers.{index}"
        places |= {
            **attention_places(f"{canonical}.attn", f"{module}.attn", workload.width),
            **norm(f"{canonical}.attn.ln", f"{module}.attn_ln"),
            **dense(f"{canonical}.mlp.fc", f"{module}.fc"),
            **dense(f"{canonical}.mlp.proj", f"{module}.proj"),
            **norm(f"{canonical}.mlp.ln", f"{module}.mlp_ln"),
        }
    return TorchModel(Encoder(workload), places, attention=ATTENTION)
