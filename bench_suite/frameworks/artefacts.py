"""What a framework's ``probing.survival`` offers: ways of keeping a forward pass in a file without the model's code.

Nothing here knows a framework.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Artefact(NamedTuple):
    """One way."""

    make: Callable[[Any, str, Any, Path], Any]
    """(workload, module that writes the model, inputs, path) → outputs: build the model with the workload's weights,
    write it to the path and compute."""
    run: Callable[[Any, Path], Any]
    """(inputs, path) → outputs, from the file alone."""
