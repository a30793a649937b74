"""Opens programs of ExecuTorch in its own runtime, on one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from executorch.extension.pybindings.portable_lib import _unsafe_reset_threadpool
from executorch.runtime import Runtime


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``."""
    # XNNPACK would take a thread for each processor of the machine; Python has no other way to say how many.
    _unsafe_reset_threadpool(1)
    method = Runtime.get().load_program(Path(folder) / artefact).load_method("forward")
    # The result lies in memory that the next call writes to.
    memory["call"] = lambda batch: method.execute([torch.from_numpy(batch)])[0].numpy().copy()
