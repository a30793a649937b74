"""The analytic FLOPs against PyTorch's own counter, on tensors without memory, so that the full size counts too."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench_suite.presets import PRESETS
from bench_suite.workloads.table import MODELS, make_workload

_COUNT = """
import importlib, json
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from bench_suite.presets import PRESETS
from bench_suite.workloads.table import MODELS, make_workload

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
            module = importlib.import_module(f"bench_suite.frameworks.torch.{model}").make(workload).module
        inputs = batch_of(workload.inputs())
        trained = count(lambda: train(module, inputs))
        module.eval().requires_grad_(False)
        counts[f"{model}-{preset}"] = [trained, count(lambda: module(inputs[:1]))]
print(json.dumps(counts))
"""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason='torch is not installed; pip install "speedscore[torch]"'
)


@pytest.fixture(scope="module")
def counts() -> dict[str, tuple[int, int]]:
    """FLOPs of a training step and of a pass of the single input, by model and preset, as PyTorch counts them."""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", _COUNT], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[int, int]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("model", MODELS)
def test_the_formula_agrees_with_the_counter_to_the_last_operation(
    counts: dict[str, tuple[int, int]], model: str, preset: str
) -> None:
    workload = make_workload(model, preset)
    assert (workload.training_flops(), workload.inference_flops()) == tuple(counts[f"{model}-{preset}"])
