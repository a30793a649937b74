"""PyTorch's paths to a GPU and a TPU, walked without either: the host stands in, and every call to it is noted.

Nothing here proves that a device computes rightly or fast; what it proves is that the right calls are made in the right
order, and that what is not the device is refused. PyTorch is imported in one fresh process, which finds a fake
``torch_xla`` in ``fakes/``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.bench_suite.frameworks.checks.running import require_installed, run_checks
from tests.places import ROOT

pytestmark = require_installed(FRAMEWORKS["torch"])

FAKES = Path(__file__).with_name("fakes")


def _facts(check: str) -> Any:
    python_path = os.pathsep.join((str(FAKES), str(ROOT)))
    return run_checks("torch_device_checks", variables=(("PYTHONPATH", python_path),)).facts(check)


def test_an_accelerator_under_torch_xla_is_certified_synchronised_and_watched() -> None:
    facts = _facts("an_accelerator_under_torch_xla_is_certified_synchronised_and_watched")
    assert len(facts["certified"]) == 6
    assert all(facts["certified"].values()), facts["certified"]
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


def test_without_torch_xla_its_accelerator_is_unavailable_and_the_remedy_is_named() -> None:
    message = _facts("without_torch_xla_its_accelerator_is_unavailable_and_the_remedy_is_named")
    assert message.startswith("asked for 'tpu', but torch_xla is not installed; pip install 'torch_xla[tpu]'")


_COMPILE_OPTIONS = {
    "eager": None,
    "compile": {"fullgraph": True, "dynamic": False},
    "cudagraphs": {"fullgraph": True, "dynamic": False, "mode": "reduce-overhead"},
}


@pytest.mark.parametrize("variant", _COMPILE_OPTIONS)
def test_on_cuda_the_streams_are_waited_for_and_the_peak_begins_anew_when_asked(variant: str) -> None:
    facts = _facts(f"on_cuda_the_streams_are_waited_for_and_the_peak_begins_anew_when_asked {variant}")
    assert [facts[role] for role in ("training", "inference", "throughput")] == [True] * 3
    assert facts["build"] == ["synchronize"] * 2, "before and after the optimizer is made, which is timed"
    assert facts["reset"] == ["empty_cache", "reset_peak"]
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
    assert facts["infer"] == (mark or ["synchronize"])[0]
    # Whatever graph of the process is replayed next writes where this one did.
    assert facts["loss kept apart"] is facts["answer kept apart"] is (variant == "cudagraphs")
    assert facts["options"] == _COMPILE_OPTIONS[variant]
    # Graphs that cannot be recorded are never left out silently.
    assert facts["or error"] is (variant == "cudagraphs")
