"""The command line of a gate over a fleet as a part's gate is to have it. Nothing is run here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from speedscore.gate.sides.side_arguments import rewritten, without_gate

AFFECTED = "--gate-affected"


def arguments_of_part(config: pytest.Config, *, root: Path) -> tuple[str, ...]:
    """pytest's own and the project's, with what this gate was told of how to gate; ``root`` is that of head's checkout,
    whose paths are written as seen from where pytest was started. A budget of time is what each part has left when it
    is placed."""
    to_root = os.path.relpath(root.resolve(), config.invocation_params.dir.resolve())
    moves = [(root, Path(to_root)), (root.resolve(), Path(to_root))]
    kept = without_gate([str(argument) for argument in config.invocation_params.args])
    detect, why = config.getoption("speedscore_gate_detect"), config.getoption("speedscore_gate_why")
    return (
        *(rewritten(argument, moves) for argument in kept),
        f"--gate-why={why}",
        *([f"--gate-detect={detect}"] if detect else []),
        *([AFFECTED] if config.getoption("speedscore_gate_affected") else []),
    )
