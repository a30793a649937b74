"""PyTorch's artefacts give PyTorch's own numbers, in batches of any size, and one flipped byte of a weight is seen.

AOTInductor, ExecuTorch and LiteRT compile, or need an environment of their own: their control cases ask the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speedscore.bench_suite.probes.export import native, parity, running
from speedscore.bench_suite.probes.export.control_model import make_control
from speedscore.bench_suite.probes.export.targets import FLOAT32_LIMIT, TARGETS, find_route

# Converters call parts of PyTorch that PyTorch is about to give up.
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

torch = pytest.importorskip("torch", reason="needs PyTorch")

Memory = dict[str, Any]
_LARGEST_FLOAT_BYTE = 3
"""Sign and high bits of the exponent: numbers are little-endian here."""


@pytest.fixture(scope="module")
def built() -> Iterator[Memory]:
    """What ``native.build`` leaves of the control."""
    memory: Memory = {}
    threads = torch.get_num_threads()
    native.build(memory, framework="torch", model="", preset="smoke")
    yield memory
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("target", "weights"), [("onnx", "model.onnx"), ("exported", "model.pt2"), ("openvino", "openvino/model.bin")]
)
def test_it_is_right_in_any_batch_and_a_flipped_byte_is_seen(
    built: Memory, tmp_path: Path, target: str, weights: str
) -> None:
    for package in (*find_route("torch", target).packages, *TARGETS[target].packages):
        pytest.importorskip(package, reason=f"needs {package}")
    native.answer(built, folder=str(tmp_path))
    converted = native.convert(built, converter=find_route("torch", target).convert, folder=str(tmp_path))
    errors = _errors(target, tmp_path, converted["artefact"])
    assert max(errors) <= FLOAT32_LIMIT

    _flip(tmp_path / weights)
    assert min(_errors(target, tmp_path, converted["artefact"])) > FLOAT32_LIMIT


def test_a_converter_leaves_the_model_as_it_was_timed(built: Memory, tmp_path: Path) -> None:
    native.answer(built, folder=str(tmp_path))
    module = built["program"].module
    native.convert(built, converter=find_route("torch", "exported").convert, folder=str(tmp_path))
    assert built["program"].module is module
    assert all(parameter.requires_grad for parameter in module.parameters())


def test_examples_become_what_pytorch_takes() -> None:
    capture = importlib.import_module("speedscore.bench_suite.frameworks.torch.exports.capture")
    images = np.arange(2 * 4 * 5 * 3, dtype=np.float32).reshape(2, 4, 5, 3)
    assert np.array_equal(capture.to_torch(images)[1, 2], images[1, :, :, 2])
    tokens = capture.to_torch(np.array([[1, 2]], np.int32))
    assert tokens.dtype == np.int64
    assert tokens.tolist() == [[1, 2]]


def _errors(target: str, folder: Path, artefact: str) -> list[float]:
    """The relative error in each batch, of the artefact opened anew."""
    module, _, name = TARGETS[target].load.partition(":")
    load: Callable[..., Any] = getattr(importlib.import_module(module), name)
    opened: Memory = {}
    load(opened, folder=str(folder), artefact=artefact)
    errors = []
    for size in native.BATCHES:
        running.run(opened, examples=str(folder / f"examples-{size}.npy"), answers=str(folder / f"answers-{size}.npy"))
        errors.append(parity.read_error(folder / f"answers-{size}.npy", folder / f"native-{size}.npy"))
    return errors


def _flip(file: Path) -> None:
    """Turn over the sign of the kernel's largest number where the file holds it, in whichever order of axes."""
    kernel = make_control(flipped="").parameters()["dense0.kernel"]
    content = bytearray(file.read_bytes())
    for stored in (np.ascontiguousarray(kernel.T), kernel):
        if (begin := content.find(stored.tobytes())) >= 0:
            content[begin + 4 * int(np.abs(stored).argmax()) + _LARGEST_FLOAT_BYTE] ^= 0x80
            file.write_bytes(content)
            return
    raise AssertionError(f"{file.name} does not hold the weights as they are")
