"""What the variant ``tuned`` compiles and how: of what was tried, the fastest for each model and role on a CPU.

The options are those of ``torch.compile``. A user would find them as we did, by measuring candidates side by side:
``tests/performance/torch_tuning.py``; what it gave stands in ``docs/how-it-measures.md``. Nothing here measures or
compiles.
"""

from __future__ import annotations

from typing import Any

from speedscore.record.phases import Role

Options = dict[str, Any]

EAGER = None
"""Not compiled at all."""
COMPILED: Options = {}
"""As the line ``torch-compile`` has it."""
FREEZING: Options = {"freezing": True}
"""Of a pass without gradients the parameters are constants: batch normalisation is folded into the convolutions, and
weights are laid out beforehand as oneDNN's kernels take them."""
AUTOTUNED: Options = FREEZING | {"max_autotune": True}
"""Inductor's own products of small matrices beside the libraries', timed as the program is compiled."""
CPP_WRAPPER: Options = {"cpp_wrapper": True}
"""The kernels are called from C++ and no longer from Python."""

_FASTEST: dict[str, dict[Role, Options | None]] = {
    "mlp": {"training": EAGER, "inference": AUTOTUNED, "throughput": EAGER},
    "resnet50": {"training": COMPILED, "inference": FREEZING, "throughput": FREEZING},
    "gpt": {"training": CPP_WRAPPER, "inference": FREEZING, "throughput": COMPILED},
    "bert": {"training": CPP_WRAPPER, "inference": FREEZING, "throughput": FREEZING},
}


def find_options(model: str, role: Role) -> Options | None:
    """How a model's program of that role is compiled, None where it is not.

    Raises LookupError for a model that nobody tried.
    """
    if model not in _FASTEST:
        raise LookupError(f"variant tuned of PyTorch: nobody measured {model!r}; there are {', '.join(_FASTEST)}")
    return _FASTEST[model][role]
