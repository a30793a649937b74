"""What a machine says of itself before it has a piece: its host's name and its fingerprint.

Done as every piece is, so that it sees what a piece would see. It judges nothing.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from speedscore.fleet.wire import Description, encode
from speedscore.fleet.work import Report
from speedscore.host.fields import Scalar
from speedscore.host.fingerprint import fingerprint

ENTRY = "speedscore.fleet.describing:describe"


def describe(request: bytes, report: Report) -> bytes:  # noqa: ARG001 - called as every piece is
    """What this machine is, as a process that does a piece sees it. It is asked with the driver's niceness."""
    environment: dict[str, Scalar] = fingerprint(Path.cwd())
    niceness = os.nice(0)
    if niceness != int(request):
        # Ray starts its workers at 15 where it was not told otherwise; what gives way to others must not look equal.
        environment["process.niceness"] = niceness
    return encode(Description(platform.node(), environment))
