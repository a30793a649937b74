"""Where the plugin's modules find what belongs to the running session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from speedscore.bench_suite.session.virtual_clock import VirtualClock

if TYPE_CHECKING:
    from speedscore.bench_suite.session.saving.journal import Journal
    from speedscore.bench_suite.session.saving.run_files import RunFiles
    from speedscore.bench_suite.session.session import Session

SESSION: pytest.StashKey[Session] = pytest.StashKey()
"""There only when the session selected cases of the matrix and is not merely collecting."""
FILES: pytest.StashKey[RunFiles] = pytest.StashKey()
"""Where the run goes; not there on the gate's side, which saves none."""
JOURNAL: pytest.StashKey[Journal] = pytest.StashKey()
"""There with ``SESSION``."""
CLOCK: pytest.StashKey[VirtualClock] = pytest.StashKey()
LEFT_OUT: pytest.StashKey[int] = pytest.StashKey()
"""How many cases the session would have had to ask for; there only where some were left out."""
