"""A port of the loopback address for what cannot choose one itself. It listens at none."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """One that nothing listens at; somebody else may take it before whoever asked does."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        port: int = taken.getsockname()[1]
    return port
