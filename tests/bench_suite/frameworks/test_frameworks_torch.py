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

from tests.places import ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason='torch is not installed; pip install "speedscore[torch]"'
)


def _run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


_VERBS = """
import json
import numpy as np
from speedscore.bench_suite.frameworks.torch.program import build
from speedscore.bench_suite.workloads.table import make_workload

workload = make_workload("resnet50", "smoke")
canonical = {**workload.parameters(), **workload.state()}
where = "speedscore.bench_suite.frameworks.torch.resnet50"
place = {"implementation": where, "device": "cpu", "variant": "eager", "threads": 1}
program = build(workload, role="training", **place)

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
inference = build(workload, role="inference", **place)
try:
    inference.forward()
except RuntimeError as error:
    facts["too early"] = str(error)
inference.infer()
facts["logits"] = inference.forward().shape
facts["inference keeps it"] = all(np.array_equal(inference.weights()[name], canonical[name]) for name in canonical)
print(json.dumps(facts))
"""


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
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.frameworks.torch.program import build
from speedscore.bench_suite.workloads.table import make_workload

workload = make_workload("mlp", "smoke")
where = "speedscore.bench_suite.frameworks.torch.mlp"
place = {"implementation": where, "device": "cpu", "variant": "compile", "threads": 1}
facts = {}
for role in ("training", "inference", "throughput"):
    program = build(workload, role=role, **place)
    facts[role] = certify(program, workload, role).passed
    facts[role + " part"] = program.describe()["compiled"]
    run = program.step if role == "training" else program.infer
    with program.steady():
        run()
    facts[role + " counts"] = program.counts()
    program._inputs, program._targets = program._inputs[:1].repeat(3, 1), program._targets[:3]
    try:
        with program.steady():
            run()
    except RuntimeError as error:
        facts[role + " recompiled"] = "recompil" in str(error)
    if role == "throughput":
        run()
        facts["recompilations"] = program.counts()["recompilations"]
place["variant"] = "eager"
facts["eager counts"] = build(workload, role="inference", **place).counts()
print(json.dumps(facts))
"""


def test_a_compiled_program_is_certified_and_may_not_recompile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    none = {"graph_breaks": 0, "recompilations": 0}
    assert json.loads(_run("-c", _COMPILED)) == {
        "training counts": none | {"graph_operations": 9},
        "inference counts": none | {"graph_operations": 5},
        "throughput counts": none | {"graph_operations": 5},
        "recompilations": 1,
        "eager counts": {},
        "training": True,
        "training part": "model, loss and backward; not the optimizer",
        "training recompiled": True,
        "inference": True,
        "inference part": "model",
        "inference recompiled": True,
        "throughput": True,
        "throughput part": "model",
        "throughput recompiled": True,
    }


_REFUSED = """
import torch
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.torch.program import build
from speedscore.bench_suite.workloads.table import make_workload

torch.cuda.is_available = lambda: False
where = {"implementation": "speedscore.bench_suite.frameworks.torch.mlp", "role": "training", "threads": 1}
for device, variant in (("gpu", "eager"), ("cpu", "cudagraphs"), ("tpu", "cudagraphs"), ("cpu", "fast")):
    try:
        build(make_workload("mlp", "smoke"), device=device, variant=variant, **where)
    except (DeviceUnavailable, ValueError) as error:
        print(type(error).__name__, error)
"""


def test_what_cannot_be_built_says_what_was_asked_for_and_found() -> None:
    no_gpu, on_cpu, on_tpu, unknown = _run("-c", _REFUSED).splitlines()
    assert no_gpu.startswith("DeviceUnavailable asked for 'gpu', but torch 2.")
    assert no_gpu.endswith("CUDA devices")
    assert on_cpu.startswith("DeviceUnavailable asked for CUDA graphs on 'cpu'")
    assert on_tpu.startswith("DeviceUnavailable asked for CUDA graphs on 'tpu'")
    assert unknown == "ValueError unknown variant 'fast' of PyTorch; there are eager, compile, cudagraphs"
