"""The folder in which a driver keeps what pieces printed: a text file for each placing, as the machine sent it.

Nothing is written over, and a file that cannot be written costs no piece. What a file holds is anybody's text: it is
not shown, only its name is.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from speedscore.fleet.work import FleetError
from speedscore.text.cleaning import file_name, one_line

_IGNORED = "# Logs of a fleet: git need not see them, and the tree is no other for them.\n*\n"


class LogFolder:
    """Made before anything is measured."""

    def __init__(self, folder: str, *, warn: Callable[[str], None], prefix: str = "") -> None:
        """``warn`` is told once where a log could not be kept; ``prefix`` begins every name.

        Raises FleetError where the folder cannot be written.
        """
        if not folder.strip():
            raise FleetError("name a folder, found nothing")
        self._shown = folder
        # Whoever is measured here may change the working directory.
        self._folder = Path(folder).absolute()
        self._warn = warn
        self._has_warned = False
        self._prefix = prefix
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
            if not any(self._folder.iterdir()):
                (self._folder / ".gitignore").write_text(_IGNORED)
        except OSError as error:
            raise FleetError(f"{one_line(folder)}: expected a folder that can be written ({error.strerror})") from None

    def keep(self, piece: str, machine: str, *, nth: int, content: bytes) -> str:
        """The file's name, as its folder was named; empty where it could not be written.

        ``nth`` is which placing of the piece it was. Where an earlier session has left a file of that name, the next
        number is taken.
        """
        try:
            return one_line(str(Path(self._shown) / self._write(piece, machine, nth=nth, content=content)))
        except OSError as error:
            if not self._has_warned:
                self._has_warned = True
                self._warn(f"a log could not be kept in {one_line(self._shown)}: {error.strerror}")
            return ""

    def _write(self, piece: str, machine: str, *, nth: int, content: bytes) -> str:
        while True:
            name = f"{self._prefix}{file_name(piece)}_{file_name(machine)}_{nth}.log"
            path = self._folder / name
            try:
                stream = path.open("xb")
            except FileExistsError:
                nth += 1
                continue
            try:
                with stream:
                    stream.write(content)
            except BaseException:  # Ctrl-C leaves none that is half written either
                with contextlib.suppress(OSError):
                    path.unlink()
                raise
            return name
