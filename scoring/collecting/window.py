"""The 52 weeks that end with a given day: 364 whole days in UTC, the last one included; and years up to a day.

One definition for every count "in 52 weeks", so that commits, releases and issues speak of the same stretch of time.
"""

from __future__ import annotations

import datetime

import msgspec

WEEKS = 52


class Window(msgspec.Struct, frozen=True):
    """Whole days in UTC, both ends included."""

    since: datetime.date
    until: datetime.date

    def __contains__(self, moment: datetime.datetime) -> bool:
        try:
            day = moment.astimezone(datetime.UTC).date()
        except OverflowError:  # within a day of the first or the last one that there is
            day = moment.date()
        return self.since <= day <= self.until

    def __str__(self) -> str:
        return f"{self.since} to {self.until}"


def weeks_before(until: datetime.date) -> Window:
    """The 52 weeks whose last day is ``until``."""
    return Window(since=until - datetime.timedelta(weeks=WEEKS, days=-1), until=until)


def per_week(count: int) -> float:
    """To one decimal place; to two where that would make nothing of something."""
    return round(count / WEEKS, 1) or round(count / WEEKS, 2)


def years_between(first: datetime.date, last: datetime.date) -> float:
    """Years to two decimal places."""
    return round((last - first).days / 365.25, 2)
