"""A model as a shared library in a package, by AOTInductor: weights inside, any batch size. It runs nothing.

It needs the C++ compiler that ``torch.compile`` needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import _inductor as inductor

from speedscore.bench_suite.frameworks.torch.exports.capture import capture


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    with torch.no_grad():
        inductor.aoti_compile_and_package(
            capture(memory),
            package_path=str(Path(folder) / "model.pt2"),
            # Compiled headers pay for whoever converts several models: of one they are a third of the time.
            inductor_configs={"aot_inductor.precompile_headers": False},
        )
    return {"artefact": "model.pt2", "tool": "AOTInductor"}
