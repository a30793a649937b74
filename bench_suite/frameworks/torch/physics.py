"""The heat equation in PyTorch: a Python loop over the steps, differentiated by autograd.

Compiled are ten steps as one graph, which the loop calls. Compiling takes a time in proportion to them, 5 s of a
processor for ten (tried), and each call of a graph of one step alone costs more than the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from speedscore.bench_suite.frameworks.torch.tasks import Named, Prepare, TorchTask
from speedscore.bench_suite.workloads.heat import RATIO, STEPS, time_step
from speedscore.bench_suite.workloads.physics import GRADIENT, ITERATIONS, HeatEquation
from speedscore.host.fields import Scalar

STEPS_A_GRAPH = 10

Advance = Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor]


def make(task: HeatEquation, *, prepare: Prepare, device: torch.device) -> TorchTask:
    """The task as functions of tensors; they are the same on every device."""
    del device
    description: dict[str, Scalar] = {"form": "autograd through a Python loop", "steps_a_graph": STEPS_A_GRAPH}
    advance = prepare(_advance)
    if task.what == GRADIENT:
        return TorchTask.pure(lambda arguments: _differentiate(advance, arguments), description)
    # With and without gradients are two graphs.
    predict = prepare(_advance)
    return TorchTask.pure(lambda arguments: _solve(advance, predict, arguments), description)


def _advance(field: torch.Tensor, source: torch.Tensor | None) -> torch.Tensor:
    """The field [size, size] some steps on; ``source`` is what each of them adds."""
    for _ in range(STEPS_A_GRAPH):
        field = _step(field)
        if source is not None:
            field = field + source
    return field


def _step(field: torch.Tensor) -> torch.Tensor:
    padded = torch.nn.functional.pad(field, (1, 1, 1, 1))
    neighbours = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return field + RATIO * (neighbours - 4.0 * field)


def _simulate(advance: Advance, field: torch.Tensor, source: torch.Tensor | None = None) -> torch.Tensor:
    for _ in range(STEPS // STEPS_A_GRAPH):
        field = advance(field, source)
    return field


def _differentiate(advance: Advance, arguments: Named) -> dict[str, Any]:
    initial = arguments["initial"].detach().requires_grad_()
    error = ((_simulate(advance, initial) - arguments["target"]) ** 2).mean()
    return {"error": error, "gradient": torch.autograd.grad(error, initial)[0]}


def _solve(advance: Advance, predict: Advance, arguments: Named) -> dict[str, Any]:
    shapes, measured = arguments["shapes"], arguments["measured"]

    def run(advance: Advance, amplitudes: torch.Tensor) -> torch.Tensor:
        source = time_step(len(measured)) * torch.tensordot(amplitudes, shapes, dims=1)
        # A cold field that needs a gradient where the source does: every call of the loop is then of one kind.
        return _simulate(advance, torch.zeros_like(source, requires_grad=source.requires_grad), source)

    def differentiate(amplitudes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        amplitudes = amplitudes.detach().requires_grad_()
        half_squares = 0.5 * ((run(advance, amplitudes) - measured) ** 2).sum()
        return half_squares.detach(), torch.autograd.grad(half_squares, amplitudes)[0]

    amplitudes = torch.zeros_like(shapes[:, 0, 0])
    half_squares, gradient = differentiate(amplitudes)
    direction = -gradient
    for _ in range(ITERATIONS):
        with torch.no_grad():
            change = run(predict, direction)
        squared = gradient.square().sum()
        amplitudes = amplitudes + squared / change.square().sum() * direction
        half_squares, gradient = differentiate(amplitudes)
        direction = gradient.square().sum() / squared * direction - gradient
    return {"amplitudes": amplitudes, "error": 2.0 * half_squares / measured.numel()}
