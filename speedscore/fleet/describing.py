"""What a machine says of itself before it has a piece: its host's name, its fingerprint and its packages.

Done as every piece is, so that it sees what a piece would see. It judges nothing.
"""

from __future__ import annotations

import platform
from pathlib import Path

from speedscore.fleet.wire import Description, encode
from speedscore.fleet.work import Report
from speedscore.host.distributions import installed_versions
from speedscore.host.fingerprint import fingerprint

ENTRY = "speedscore.fleet.describing:describe"


def describe(request: bytes, report: Report) -> bytes:  # noqa: ARG001 - called as every piece is
    """What this machine is, as a process that does a piece sees it."""
    return encode(Description(platform.node(), fingerprint(Path.cwd()), installed_versions()))
