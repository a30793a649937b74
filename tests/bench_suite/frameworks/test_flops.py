"""The analytic FLOPs against two counters that know nothing of them: PyTorch's own, and the products that XLA is given.

Nothing is computed: PyTorch counts on tensors without memory, so that the full size counts too, and JAX only lowers.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from tests.places import ROOT

Counts = dict[str, tuple[int, int, int]]
"""FLOPs of a training step, of a pass of the single input and of one of the batch, by model and preset."""

_COUNT_TORCH = """
import importlib, json
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.table import MODELS, make_workload

def batch_of(values):
    tensor = torch.empty(values.shape, dtype=torch.long if values.dtype == "int32" else torch.float32, device="meta")
    return tensor.permute(0, 3, 1, 2) if tensor.ndim == 4 else tensor

def count(function):
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops()

def train(module, inputs):
    logits = module(inputs)
    targets = torch.empty(logits.shape[:-1], dtype=torch.long, device="meta")
    functional.cross_entropy(logits.flatten(0, -2), targets.flatten()).backward()

counts = {}
for model in MODELS:
    for preset in PRESETS:
        workload = make_workload(model, preset)
        with torch.device("meta"):
            module = importlib.import_module(f"speedscore.bench_suite.frameworks.torch.{model}").make(workload).module
        inputs = batch_of(workload.inputs())
        trained = count(lambda: train(module, inputs))
        module.eval().requires_grad_(False)
        passes = [count(lambda: module(batch)) for batch in (inputs[:1], inputs)]
        counts[f"{model}-{preset}"] = [trained, *passes]
print(json.dumps(counts))
"""

_COUNT_XLA = r"""
import importlib, json, re
from math import prod
import jax
from speedscore.bench_suite.frameworks.jax.driver import make_loss
from speedscore.bench_suite.workloads.table import MODELS, make_workload

def listed(pattern, line):
    return re.search(pattern, line)[1].split(", ")

def flops(line):
    left, right, out = ([int(size) for size in shape.split("x")] for shape in re.findall(r"tensor<([\dx]+)xf32>", line))
    if "dot_general" in line:
        summed = listed(r"contracting_dims = \[([\d, ]+)\]", line)
        return 2 * prod(out) * prod(left[int(axis)] for axis in summed)
    kernel = listed(r"\]x\[([^\]]+)\]", line)
    # The gradient of a strided convolution's input spreads what comes in with zeros. They are no operations of the
    # model: counted is each element that came in, at every tap and for every feature that goes out.
    if set(listed(r"lhs_dilate = \[([\d, ]+)\]", line)) != {"1"}:
        return 2 * prod(left) * prod(right) // right[kernel.index("i")]
    return 2 * prod(out) * prod(right) // right[kernel.index("o")]

def count(function, *arguments):
    text = jax.jit(function).lower(*jax.eval_shape(lambda *same: same, *arguments)).as_text()
    main, *others = text.split("func.func")[1:]
    products = re.compile(r".*stablehlo\.(?:dot_general|convolution).*")
    # What stands in a loop or in a function of its own would run more often than it is seen here.
    assert "stablehlo.while" not in text
    assert not any(products.search(other) for other in others)
    return sum(map(flops, products.findall(main)))

counts = {}
for name in MODELS:
    workload = make_workload(name, "smoke")
    # A GPU's program: on the host, small convolutions are written as products over patches.
    model = importlib.import_module(f"speedscore.bench_suite.frameworks.jax.{name}").make(workload, platform="gpu")
    params, state = model.to_trees(workload.parameters(), workload.state())
    inputs, targets = workload.inputs(), workload.targets()
    loss = make_loss(some_ignored=bool((targets < 0).any()))

    def evaluate(params, inputs, targets):
        return loss(model.apply(params, state, inputs, True)[0], targets)

    def predict(params, inputs):
        return model.apply(params, state, inputs, False)[0]

    trained = count(jax.grad(evaluate), params, inputs, targets)
    counts[f"{name}-smoke"] = [trained, *(count(predict, params, batch) for batch in (inputs[:1], inputs))]
print(json.dumps(counts))
"""


def _count(script: str, *packages: str) -> Counts:
    if missing := [name for name in packages if importlib.util.find_spec(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: Counts = {case: tuple(flops) for case, flops in json.loads(done.stdout).items()}
    return found


@pytest.fixture(scope="module")
def counts_of_torch() -> Counts:
    return _count(_COUNT_TORCH, "torch")


@pytest.fixture(scope="module")
def counts_of_xla() -> Counts:
    return _count(_COUNT_XLA, "jax", "optax")


def _formulas(model: str, preset: str) -> tuple[int, int, int]:
    workload = make_workload(model, preset)
    return workload.training_flops(), workload.inference_flops(), workload.throughput_flops()


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("model", MODELS)
def test_the_formula_agrees_with_pytorchs_counter_to_the_last_operation(
    counts_of_torch: Counts, model: str, preset: str
) -> None:
    assert _formulas(model, preset) == counts_of_torch[f"{model}-{preset}"]


@pytest.mark.parametrize("model", MODELS)
def test_the_formula_agrees_with_the_products_that_xla_is_given(counts_of_xla: Counts, model: str) -> None:
    assert _formulas(model, "smoke") == counts_of_xla[f"{model}-smoke"]
