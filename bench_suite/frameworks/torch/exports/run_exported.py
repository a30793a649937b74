"""Opens what ``torch.export`` saved, in PyTorch alone, without the model's code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``."""
    torch.set_num_threads(1)
    module = torch.export.load(Path(folder) / artefact).module()

    def call(batch: Any) -> Any:
        with torch.inference_mode():
            return module(torch.from_numpy(batch)).numpy()

    memory["call"] = call
