"""The end of a reason that names the log in which more stands: for whoever gave the order, and for no card.

It reads no log.
"""

from __future__ import annotations

import re

_LOG = re.compile(r" \(log: [^\n]*\)\Z")


def with_log(reason: str, log: str) -> str:
    """A reason with the file that says more, where there is one: ``log`` is its path where the order was given."""
    return f"{reason} (log: {log})" if log else reason


def without_log(reason: str) -> str:
    """As it is for all cases that failed alike, whichever file each has."""
    return _LOG.sub("", reason)
