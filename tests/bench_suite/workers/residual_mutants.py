"""Certifies a residual network whose layers are wrong in ways that only its gradients or its running state show.

Run as a process of its own, for the pytest process never imports a framework: ``python residual_mutants.py PRESET``.
One program of PyTorch is built, and its convolution and its normalisation are changed under it, one mutation after the
other. The one called ``none`` changes nothing. For each it prints the first quantity that failed and the largest error
over its tolerance.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from torch.nn import functional
from torch.nn import grad as untyped_grad

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.workloads.table import MODELS, make_workload

grad: Any = untyped_grad

Rounding = Callable[[torch.Tensor], torch.Tensor]


def to_tf32(values: torch.Tensor) -> torch.Tensor:
    """To ten bits of the fraction, as a tensor core reads a float32."""
    bits = values.contiguous().view(torch.int32)
    return ((bits + 0x1000) & ~0x1FFF).view(torch.float32)


ROUNDINGS: dict[str, Rounding] = {
    "TF32": to_tf32,
    "bfloat16": lambda values: values.to(torch.bfloat16).float(),
    "float16": lambda values: values.to(torch.float16).float(),
}


class RoundedBackward(torch.autograd.Function):
    """A convolution whose forward pass is exact; what its backward pass multiplies is rounded first."""

    @staticmethod
    def forward(ctx: Any, x: Any, kernel: Any, stride: Any, padding: Any, rounding: Rounding) -> Any:
        ctx.save_for_backward(x, kernel)
        ctx.options = {"stride": stride, "padding": padding}
        ctx.rounding = rounding
        return CONVOLVE(x, kernel, None, stride, padding)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        x, kernel, gradient = (ctx.rounding(values) for values in (*ctx.saved_tensors, gradient))
        of_x = grad.conv2d_input(x.shape, kernel, gradient, **ctx.options)
        of_kernel = grad.conv2d_weight(x, kernel.shape, gradient, **ctx.options)
        return of_x, of_kernel, None, None, None


CONVOLVE, NORMALISE = functional.conv2d, functional.batch_norm


apply_rounded: Any = RoundedBackward.apply


def convolve_rounded(rounding: Rounding) -> Callable[..., Any]:
    def convolve(x: Any, kernel: Any, _: Any, stride: Any, padding: Any, *__: Any) -> Any:
        return apply_rounded(x, kernel, stride, padding, rounding)

    return convolve


def without_gradient_of_bias(x: Any, mean: Any, variance: Any, scale: Any, bias: Any, *options: Any) -> Any:
    return NORMALISE(x, mean, variance, scale, 0 * bias + bias.detach(), *options)


def with_biased_variance(
    x: Any, mean: Any, variance: Any, scale: Any, bias: Any, training: bool, momentum: float, epsilon: float
) -> Any:
    """The running variance takes up the batch's biased one."""
    before = variance.clone()
    y = NORMALISE(x, mean, variance, scale, bias, training, momentum, epsilon)
    if training:
        samples = x.numel() / x.shape[1]
        # Past autograd's count of changes: the backward pass of training reads no running state.
        variance.data.sub_((variance - (1 - momentum) * before) / samples)
    return y


MUTATIONS: dict[str, dict[str, Any]] = {
    "none": {"conv2d": CONVOLVE},
    **{f"backward in {name}": {"conv2d": convolve_rounded(rounding)} for name, rounding in ROUNDINGS.items()},
    "no gradient of biases": {"batch_norm": without_gradient_of_bias},
    "biased running variance": {"batch_norm": with_biased_variance},
}


def certify_mutants(preset: str) -> None:
    workload, framework = make_workload("resnet50", preset), FRAMEWORKS["torch"]
    program = framework.load()(
        workload,
        implementation=implementation(framework, MODELS["resnet50"]),
        role="training",
        device="cpu",
        variant=framework.variant,
        threads=torch.get_num_threads(),
    )
    for name, changes in MUTATIONS.items():
        with mock.patch.multiple(functional, **changes):
            certificate = certify(program, workload, "training")
        failure = certificate.first_failure
        print(json.dumps([name, failure.quantity if failure else "", certificate.worst_ratio]), flush=True)


if __name__ == "__main__":
    certify_mutants(sys.argv[1])
