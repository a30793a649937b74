"""The paths to a GPU and a TPU, walked without either: the host stands in, and every call meant for a device is noted.

Nothing here proves that a device computes rightly or fast; what it proves is that the right calls are made in the right
order, and that what is not the device is refused. Frameworks are imported in processes of their own.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.places import ROOT

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason='torch is not installed; pip install "speedscore[torch]"'
)
needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason='jax is not installed; pip install "speedscore[jax]"'
)

_FAKE_TORCH_XLA = {
    "__init__.py": """
import torch
__version__ = "0.0+fake"
calls = []
def device():
    return torch.device("cpu")
def sync():
    calls.append("sync")
""",
    "core/__init__.py": "",
    "core/xla_model.py": """
import torch_xla
hardware = "TPU"
def xla_device_hw(device):
    return hardware
def xla_device_kind(device):
    return "TPU v0"
def wait_device_ops():
    torch_xla.calls.append("wait")
def get_memory_info(device):
    return {"bytes_used": 1, "bytes_limit": 3, "peak_bytes_used": 2}
""",
    "debug/__init__.py": "",
    "debug/metrics.py": """
counts = {}
def metric_data(name):
    return (counts[name], 0.0, ()) if name in counts else None
""",
    "backends.py": """
precision = "default"
def set_mat_mul_precision(wanted):
    global precision
    precision = wanted
def get_mat_mul_precision():
    return precision
""",
}
"""The part of torch_xla that is used, with the host as its device. Its calls are as in torch_xla 2.9."""


def _run(script: str, *, python_path: Path | None = None) -> Any:
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    if python_path is not None:
        environment["PYTHONPATH"] = str(python_path)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def fake_torch_xla(tmp_path: Path) -> Path:
    """A folder for the Python path that holds the fake."""
    for name, text in _FAKE_TORCH_XLA.items():
        path = tmp_path / "torch_xla" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


_TORCH = """
import json
import torch
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.torch import platforms, program
from speedscore.bench_suite.workloads.table import make_workload

workload = make_workload("mlp", "smoke")
compiled = []
torch.compile = lambda function, **options: (compiled.append(options), function)[1]

def build(device, variant, role="training"):
    where = "speedscore.bench_suite.frameworks.torch.mlp"
    return program.build(workload, implementation=where, role=role, device=device, variant=variant, threads=1)

def refused(action, *kinds):
    try:
        action()
    except kinds as error:
        return str(error)
"""

_TPU = (
    _TORCH
    + """
import sys
import torch_xla
from torch_xla.core import xla_model
from torch_xla.debug import metrics

# The host is not among the devices whose optimizer may be captured; a TPU is.
sys.modules["torch.optim.adam"]._get_capturable_supported_devices = lambda supports_xla=True: ["cpu"]
calls = torch_xla.calls
facts = {}
for variant in ("eager", "compile"):
    for role in ("training", "inference", "throughput"):
        facts[f"{variant} {role}"] = certify(build("tpu", variant, role), workload, role).passed
facts["backends"] = sorted({options["backend"] for options in compiled})

training = build("tpu", "eager")
facts["describe"] = training.describe()
facts["memory"] = training.memory()
facts["pending"] = [training.pending()]
for verb in (training.step, training.step, training.wait):
    calls.clear()
    verb()
    facts["pending"].append(training.pending())
    facts.setdefault("calls", []).append(list(calls))

def within(metric):
    with training.steady():
        training.step()
        if metric:
            metrics.counts[metric] = metrics.counts.get(metric, 0) + 2
facts["steady"] = [
    refused(lambda: within(metric), RuntimeError)
    for metric in ("", "ExecuteTime", "CompileTime", "TransferFromDeviceTime", "TransferToDeviceTime")
]
inference = build("tpu", "eager", "inference")
inference.infer()
facts["inference tensor"] = inference._outputs.is_inference()
xla_model.hardware = "CPU"
facts["other hardware"] = refused(lambda: build("tpu", "eager"), DeviceUnavailable)
def fail():
    raise RuntimeError("no libtpu\\nand more")
torch_xla.device = fail
facts["no device"] = refused(lambda: build("tpu", "eager"), DeviceUnavailable)
print(json.dumps(facts))
"""
)


@needs_torch
def test_an_accelerator_under_torch_xla_is_certified_synchronised_and_watched(fake_torch_xla: Path) -> None:
    facts = _run(_TPU, python_path=fake_torch_xla)
    certified = {name: passed for name, passed in facts.items() if name.partition(" ")[0] in ("eager", "compile")}
    assert len(certified) == 6
    assert all(certified.values()), certified
    assert facts["backends"] == ["openxla"]
    described = {name: facts["describe"][name] for name in ("platform", "device_kind", "matmul_precision", "torch_xla")}
    assert described == {
        "platform": "tpu",
        "device_kind": "TPU v0",
        "matmul_precision": "highest",
        "torch_xla": "0.0+fake",
    }
    assert facts["memory"] == {"allocator_peak_bytes": 2}
    # A step ends its graph; the wait launches what is left and then waits for the device.
    assert facts["calls"] == [["sync"], ["sync"], ["sync", "wait"]]
    assert facts["pending"] == [False, True, True, False]
    allowed, executions, compilations, reads, writes = facts["steady"]
    assert allowed is None
    assert executions is None
    assert compilations.startswith("2 compilations ran")
    assert reads.startswith("2 copies from the device ran")
    assert writes.startswith("2 copies to the device ran")
    assert facts["inference tensor"] is False
    assert "the device that torch_xla 0.0+fake found is CPU" in facts["other hardware"]
    assert "found is none (no libtpu)" in facts["no device"]


_NO_TORCH_XLA = (
    _TORCH
    + """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "torch_xla" else find(name)
print(json.dumps(refused(lambda: build("tpu", "eager"), DeviceUnavailable)))
"""
)


@needs_torch
def test_without_torch_xla_its_accelerator_is_unavailable_and_the_remedy_is_named() -> None:
    message = _run(_NO_TORCH_XLA)
    assert message.startswith("asked for 'tpu', but torch_xla is not installed; pip install 'torch_xla[tpu]'")


_CUDA = (
    _TORCH
    + """
from types import SimpleNamespace

calls, idle = [], True
def note(name, result=None):
    def noted(*arguments):
        calls.append(name)
        return result
    return noted

torch.cuda.is_available = lambda: True
torch.cuda.get_device_name = lambda: "a card"
torch.cuda.synchronize = note("synchronize")
torch.cuda.empty_cache = note("empty_cache")
torch.cuda.reset_peak_memory_stats = note("reset_peak")
torch.cuda.max_memory_allocated = lambda: 3
torch.cuda.max_memory_reserved = lambda: 5
torch.cuda.current_stream = lambda: SimpleNamespace(query=lambda: idle)
torch.cuda.get_sync_debug_mode = lambda: 0
torch.cuda.set_sync_debug_mode = lambda mode: calls.append(f"sync debug {mode}")
torch.compiler.cudagraph_mark_step_begin = note("mark")

class OnTheHost(platforms.Cuda):
    def __init__(self, *, graphs):
        super().__init__(graphs=graphs)
        self.device = torch.device("cpu")
platforms.Cuda = OnTheHost

def called(action):
    calls.clear()
    action()
    return list(calls)

def steadily(built):
    with built.steady():
        built.step()

facts = {"build": called(lambda: globals().update(training=build("gpu", VARIANT)))}
facts["options"] = compiled[-1] if compiled else None
facts["memory"] = training.memory()
facts["describe"] = training.describe()
facts["step"] = called(training.step)
results = []
evaluate = training._objective
training._objective = lambda *batch: results.append(evaluate(*batch)) or results[-1]
training.step()
facts["loss kept apart"] = training._loss.data_ptr() != results[-1][0].data_ptr()
facts["steady"] = called(lambda: steadily(training))
facts["wait"] = called(training.wait)
facts["pending when idle"] = training.pending()
idle = False
facts["pending when busy"] = training.pending()
facts["forward"] = called(training.forward)
facts["gradients"] = called(training.loss_and_gradients)
for role in ("training", "inference", "throughput"):
    facts[role] = certify(build("gpu", VARIANT, role), workload, role).passed
facts["infer"] = called(lambda: (inference := build("gpu", VARIANT, "inference"), inference.infer()))[-1]
import torch._inductor.config
facts["or error"] = torch._inductor.config.triton.cudagraph_or_error
print(json.dumps(facts))
"""
)


_COMPILE_OPTIONS = {
    "eager": None,
    "compile": {"fullgraph": True, "dynamic": False},
    "cudagraphs": {"fullgraph": True, "dynamic": False, "mode": "reduce-overhead"},
}


@needs_torch
@pytest.mark.parametrize("variant", _COMPILE_OPTIONS)
def test_on_cuda_the_streams_are_waited_for_and_the_peak_begins_after_the_build(variant: str) -> None:
    facts = _run(f"VARIANT = {variant!r}\n{_CUDA}")
    assert [facts[role] for role in ("training", "inference", "throughput")] == [True] * 3
    assert facts["build"] == ["synchronize", "empty_cache", "reset_peak"]
    assert facts["memory"] == {"allocator_peak_bytes": 3, "allocator_reserved_bytes": 5}
    assert facts["wait"] == ["synchronize"]
    assert facts["pending when idle"] is False
    assert facts["pending when busy"] is True
    described = facts["describe"]
    assert (described["platform"], described["device_kind"]) == ("gpu", "a card")
    assert (described["cudnn_benchmark"], described["tf32"]) == (True, False)
    assert described["optimizer"] == "torch.optim.AdamW, fused"
    mark = ["mark"] if variant == "cudagraphs" else []
    # Without a mark, graphs would take the pass of ``forward`` for one whose backward is still to come.
    assert facts["step"] == facts["forward"] == facts["gradients"] == mark
    assert facts["steady"] == ["sync debug error", *mark, "sync debug 0"]
    assert facts["infer"] == (mark or ["reset_peak"])[0]
    assert facts["loss kept apart"] is (variant == "cudagraphs")
    assert facts["options"] == _COMPILE_OPTIONS[variant]
    # Graphs that cannot be recorded are never left out silently.
    assert facts["or error"] is (variant == "cudagraphs")


_JAX = """
import json
import jax
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.frameworks.jax import mlp, program
from speedscore.bench_suite.workloads.table import make_workload

host, find, put, make = jax.devices("cpu")[0], jax.devices, jax.device_put, mlp.make
platforms = []

class Tpu:
    platform, device_kind = "tpu", "TPU v0"
    def __eq__(self, other):
        return other is self or other is host
    def __hash__(self):
        return hash(host)
    def memory_stats(self):
        return {"peak_bytes_in_use": 7}

def build(role):
    where = "speedscore.bench_suite.frameworks.jax.mlp"
    return program.build(workload, implementation=where, role=role, device="tpu", variant="", threads=1)

workload = make_workload("mlp", "smoke")
mlp.make = lambda workload, platform: platforms.append(platform) or make(workload, platform=platform)
jax.devices = lambda name=None: [host] if name == "tpu" else find(name)
facts = {"the host handed out": build("inference").describe()["platform"]}

jax.devices = lambda name=None: [Tpu()] if name == "tpu" else find(name)
jax.device_put = lambda tree, device=None, **options: put(tree, host if isinstance(device, Tpu) else device, **options)
for role in ("training", "inference", "throughput"):
    built = build(role)
    built.compile()
    facts[role] = certify(built, workload, role).passed
    run = built.step if role == "training" else built.infer
    with built.steady():
        run()
        built.wait()
described = built.describe()
facts["described"] = [described["platform"], described["device_kind"], described["matmul_precision"]]
facts["peak"] = built.memory()["allocator_peak_bytes"]
facts["platforms"] = sorted(set(platforms))
print(json.dumps(facts))
"""


@needs_jax
def test_a_case_of_an_accelerator_runs_there_in_jax_and_a_host_handed_out_for_it_shows() -> None:
    assert _run(_JAX) == {
        # The worker refuses this one: it compares what is described with what the case asked for.
        "the host handed out": "cpu",
        "training": True,
        "inference": True,
        "throughput": True,
        "described": ["tpu", "TPU v0", "highest"],
        "peak": 7,
        "platforms": ["tpu"],
    }
