"""The month of today, to which ages are counted where no snapshot was named.

It is the one place of judging that reads a clock. Tests put another month in its place; nothing else is decided here.
"""

from __future__ import annotations

import datetime


def this_month() -> str:
    """``YYYY-MM`` in UTC."""
    return f"{datetime.datetime.now(datetime.UTC):%Y-%m}"
