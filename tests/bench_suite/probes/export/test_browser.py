"""A browser as a runtime: its numbers are the model's, a flipped weight is seen, and it ends with its probe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from speedscore.bench_suite.probes.export import parity, running
from speedscore.bench_suite.probes.export.browser import needs, runtime
from speedscore.bench_suite.probes.probe import ProbeUnavailable
from speedscore.bench_suite.probes.process import Lost, Raised
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.processors import usable_processors
from tests.waiting import wait_until

WEIGHTS = np.array([[1.0, -2.0], [0.5, 3.0]], dtype=np.float32)
BATCH = np.array([[1.0, 2.0]], dtype=np.float32)
LOAD = f"{runtime.__name__}:load"


@pytest.fixture
def tools() -> Iterator[Tools]:
    opened = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=120.0)
    yield opened
    opened.close()


def _write_model(path: Path, weights: Any) -> None:
    onnx = pytest.importorskip("onnx")
    matrix = onnx.numpy_helper.from_array(weights, "weights")
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["inputs", "weights"], ["logits"])],
        "product",
        [value("inputs", onnx.TensorProto.FLOAT, ["batch", 2])],
        [value("logits", onnx.TensorProto.FLOAT, ["batch", 2])],
        [matrix],
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
    # The weights in a file beside it, as converters write large ones.
    onnx.save(model, path, save_as_external_data=True, location=f"{path.name}.data", size_threshold=0)


def test_its_answers_are_the_models_and_a_flipped_weight_is_seen(tools: Tools, tmp_path: Path) -> None:
    try:
        needed = needs.find_for_onnx(threading.Event())
    except ProbeUnavailable as missing:
        pytest.skip(str(missing))
    _write_model(tmp_path / "right.onnx", WEIGHTS)
    _write_model(tmp_path / "flipped.onnx", WEIGHTS * np.array([[-1, 1], [1, 1]], dtype=np.float32))
    examples, answers = tmp_path / "examples.npy", tmp_path / "answers.npy"
    np.save(examples, BATCH)
    process = tools.start()

    def error(artefact: str) -> float:
        process.call(LOAD, folder=str(tmp_path), artefact=artefact, **needed)
        process.call(f"{running.__name__}:run", examples=str(examples), answers=str(answers))
        return parity.relative_error(np.load(answers), BATCH @ WEIGHTS)

    assert error("right.onnx") < 1e-6
    seconds = process.call(f"{running.__name__}:time_calls", examples=str(examples), calls=3)
    assert len(seconds) == 3
    assert all(second > 0 for second in seconds)
    assert error("flipped.onnx") > 0.1
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(Raised, match="PageError: Can't create a session"):
        error("broken.onnx")
    assert [*_at_home_in(tools.scratch)]
    process.close()
    _nothing_is_left_in(tools.scratch)


@pytest.mark.parametrize(
    ("program", "limit_seconds", "expected"),
    [("exec sleep 600", 2.0, "hung"), ("exit 3", 60.0, "the browser ended before the page answered")],
    ids=["hangs", "dies"],
)
def test_a_browser_that_hangs_or_dies_is_an_answer_and_leaves_nothing(
    tools: Tools, tmp_path: Path, program: str, limit_seconds: float, expected: str
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\n{program}\n")
    browser.chmod(0o700)
    (tmp_path / "model.onnx").write_bytes(b"model")
    process = tools.start()
    with pytest.raises((Raised, Lost), match=expected):
        process.call(
            LOAD,
            limit_seconds=limit_seconds,
            folder=str(tmp_path),
            artefact="model.onnx",
            browser=str(browser),
            runtime="onnx",
            libraries={},
            versions={},
        )
    process.close()
    _nothing_is_left_in(tools.scratch)


def _nothing_is_left_in(scratch: Path) -> None:
    wait_until(lambda: not [*_at_home_in(scratch)], "a process outlived its probe")


def _at_home_in(scratch: Path) -> Iterator[int]:
    """Processes whose home lies there."""
    for process in psutil.process_iter(["environ", "status"]):
        environment = process.info["environ"] or {}
        if process.info["status"] != psutil.STATUS_ZOMBIE and environment.get("HOME", "").startswith(str(scratch)):
            yield process.pid
