"""Temporary folders that say whose they are, so that one whose maker was killed is found and removed by the next.

It removes no folder that is not marked so, and none whose maker still lives.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from speedscore.host import reaper_script
from speedscore.host.reaper import is_alive

PREFIX = "speedscore-"
_OWNER = ".made-by"
_FORGOTTEN_SECONDS = 30 * 86400.0
"""Whoever made a folder so long ago has gone, also where that cannot be seen, as after a restart of the machine."""


def make_scratch(what: str) -> Path:
    """A new folder of this process; whoever made it removes it."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{what}-"))
    (folder / _OWNER).write_text(reaper_script.identity(os.getpid()))
    return folder


def remove_leftovers() -> int:
    """Remove the folders whose makers have gone. Returns how many."""
    removed = 0
    for owner in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{_OWNER}"):
        try:
            identity, age_seconds = owner.read_text(), time.time() - owner.stat().st_mtime
        except OSError:  # another user's, or just being removed
            continue
        # Where nothing tells processes apart, or in another container's folder, the maker is not known to have gone.
        if identity and (not is_alive(identity) or age_seconds > _FORGOTTEN_SECONDS):
            shutil.rmtree(owner.parent, ignore_errors=True)
            removed += 1
    return removed
