"""The Jacobian of each example's outputs with respect to its inputs, of a perceptron with tanh.

Here stand its sizes, data and the right answer. Arguments: ``inputs`` [batch, features] and the network's parameters
(``tanh_net``); the result is ``jacobian`` [batch, outputs, features].
"""

from __future__ import annotations

import msgspec
import numpy as np

from speedscore.bench_suite.workloads import canonical, tanh_net
from speedscore.bench_suite.workloads.task import Arguments, Limits
from speedscore.host.fields import Scalar


class Jacobian(msgspec.Struct, frozen=True):
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
        inputs = canonical.normal(f"jacobian.{draw}.inputs", (self.batch, self.sizes[0]))
        return {"inputs": inputs, **tanh_net.draw_parameters(self.sizes, draw=draw)}

    def answers(self, arguments: Arguments) -> tanh_net.Doubles:
        """By the chain rule from the last layer to the first."""
        parameters, inputs = tanh_net.split_doubles(arguments)
        values = tanh_net.activations(parameters, inputs)
        kernels = [parameters[f"dense{index}.kernel"] for index in range(len(self.sizes) - 1)]
        jacobian = np.broadcast_to(kernels[-1].T, (self.batch, *kernels[-1].T.shape))
        for kernel, hidden in zip(reversed(kernels[:-1]), reversed(values[1:-1]), strict=True):
            jacobian = (jacobian * (1.0 - hidden**2)[:, None, :]) @ kernel.T
        return {"jacobian": jacobian}

    def flops(self) -> int:
        """0: forward and reverse mode do different work for the same answer, and either may be the better way."""
        return 0

    def describe(self) -> dict[str, Scalar]:
        return {
            "batch": self.batch,
            "sizes": "-".join(map(str, self.sizes)),
            "work": self.batch,
            "work_unit": "Jacobians",
        }


_LIMITS = Limits(
    by_result={"jacobian": 1e-5},
    reason=(
        "About ten times the worst on the CPU of JAX and PyTorch, eager and compiled, at all presets: 7.1e-7. A bias "
        "left out is 1e-2 off."
    ),
)

_SIZES = {
    "smoke": (64, (64, 128, 128, 16)),
    "small": (256, (256, 512, 512, 32)),
    "full": (512, (1024, 2048, 2048, 64)),
}


def make(preset: str, *, name: str) -> Jacobian:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    batch, sizes = canonical.pick(_SIZES, name, preset)
    return Jacobian(name, preset, batch, sizes, _LIMITS)
