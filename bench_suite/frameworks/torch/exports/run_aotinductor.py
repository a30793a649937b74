"""Opens a package of AOTInductor, in PyTorch's runtime alone, without the model's code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import _inductor as inductor


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``."""
    torch.set_num_threads(1)
    model = inductor.aoti_load_package(str(Path(folder) / artefact))

    def call(batch: Any) -> Any:
        with torch.inference_mode():
            return model(torch.from_numpy(batch)).numpy()

    memory["call"] = call
