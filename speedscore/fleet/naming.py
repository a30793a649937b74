"""Names of machines: the host's, and a number where two machines of a fleet have one host name.

A machine that comes back under another number of the cluster has the name that it had, where host and address say that
it is the same. It reaches nothing.
"""

from __future__ import annotations

from speedscore.text.cleaning import one_line

_MOST_CHARACTERS = 100


class MachineNames:
    """Gives names, and takes them back."""

    def __init__(self) -> None:
        self._owners: dict[str, tuple[str, ...]] = {}
        """Name → by what its machine is known again."""
        self._in_use: set[str] = set()

    def take(self, host: str, *, known_by: tuple[str, ...]) -> str:
        """``known_by`` is what stays when the machine comes back."""
        base = one_line(host)[:_MOST_CHARACTERS] or "machine"
        number = 1
        while True:
            name = base if number == 1 else f"{base}-{number}"
            if name not in self._in_use and self._owners.get(name, known_by) == known_by:
                self._owners[name] = known_by
                self._in_use.add(name)
                return name
            number += 1

    def give_back(self, name: str) -> None:
        self._in_use.discard(name)
