"""What day it is: the only place of judging that asks, so that tests replace it here.

The day tells what is dated too late to be true, and the month how old a fact is where no snapshot was named. Every
date is in UTC, so that two machines refuse the same. Nothing else is decided here.
"""

from __future__ import annotations

import datetime


def now() -> datetime.datetime:
    """In UTC, as all that follows."""
    return datetime.datetime.now(datetime.UTC)


def today() -> datetime.date:
    return now().date()


def this_month() -> str:
    """``YYYY-MM``."""
    return f"{today():%Y-%m}"
