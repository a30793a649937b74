"""The address of a cluster, as a person gives it: whether it is one, and whether anything listens there.

Asked before Ray is, which waits for minutes where nothing does and then says less. A connection is opened and closed;
nothing is said over it.
"""

from __future__ import annotations

import re
import socket
import time

from speedscore.fleet.work import LOCAL, FleetError
from speedscore.text.cleaning import one_line

ADVICE = (
    "is the cluster up (ray status)? From one of its machines it is HEAD:6379, the port of its head, and from outside "
    "ray://HEAD:10001, the port of Ray Client, which listens where the head has 'ray[client]' installed"
)
"""What to look at where a cluster is not reached."""
_LAST_LINES, _MOST_LINE_CHARACTERS = 2, 300
_AUTO = "auto"
_NONE = (
    f"no address of a cluster: give {LOCAL}, {_AUTO}, HEAD:6379 from one of its machines, "
    "or ray://HEAD:10001 from outside"
)
_PLACE = re.compile(r"(?:ray://)?(?:\[(?P<ipv6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\s:/@\[\]]+)):(?P<port>\d{1,5})")
_LISTEN_SECONDS = 5.0
"""A head that is being started, or a name that has just been given to one, needs a moment."""
_RETRY_SECONDS = 0.5


def require_listener(address: str, *, within_seconds: float = _LISTEN_SECONDS) -> None:
    """Raises FleetError where ``address`` is none, or nothing has listened there until the time is over.

    The error does not repeat the address. Where ``local`` and ``auto`` lead, only Ray knows.
    """
    if address in (LOCAL, _AUTO):
        return
    place = _PLACE.fullmatch(address)
    if place is None or not 0 < int(place["port"]) < 1 << 16:
        raise FleetError(_NONE)
    host, port = place["ipv6"] or place["host"], int(place["port"])
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            with socket.create_connection((host, port), timeout=_LISTEN_SECONDS):
                return
        except UnicodeError:
            raise FleetError(_NONE) from None
        except OSError as error:
            if time.monotonic() >= deadline:
                raise FleetError(f"nothing listens there ({one_line(str(error))}): {ADVICE}") from None
        time.sleep(_RETRY_SECONDS)


def unreached(address: str, how_it_ended: str) -> str:
    """What to say where the process that speaks to a cluster ended before any machine answered.

    ``how_it_ended`` is that in its first line, and then what it printed: Ray prints much that helps nobody, and why it
    gave up last.
    """
    how, *printed = how_it_ended.splitlines()
    last = [one_line(line.removeprefix("  | "))[:_MOST_LINE_CHARACTERS] for line in printed[-_LAST_LINES:]]
    advice = "" if address == LOCAL else f": {ADVICE}"
    return f"the cluster at {address} was not reached: the process that speaks to it {how} ({' | '.join(last)}){advice}"
