"""Where the files of learning lie, which anyone can read: lists of what is asked, rules, small programs."""

from __future__ import annotations

from pathlib import Path

import speedscore


def learning_folder() -> Path:
    """``fixtures/learning``, inside the package, which in a checkout is a link to the folder at its top."""
    return Path(speedscore.__file__).parent / "fixtures" / "learning"
