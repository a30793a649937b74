"""A small perceptron with tanh between its layers, for tasks that differentiate it in unusual ways.

It has no other activation and no loss, so that the right derivatives of any order are a few lines of NumPy. Canonical
names: ``dense{i}.kernel`` [inputs, outputs] and ``dense{i}.bias`` [outputs].
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.task import Arguments
from speedscore.bench_suite.workloads.workload import Weights

Doubles = dict[str, NDArray[np.float64]]
Values = TypeVar("Values")

PARAMETERS = tuple(f"dense{index}.{part}" for index in range(3) for part in ("kernel", "bias"))
"""Of a network with two hidden layers, which the tasks have at every preset."""


def draw_parameters(sizes: Sequence[int], *, draw: int) -> Weights:
    """Kernels and biases of layers of these sizes, inputs first; another ``draw`` gives others."""
    return canonical.merge(
        {
            f"dense{index}.kernel": canonical.kernel(f"tanh.{draw}.dense{index}.kernel", (inputs, outputs), gain=1.0),
            f"dense{index}.bias": canonical.normal(
                f"tanh.{draw}.dense{index}.bias", (outputs,), standard_deviation=0.1
            ),
        }
        for index, (inputs, outputs) in enumerate(itertools.pairwise(sizes))
    )


def split_inputs(arguments: Mapping[str, Values]) -> tuple[dict[str, Values], Values]:
    """Parameters and inputs of a task's arguments, in whatever framework these are."""
    return {name: values for name, values in arguments.items() if name.startswith("dense")}, arguments["inputs"]


def split_doubles(arguments: Arguments) -> tuple[Doubles, NDArray[np.float64]]:
    """The same in float64."""
    return split_inputs({name: values.astype(np.float64) for name, values in arguments.items()})


def activations(parameters: Doubles, inputs: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Inputs [batch, features], then what each layer gives: tanh of the hidden ones, the last as it is."""
    layers = len(parameters) // 2
    values = [inputs]
    for index in range(layers):
        product = values[-1] @ parameters[f"dense{index}.kernel"] + parameters[f"dense{index}.bias"]
        values.append(product if index == layers - 1 else np.tanh(product))
    return values


def cotangents(
    parameters: Doubles, values: Sequence[NDArray[np.float64]], last: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """What reverse mode gives for each layer before its tanh, [batch, outputs] each, first layer to last.

    ``values`` are the activations; ``last`` is the gradient of the loss with respect to the network's outputs.
    """
    found = [last]
    for index in range(len(values) - 2, 0, -1):
        found.insert(0, (found[0] @ parameters[f"dense{index}.kernel"].T) * (1.0 - values[index] ** 2))
    return found
