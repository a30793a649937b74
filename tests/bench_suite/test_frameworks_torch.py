"""The PyTorch programs against their certificates: what is right passes, and each known mistake is caught by name.

Everything runs in processes of its own, because the pytest process never imports a framework.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason='torch is not installed; pip install "speedscore[torch]"'
)

Checks = list[tuple[str, str, float, float]]
"""Quantity, tensor, error, tolerance."""


def _run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=_HERE.parents[1], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def certified() -> dict[str, dict[str, Checks]]:
    """Every mutation's checks, by model; filled by the first test that asks for a model."""
    return {}


def _checks(certified: dict[str, dict[str, Checks]], model: str, mutation: str) -> Checks:
    if model not in certified:
        lines = _run("-m", "tests.bench_suite.torch_mutants", model).splitlines()
        certified[model] = dict(json.loads(line) for line in lines)
    return certified[model][mutation]


@pytest.mark.parametrize("model", ["mlp", "gpt", "resnet50"])
def test_the_program_as_it_is_passes_with_room_to_spare(certified: dict[str, dict[str, Checks]], model: str) -> None:
    checks = _checks(certified, model, "none")
    assert len(checks) == 5
    for quantity, tensor, error, tolerance in checks:
        assert error <= tolerance / 3, (quantity, tensor)


_MISTAKES = [
    ("mlp", "tanh-gelu", "forward outputs"),
    ("mlp", "no-bias", "parameter count"),
    ("mlp", "transposed", "forward outputs"),
    ("mlp", "default-decay", "parameters after five steps"),
    ("gpt", "erf-gelu", "forward outputs"),
    ("gpt", "epsilon", "forward outputs"),
    ("gpt", "no-bias", "parameter count"),
    ("gpt", "transposed", "forward outputs"),
    ("gpt", "default-decay", "parameters after five steps"),
    ("resnet50", "epsilon", "forward outputs"),
    ("resnet50", "evaluation-mode", "forward outputs"),
    ("resnet50", "momentum", "parameters after five steps"),
    ("resnet50", "transposed", "forward outputs"),
    ("resnet50", "default-decay", "parameters after five steps"),
]


@pytest.mark.parametrize(
    ("model", "mutation", "quantity"), _MISTAKES, ids=[f"{model}-{mutation}" for model, mutation, _ in _MISTAKES]
)
def test_a_mistake_is_caught_and_named(
    certified: dict[str, dict[str, Checks]], model: str, mutation: str, quantity: str
) -> None:
    failed = [check for check in _checks(certified, model, mutation) if check[2] > check[3]]
    assert failed, "the mutant passed"
    first, tensor, error, tolerance = failed[0]
    assert first == quantity
    # Not a near miss: limits stand as far below the mistakes as above the honest errors.
    assert error > 5 * tolerance, tensor


_VERBS = """
import json
import numpy as np
from bench_suite.frameworks.torch.program import build
from bench_suite.workloads.table import make_workload

workload = make_workload("resnet50", "smoke")
canonical = {**workload.parameters(), **workload.state()}
program = build(workload, phase="training", device="cpu", variant="eager", threads=1)

def same():
    found = program.weights()
    return found.keys() == canonical.keys() and all(np.array_equal(found[name], canonical[name]) for name in canonical)

facts = {"built": same(), "compiled": program.compile(), "memory": program.memory()}
program.forward(), program.loss_and_gradients()
facts["passes keep it"] = same()
program.step(), program.wait()
facts["steps move it"] = not same()
facts["pending"] = program.pending()
facts["loss"] = program.loss()
program.load()
facts["load restores it"] = same()
program.step()
facts["same loss again"] = program.loss() == facts["loss"]
facts["describe"] = program.describe()
inference = build(workload, phase="inference", device="cpu", variant="eager", threads=1)
try:
    inference.forward()
except RuntimeError as error:
    facts["too early"] = str(error)
inference.infer()
facts["logits"] = inference.forward().shape
facts["inference keeps it"] = all(np.array_equal(inference.weights()[name], canonical[name]) for name in canonical)
print(json.dumps(facts))
"""


_ON_CUDA = """
import json
from unittest import mock
import torch
from bench_suite.frameworks.torch.program import build
from bench_suite.workloads.table import make_workload

built = build(make_workload("mlp", "smoke"), phase="training", device="cpu", variant="eager", threads=1)
built._platform = "cuda"
with mock.patch.object(torch.cuda, "get_device_name", lambda: "a card"):
    print(json.dumps(built.describe()))
"""


def test_a_program_on_cuda_says_that_it_is_where_the_case_asked_for() -> None:
    described = json.loads(_run("-c", _ON_CUDA))
    # The worker compares this with the case's own device name.
    assert (described["platform"], described["device_kind"]) == ("gpu", "a card")


def test_the_verbs_keep_and_restore_the_canonical_state() -> None:
    facts = json.loads(_run("-c", _VERBS))
    assert facts.pop("loss") == pytest.approx(5.9, abs=1.0)
    assert facts.pop("describe") == {
        "platform": "cpu",
        "device_kind": "cpu",
        "threads": 1,
        "variant": "eager",
        "compiled": "nothing",
        "matmul_precision": "highest",
        "optimizer": "torch.optim.SGD, fused",
        "layout": "channels_last",
    }
    assert facts == {
        "built": True,
        "compiled": {},
        "memory": {},
        "passes keep it": True,
        "steps move it": True,
        "pending": False,
        "load restores it": True,
        "same loss again": True,
        "too early": "there are no logits before the first pass; call infer() first",
        "logits": [1, 100],
        "inference keeps it": True,
    }


_COMPILED = """
import json
import torch
from bench_suite.certificate import certify
from bench_suite.frameworks.torch.program import build
from bench_suite.workloads.table import make_workload

workload = make_workload("mlp", "smoke")
facts = {}
for phase in ("training", "inference"):
    program = build(workload, phase=phase, device="cpu", variant="compile", threads=1)
    facts[phase] = certify(program, workload, phase).passed
    facts[phase + " part"] = program.describe()["compiled"]
    run = program.infer if phase == "inference" else program.step
    with program.steady():
        run()
    program._inputs, program._targets = program._inputs[:1].repeat(3, 1), program._targets[:3]
    try:
        with program.steady():
            run()
    except RuntimeError as error:
        facts[phase + " recompiled"] = "recompil" in str(error)
print(json.dumps(facts))
"""


def test_a_compiled_program_is_certified_and_may_not_recompile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    assert json.loads(_run("-c", _COMPILED)) == {
        "training": True,
        "training part": "model, loss and backward; not the optimizer",
        "training recompiled": True,
        "inference": True,
        "inference part": "model",
        "inference recompiled": True,
    }


_REFUSED = """
import torch
from bench_suite.frameworks.program import DeviceUnavailable
from bench_suite.frameworks.torch.program import build
from bench_suite.workloads.table import make_workload

torch.cuda.is_available = lambda: False
for device, variant in (("gpu", "eager"), ("tpu", "eager"), ("cpu", "fast")):
    try:
        build(make_workload("mlp", "smoke"), phase="training", device=device, variant=variant, threads=1)
    except (DeviceUnavailable, ValueError) as error:
        print(type(error).__name__, error)
"""


def test_what_cannot_be_built_says_what_was_asked_for_and_found() -> None:
    first, second, third = _run("-c", _REFUSED).splitlines()
    assert first.startswith("DeviceUnavailable asked for 'gpu', but torch 2.")
    assert first.endswith("CUDA devices")
    assert second.startswith("DeviceUnavailable asked for 'tpu'")
    assert third == "ValueError unknown variant 'fast' of PyTorch; there are eager, compile"
