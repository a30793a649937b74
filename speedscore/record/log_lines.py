"""The line of a reason that names the log in which more stands: for whoever was there, and not for a published card.

It reads no log.
"""

from __future__ import annotations

_LOG = "\nlog: "


def with_log(reason: str, log: str) -> str:
    """``log`` is a path where the order was given."""
    return f"{reason}{_LOG}{log}"


def without_log(reason: str) -> str:
    return reason.rpartition(_LOG)[0] if _LOG in reason else reason
