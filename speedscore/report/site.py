"""A folder with a page over all runs and a page for each: ``index.html`` and ``runs/``.

A run's page is named by when it was made, its commit and its content, so that its address never means another run, and
the pages of earlier runs stay when later ones are added. Nothing is drawn here.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from speedscore.record.run_file import to_block
from speedscore.scoring.evidence.evidence import NamedRun

INDEX = "index.html"
_COMMIT_SIGNS = 10
_DIGEST_SIGNS = 10


def page_name(run: NamedRun) -> str:
    """Below the site's folder, as in ``runs/2026-11-26T09-40-42-793af3e3a4-1f0c2b7a9d.html``."""
    made = re.sub(r"[^0-9T]+", "-", run.record.created[:19])
    commit = re.sub(r"[^0-9a-f]", "", str(run.record.environment.get("git.commit", "")))[:_COMMIT_SIGNS]
    digest = hashlib.sha256(msgspec.json.encode(to_block(run.record), order="deterministic")).hexdigest()
    return f"runs/{'-'.join(filter(None, (made, commit, digest[:_DIGEST_SIGNS])))}.html"


def is_folder(path: Path) -> bool:
    """Whether what a report is to be called is a folder: one that exists, or a name without a suffix."""
    return path.is_dir() or not path.suffix
