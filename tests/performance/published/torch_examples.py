"""Published PyTorch models in the training loop that their users write. Only the published side imports this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from speedscore.bench_suite.workloads.bert import PADDING, SEGMENTS, Bert
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt
from speedscore.bench_suite.workloads.mlp import Mlp
from speedscore.bench_suite.workloads.resnet50 import Resnet50
from speedscore.bench_suite.workloads.workload import IGNORED, AdamW, Sgd
from tests.performance.published.rows import Row
from tests.performance.published.sources import find_source, load_source, origin_of

_HF_IGNORED = -100
"""What transformers leaves out of a loss."""


class TorchExample:
    """A module, or what ``torch.compile`` makes of it, and the usual four lines around it."""

    def __init__(self, origin: str, module: Any, optimizer: Any, objective: Callable[[], Any]) -> None:
        """``objective`` runs the forward pass and returns the loss."""
        self.origin = origin
        self.parameters = sum(tensor.numel() for tensor in module.parameters() if tensor.requires_grad)
        self._optimizer = optimizer
        self._objective = objective
        self._loss: Any = None

    def step(self) -> None:
        self._optimizer.zero_grad()
        loss = self._objective()
        loss.backward()
        self._optimizer.step()
        self._loss = loss.detach()

    def wait(self) -> None:
        """Nothing to do: on the CPU every call returns when its work is done."""

    def loss(self) -> float:
        return float(self._loss)


def _settle(threads: int) -> None:
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("highest")
    torch.manual_seed(0)


def _prepare(module: Any, row: Row) -> Any:
    module.train()
    return torch.compile(module) if row.compiled else module


def _adamw(module: Any, options: AdamW) -> Any:
    return torch.optim.AdamW(
        module.parameters(),
        lr=options.learning_rate,
        betas=(options.beta1, options.beta2),
        eps=options.epsilon,
        weight_decay=options.weight_decay,
        fused=True,
    )


def _sgd(module: Any, options: Sgd) -> Any:
    return torch.optim.SGD(
        module.parameters(),
        lr=options.learning_rate,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
        fused=True,
    )


def sequential(workload: Mlp, row: Row, threads: int) -> TorchExample:
    _settle(threads)
    layers: list[nn.Module] = []
    for size in workload.layer_sizes:
        layers += [nn.Linear(*size), nn.GELU()]
    module = nn.Sequential(*layers[:-1])
    call = _prepare(module, row)
    inputs, targets = torch.from_numpy(workload.inputs()), torch.from_numpy(workload.targets()).long()
    return TorchExample(
        f"torch {torch.__version__}, nn.Sequential",
        module,
        _adamw(module, workload.optimizer),
        lambda: functional.cross_entropy(call(inputs), targets),
    )


def transformers_gpt2(workload: Gpt, row: Row, threads: int) -> TorchExample:
    import transformers

    _settle(threads)
    config = transformers.GPT2Config(
        vocab_size=workload.vocabulary,
        n_positions=workload.context,
        n_embd=workload.width,
        n_layer=workload.layers,
        n_head=workload.heads,
        layer_norm_epsilon=NORM_EPSILON,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        # As the Trainer sets it.
        use_cache=False,
    )
    module = transformers.GPT2LMHeadModel(config)
    call = _prepare(module, row)
    tokens = torch.from_numpy(workload.inputs()).long()
    return TorchExample(
        f"transformers {transformers.__version__}, GPT2LMHeadModel, attention: {module.config._attn_implementation}",
        module,
        _adamw(module, workload.optimizer),
        # The class moves the labels by one itself.
        lambda: call(input_ids=tokens, labels=tokens).loss,
    )


def transformers_bert(workload: Bert, row: Row, threads: int) -> TorchExample:
    import transformers

    _settle(threads)
    config = transformers.BertConfig(
        vocab_size=workload.vocabulary,
        hidden_size=workload.width,
        num_hidden_layers=workload.layers,
        num_attention_heads=workload.heads,
        intermediate_size=4 * workload.width,
        max_position_embeddings=workload.context,
        type_vocab_size=SEGMENTS,
        pad_token_id=PADDING,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        use_cache=False,
    )
    module = transformers.BertForMaskedLM(config)
    call = _prepare(module, row)
    tokens, segments = torch.from_numpy(workload.inputs()).long().unbind(1)
    targets = torch.from_numpy(workload.targets()).long()
    batch = {
        "input_ids": tokens.contiguous(),
        "token_type_ids": segments.contiguous(),
        "attention_mask": (tokens != PADDING).long(),
        "labels": targets.masked_fill(targets == IGNORED, _HF_IGNORED),
    }
    return TorchExample(
        f"transformers {transformers.__version__}, BertForMaskedLM, attention: {module.config._attn_implementation}",
        module,
        _adamw(module, workload.optimizer),
        lambda: call(**batch).loss,
    )


def nanogpt(workload: Gpt, row: Row, threads: int) -> TorchExample:
    _settle(threads)
    path = find_source(row.source)
    code = load_source(path, change=("nn.GELU()", "nn.GELU(approximate='tanh')"))
    config = code.GPTConfig(
        block_size=workload.context,
        vocab_size=workload.vocabulary,
        n_layer=workload.layers,
        n_head=workload.heads,
        n_embd=workload.width,
        dropout=0.0,
        bias=True,
    )
    module = code.GPT(config)
    options = workload.optimizer
    # Told of CUDA, it takes the fused optimizer, which now runs on the CPU too.
    optimizer = module.configure_optimizers(
        options.weight_decay, options.learning_rate, (options.beta1, options.beta2), "cuda"
    )
    call = _prepare(module, row)
    tokens, targets = torch.from_numpy(workload.inputs()).long(), torch.from_numpy(workload.targets()).long()
    return TorchExample(f"{origin_of(path)}, GPT", module, optimizer, lambda: call(tokens, targets)[1])


def torchvision_resnet50(workload: Resnet50, row: Row, threads: int) -> TorchExample:
    _settle(threads)
    torchvision = _import_torchvision()
    module = torchvision.models.resnet50(weights=None, num_classes=workload.classes)
    call = _prepare(module, row)
    inputs = torch.from_numpy(workload.inputs()).permute(0, 3, 1, 2).contiguous()
    targets = torch.from_numpy(workload.targets()).long()
    return TorchExample(
        f"torchvision {torchvision.__version__}, models.resnet50",
        module,
        _sgd(module, workload.optimizer),
        lambda: functional.cross_entropy(call(inputs), targets),
    )


# Without annotations.
untyped_library: Any = torch.library.Library


def _import_torchvision() -> Any:
    try:
        import torchvision
    except RuntimeError:
        # Its compiled operations are built for one build of PyTorch, and its import wants two of them to exist. ResNet
        # needs none, so it is enough to declare them.
        library: Any = untyped_library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision
    return torchvision
