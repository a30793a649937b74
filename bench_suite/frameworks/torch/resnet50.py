"""ResNet-50 v1.5 in PyTorch. It states shapes and options, and trains nothing itself."""

# Where PyTorch is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from speedscore.bench_suite.frameworks.torch.layout import Place, TorchModel, dense, norm, vector
from speedscore.bench_suite.workloads.resnet50 import (
    BN_DECAY,
    CHANNELS,
    EXPANSION,
    NORM_EPSILON,
    STAGE_BLOCKS,
    Resnet50,
)

_HWIO_TO_OIHW = (3, 2, 0, 1)


def _convolution(inputs: int, outputs: int, size: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=size, stride=stride, padding=size // 2, bias=False)


def _normalisation(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON, momentum=1.0 - BN_DECAY, affine=True, track_running_stats=True)


class Shortcut(nn.Module):
    """The projection that matches a block's input to its output."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv = _convolution(inputs, outputs, 1, stride)
        self.bn = _normalisation(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        projected: torch.Tensor = self.bn(self.conv(x))
        return projected


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3 with the stride, 1 × 1, and the shortcut."""

    def __init__(self, inputs: int, width: int, stride: int, *, projected: bool) -> None:
        super().__init__()
        outputs = width * EXPANSION
        self.conv0, self.bn0 = _convolution(inputs, width, 1, 1), _normalisation(width)
        self.conv1, self.bn1 = _convolution(width, width, 3, stride), _normalisation(width)
        self.conv2, self.bn2 = _convolution(width, outputs, 1, 1), _normalisation(outputs)
        self.shortcut = Shortcut(inputs, outputs, stride) if projected else nn.Identity()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn0(self.conv0(x)))
        y = self.relu(self.bn1(self.conv1(y)))
        y = self.bn2(self.conv2(y))
        y += self.shortcut(x)
        activated: torch.Tensor = self.relu(y)
        return activated


class Resnet(nn.Module):
    """Images [batch, 3, height, width] to logits [batch, classes]."""

    def __init__(self, width: int, classes: int, *, stages: Sequence[int] = STAGE_BLOCKS) -> None:
        """``width`` is that of the first stage, ``stages`` the blocks of each."""
        super().__init__()
        inputs = width
        self.conv, self.bn = _convolution(CHANNELS, inputs, 7, 2), _normalisation(inputs)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.stages = nn.ModuleList()
        for stage, count in enumerate(stages):
            stage_width = width * int(2**stage)
            blocks = nn.Sequential()
            for block in range(count):
                stride = 2 if stage and not block else 1
                blocks.append(Bottleneck(inputs, stage_width, stride, projected=not block))
                inputs = stage_width * EXPANSION
            self.stages.append(blocks)
        self.head = nn.Linear(inputs, classes, bias=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.relu(self.bn(self.conv(x))))
        for stage in self.stages:
            x = stage(x)
        logits: torch.Tensor = self.head(x.mean((2, 3)))
        return logits


def make(workload: Resnet50) -> TorchModel:
    """The module with its weights as PyTorch draws them."""
    places = dense("head", "head")
    for conv in workload.convolutions():
        places[f"{conv.conv}.kernel"] = Place(f"{_module_name(conv.conv)}.weight", _HWIO_TO_OIHW)
        bn = _module_name(conv.bn)
        places |= norm(conv.bn, bn)
        places |= {f"{conv.bn}.mean": vector(f"{bn}.running_mean"), f"{conv.bn}.var": vector(f"{bn}.running_var")}
    trial = {"width": workload.width, "classes": workload.classes}
    return TorchModel(Resnet(workload.width, workload.classes), places, trial=trial)


def make_trial(*, width: int, classes: int) -> Resnet:
    """The network with the first block of each stage alone: every shape of convolution but those that repeat."""
    return Resnet(width, classes, stages=(1,) * len(STAGE_BLOCKS))


def _module_name(canonical: str) -> str:
    """``stem.conv`` is ``conv``, and ``stage1.block0.bn2`` is ``stages.1.0.bn2``."""
    return canonical.removeprefix("stem.").replace("stage", "stages.").replace("block", "")
