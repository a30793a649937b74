"""What Linux's control groups allow this process, and how often they stopped it: the limits of a container.

Versions 1 and 2 are read, also side by side (Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/,
Documentation/scheduler/sched-bwc.rst). The tightest limit of the groups around this process counts. Nothing is changed,
and what cannot be read limits nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

_ROOT = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
_NO_MEMORY_LIMIT_BYTES = 1 << 60
"""Version 1 writes the largest number of whole pages where nothing limits; no machine has this much."""


class Throttling(msgspec.Struct, frozen=True):
    """How often processes of the group that was stopped longest ran into its quota, since the group was made."""

    periods: int
    throttled_periods: int
    throttled_seconds: float
    """Of all processors together."""

    def since(self, earlier: Throttling) -> Throttling:
        """What came to it after ``earlier``."""
        return Throttling(
            periods=self.periods - earlier.periods,
            throttled_periods=self.throttled_periods - earlier.throttled_periods,
            throttled_seconds=self.throttled_seconds - earlier.throttled_seconds,
        )


def quota_processors(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> float | None:
    """How many processors' worth of time this process may use; None where no quota is known."""
    limits = [limit for folder in _folders("cpu", root, membership) if (limit := _quota_of(folder)) is not None]
    return min(limits, default=None)


def memory_limit_bytes(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> int | None:
    """How much memory this process and those of its groups may use; None where no limit is known."""
    limits = [
        limit
        for folder in _folders("memory", root, membership)
        for name in ("memory.max", "memory.limit_in_bytes")
        if (limit := _whole_number(_text(folder / name))) is not None and limit < _NO_MEMORY_LIMIT_BYTES
    ]
    return min(limits, default=None)


def throttling(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> Throttling | None:
    """What the quota did so far; None where there is none, or nothing counts."""
    counted = [
        counts
        for folder in _folders("cpu", root, membership)
        if _quota_of(folder) is not None and (counts := _throttling_of(folder)) is not None
    ]
    return max(counted, key=lambda counts: counts.throttled_seconds, default=None)


def _folders(controller: str, root: Path, membership: Path) -> Iterator[Path]:
    """Of the groups around this process that may limit what ``controller`` shares out, the innermost first.

    A container often sees its own group as the root, below which the path that the kernel names does not exist; the
    folders above it do.
    """
    for line in _text(membership).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        # Version 2 has an empty list of controllers, and beside version 1 a folder of its own.
        mounts = (root / controllers, root / controller) if controllers else (root, root / "unified")
        for mount in dict.fromkeys(mounts):
            innermost = mount / group.lstrip("/")
            yield from (folder for folder in (innermost, *innermost.parents) if folder.is_relative_to(mount))


def _quota_of(folder: Path) -> float | None:
    """Processors: ``quota period`` in microseconds, where ``max`` and -1 stand for no quota."""
    text = _text(folder / "cpu.max") or f"{_text(folder / 'cpu.cfs_quota_us')} {_text(folder / 'cpu.cfs_period_us')}"
    numbers = [_whole_number(word) for word in text.split()]
    if len(numbers) != 2 or not all(numbers):
        return None
    quota, period = numbers
    return quota / period if quota is not None and period is not None and quota > 0 and period > 0 else None


def _throttling_of(folder: Path) -> Throttling | None:
    fields = dict(line.split(maxsplit=1) for line in _text(folder / "cpu.stat").splitlines() if " " in line)
    counts = {name: _whole_number(value) for name, value in fields.items()}
    periods, throttled = counts.get("nr_periods"), counts.get("nr_throttled")
    if periods is None or throttled is None:
        return None
    microseconds, nanoseconds = counts.get("throttled_usec"), counts.get("throttled_time")
    seconds = microseconds / 1e6 if microseconds is not None else (nanoseconds or 0) / 1e9
    return Throttling(periods=periods, throttled_periods=throttled, throttled_seconds=seconds)


def _whole_number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""
