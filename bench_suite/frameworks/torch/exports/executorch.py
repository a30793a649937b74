"""A model as an ExecuTorch program whose operations are XNNPACK's, where it has them; float32, and in eight bits.

Eight bits by PyTorch's own quantisation of exported programs (PT2E), in the way that XNNPACK's documentation gives:
weights a channel, activations a tensor, their ranges from a few of the workload's examples. It runs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from executorch.exir import to_edge_transform_and_lower
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

from speedscore.bench_suite.frameworks.torch.exports.capture import CALIBRATION_EXAMPLES, capture, workload_examples

_LARGEST_BATCH = 8
"""Its memory is planned before it runs, for the largest batch that it will take."""


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    return _lower(capture(memory, largest_batch=_LARGEST_BATCH), folder, tool="ExecuTorch, XNNPACK")


def convert_int8(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """The same of the quantised model."""
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True))
    prepared = prepare_pt2e(capture(memory, largest_batch=_LARGEST_BATCH).module(), quantizer)
    prepared(workload_examples(memory, count=CALIBRATION_EXAMPLES))
    captured = capture(memory, module=convert_pt2e(prepared), largest_batch=_LARGEST_BATCH)
    return _lower(captured, folder, tool="ExecuTorch, XNNPACK, PT2E")


def _lower(captured: Any, folder: str, *, tool: str) -> dict[str, Any]:
    program = to_edge_transform_and_lower(captured, partitioner=[XnnpackPartitioner()]).to_executorch()
    (Path(folder) / "model.pte").write_bytes(program.buffer)
    return {"artefact": "model.pte", "tool": tool}
