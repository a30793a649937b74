"""The gradient of each example's own loss with respect to all parameters, of a perceptron with tanh.

Here stand its sizes, data and the right answer. Arguments: ``inputs`` [batch, features], ``targets`` [batch, outputs]
and the network's parameters (``tanh_net``). The loss of an example is ½ ‖output − target‖². The results bear the
parameters' names, each of the parameter's shape with the batch before it: nothing is summed, as private or robust
training needs it.
"""

from __future__ import annotations

import itertools

import msgspec

from speedscore.bench_suite.workloads import canonical, tanh_net
from speedscore.bench_suite.workloads.task import Arguments, Limits
from speedscore.host.fields import Scalar


class PerExampleGradients(msgspec.Struct, frozen=True):
    """The task at one preset."""

    model: str
    preset: str
    batch: int
    sizes: tuple[int, ...]
    """Features, hidden layers, outputs."""
    limits: Limits
    calls: int = 1
    made_by: str = "float64 NumPy, by hand"

    def arguments(self, draw: int = 0) -> Arguments:
        return {
            "inputs": canonical.normal(f"per_example.{draw}.inputs", (self.batch, self.sizes[0])),
            "targets": canonical.normal(f"per_example.{draw}.targets", (self.batch, self.sizes[-1])),
            **tanh_net.draw_parameters(self.sizes, draw=draw),
        }

    def answers(self, arguments: Arguments) -> tanh_net.Doubles:
        """By the chain rule: a kernel's gradient is the outer product of what its layer reads and its cotangent."""
        parameters, inputs = tanh_net.split_doubles(arguments)
        values = tanh_net.activations(parameters, inputs)
        gradients: tanh_net.Doubles = {}
        layers = tanh_net.cotangents(parameters, values, values[-1] - arguments["targets"])
        for index, (read, cotangent) in enumerate(zip(values, layers, strict=False)):
            gradients[f"dense{index}.kernel"] = read[:, :, None] * cotangent[:, None, :]
            gradients[f"dense{index}.bias"] = cotangent
        return gradients

    def flops(self) -> int:
        """Forward, and back to each layer's input but the first, two operations a weight; the outer products have no
        sum, and so one. No way to the answer does less."""
        weights = [inputs * outputs for inputs, outputs in itertools.pairwise(self.sizes)]
        return self.batch * (2 * sum(weights) + 2 * sum(weights[1:]) + sum(weights))

    def describe(self) -> dict[str, Scalar]:
        return {
            "batch": self.batch,
            "sizes": "-".join(map(str, self.sizes)),
            "work": self.batch,
            "work_unit": "gradients",
        }


_LIMITS = Limits(
    by_result=dict.fromkeys(tanh_net.PARAMETERS, 1e-5),
    reason=(
        "More than ten times the worst on the CPU of JAX, PyTorch, eager and compiled, and TensorFlow at smoke and "
        "small: 5.7e-7. The mean given to each example is 1 off, a bias left out 0.1."
    ),
)

_SIZES = {
    "smoke": (64, (64, 128, 128, 16)),
    "small": (64, (256, 512, 512, 32)),
    "full": (64, (1024, 2048, 2048, 64)),
}


def make(preset: str, *, name: str) -> PerExampleGradients:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    batch, sizes = canonical.pick(_SIZES, name, preset)
    return PerExampleGradients(name, preset, batch, sizes, _LIMITS)
