"""Where what can be made again is kept from session to session: a folder of each kind among the user's caches.

It makes no folder and removes none; whoever keeps something there also says when it is too old.
"""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(kind: str) -> Path:
    """``speedscore/KIND`` in the user's folder of caches, as the XDG Base Directory Specification has it (0.8): a
    relative ``XDG_CACHE_HOME`` counts as none.

    Raises OSError where there is no such folder, of a user without a home.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        caches = named if named.is_absolute() else Path.home() / ".cache"
    except RuntimeError as error:
        raise OSError(
            f"there is no folder for caches ({error}); name one in XDG_CACHE_HOME, by its whole path"
        ) from None
    return caches / "speedscore" / kind
