"""Where a process that this one starts finds what this one imports."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import speedscore


def import_path() -> str:
    """For ``PYTHONPATH``: this very checkout first, then all that this process finds."""
    checkout = str(Path(speedscore.__file__).parent.parent)
    return os.pathsep.join(dict.fromkeys((checkout, *filter(None, sys.path))))
