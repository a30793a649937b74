"""The Hessian of a scalar loss with respect to all parameters times a vector, of a perceptron with tanh.

Here stand its sizes, data and the right answer. Arguments: ``inputs`` [batch, features], ``targets`` [batch, outputs],
the network's parameters (``tanh_net``) and, for each parameter, its part of the vector: ``vector.NAME``. The loss is
the mean over the examples of ½ ‖output − target‖². The results bear the parameters' names and shapes.
"""

from __future__ import annotations

import msgspec
import numpy as np

from speedscore.bench_suite.workloads import canonical, tanh_net
from speedscore.bench_suite.workloads.task import Arguments, Limits
from speedscore.host.fields import Scalar


class HessianVector(msgspec.Struct, frozen=True):
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
        parameters = tanh_net.draw_parameters(self.sizes, draw=draw)
        vector = {
            f"vector.{name}": canonical.normal(f"hessian_vector.{draw}.{name}", values.shape)
            for name, values in parameters.items()
        }
        return {
            "inputs": canonical.normal(f"hessian_vector.{draw}.inputs", (self.batch, self.sizes[0])),
            "targets": canonical.normal(f"hessian_vector.{draw}.targets", (self.batch, self.sizes[-1])),
            **parameters,
            **vector,
        }

    def answers(self, arguments: Arguments) -> tanh_net.Doubles:
        """By the R-operator (Pearlmutter 1994): each line of the backward pass, differentiated along the vector."""
        parameters, inputs = tanh_net.split_doubles(arguments)
        vector = {name: arguments[f"vector.{name}"].astype(np.float64) for name in parameters}
        values = tanh_net.activations(parameters, inputs)
        layers = tanh_net.cotangents(parameters, values, (values[-1] - arguments["targets"]) / self.batch)
        along = [np.zeros_like(inputs)]
        """What the activations change by."""
        for index in range(len(layers)):
            kernel = f"dense{index}.kernel"
            change = along[-1] @ parameters[kernel] + values[index] @ vector[kernel] + vector[f"dense{index}.bias"]
            hidden = index < len(layers) - 1
            along.append(change * (1.0 - values[index + 1] ** 2) if hidden else change)
        products: tanh_net.Doubles = {}
        change = along[-1] / self.batch
        for index in reversed(range(len(layers))):
            kernel = f"dense{index}.kernel"
            products[kernel] = along[index].T @ layers[index] + values[index].T @ change
            products[f"dense{index}.bias"] = change.sum(axis=0)
            slope = 1.0 - values[index] ** 2
            bent = -2.0 * values[index] * along[index]
            into = layers[index] @ parameters[kernel].T
            change = (change @ parameters[kernel].T + layers[index] @ vector[kernel].T) * slope + into * bent
        return products

    def flops(self) -> int:
        """0: forward over reverse and reverse over reverse do different work for the same answer."""
        return 0

    def describe(self) -> dict[str, Scalar]:
        return {
            "batch": self.batch,
            "sizes": "-".join(map(str, self.sizes)),
            "work": 1,
            "work_unit": "Hessian-vector products",
        }


_LIMITS = Limits(
    by_result=dict.fromkeys(tanh_net.PARAMETERS, 1e-5),
    reason=(
        "More than ten times the worst on the CPU of JAX, PyTorch, eager and compiled, and TensorFlow at smoke and "
        "small: 6.4e-7. The Gauss-Newton product in its place is 0.9 off."
    ),
)

_SIZES = {
    "smoke": (128, (64, 256, 256, 16)),
    "small": (512, (256, 1024, 1024, 32)),
    "full": (4096, (1024, 4096, 4096, 64)),
}


def make(preset: str, *, name: str) -> HessianVector:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    batch, sizes = canonical.pick(_SIZES, name, preset)
    return HessianVector(name, preset, batch, sizes, _LIMITS)
