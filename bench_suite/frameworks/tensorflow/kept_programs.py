"""What XLA keeps of TensorFlow's functions on the disk, and whether one came from there.

TensorFlow's public interface does not tell, but the folder does: XLA writes a file for whatever it compiles, and none
for what it finds. This module never compiles anything.
"""

from __future__ import annotations

from pathlib import Path

from speedscore.host.variables import xla_cache_of_tensorflow

Files = dict[str, tuple[int, int]]
"""Size and time of writing, by name."""


class KeptPrograms:
    """The folder as it was before a compilation."""

    def __init__(self) -> None:
        self._folder = xla_cache_of_tensorflow()
        self._before = _look(self._folder)

    def served(self) -> bool | None:
        """After the compilation: whether it came from the folder; None where nothing is kept. Nothing else may have
        been compiled meanwhile."""
        if self._folder is None:
            return None
        return bool(self._before) and _look(self._folder) == self._before


def _look(folder: Path | None) -> Files:
    if folder is None or not folder.is_dir():
        return {}
    return {file.name: (file.stat().st_size, file.stat().st_mtime_ns) for file in folder.iterdir()}
