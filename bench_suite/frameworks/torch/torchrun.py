"""The command that starts a module in several processes on this host as PyTorch's users do. It imports no framework."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def torchrun_command(processes: int, *, module: str, arguments: Sequence[str]) -> list[str]:
    """``torchrun`` of this very environment; the processes find each other at a port that it chooses itself."""
    started_by = [sys.executable, "-m", "torch.distributed.run"]
    return [*started_by, "--standalone", f"--nproc-per-node={processes}", "--module", module, *arguments]
