"""On the CPU a session has bfloat16 only when it asks for it; on an accelerator it is what is run."""

from __future__ import annotations

from typing import Any

import pytest

from speedscore.bench_suite.matrix.asking import is_asked_for
from speedscore.bench_suite.matrix.cases import Case
from speedscore.host.peaks import Precision
from speedscore.record.phases import DeviceName

NOTHING: dict[str, Any] = {"keywords": "", "marks": "", "arguments": ()}


def a_case(device: DeviceName, precision: Precision) -> Case:
    return Case(framework="jax", model="mlp", device=device, phase="training", precision=precision)


@pytest.mark.parametrize(
    "asking",
    [
        pytest.param({"keywords": "bfloat16"}, id="by keyword"),
        pytest.param({"keywords": "jax and BFLOAT16"}, id="among other keywords"),
        pytest.param({"keywords": "jax-mlp-bfloat16"}, id="by a part of its name"),
        pytest.param({"marks": "precision"}, id="by mark"),
        pytest.param(
            {"arguments": ["bench_suite/test_training.py::test_training[jax-mlp-bfloat16-host]"]}, id="by node"
        ),
    ],
)
def test_it_is_asked_for(asking: dict[str, Any]) -> None:
    assert is_asked_for(a_case("cpu", "bfloat16"), **NOTHING | asking)


@pytest.mark.parametrize(
    "asking",
    [
        pytest.param({}, id="by nothing"),
        pytest.param({"keywords": "jax and mlp"}, id="by other words"),
        pytest.param({"marks": "not speedscore_probe or quick"}, id="by other marks"),
        pytest.param({"arguments": ["bench_suite"]}, id="by a folder"),
    ],
)
def test_it_is_left_out(asking: dict[str, Any]) -> None:
    assert not is_asked_for(a_case("cpu", "bfloat16"), **NOTHING | asking)
    assert is_asked_for(a_case("cpu", "float32"), **NOTHING | asking)
    assert is_asked_for(a_case("gpu", "bfloat16"), **NOTHING | asking)
    assert is_asked_for(a_case("tpu", "bfloat16"), **NOTHING | asking)
