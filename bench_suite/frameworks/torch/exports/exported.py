"""A model as PyTorch's own ahead-of-time graph, by ``torch.export.save``: weights inside, any batch size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from speedscore.bench_suite.frameworks.torch.exports.capture import capture


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    torch.export.save(capture(memory), Path(folder) / "model.pt2")
    return {"artefact": "model.pt2", "tool": "torch.export"}
