"""The tightest limit that any control group around us sets counts, in both versions; what it did is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.host import processors
from speedscore.host.control_groups import Throttling, memory_limit_bytes, quota_processors, throttling
from speedscore.host.processors import usable_processors

GIB = 1 << 30
SECOND_VERSION = "1:name=systemd:/elsewhere\n0::/slice/job\n"
FIRST_VERSION = "4:memory:/docker/a1\n3:cpu,cpuacct:/docker/a1\n1:name=systemd:/docker/a1\n0::/\n"


class Groups:
    """Control groups that are made up, below a folder."""

    def __init__(self, folder: Path, membership: str) -> None:
        self.root = folder / "root"
        self.membership = folder / "membership"
        self.membership.write_text(membership)

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(f"{text}\n")

    @property
    def quota(self) -> float | None:
        return quota_processors(self.root, self.membership)

    @property
    def memory(self) -> int | None:
        return memory_limit_bytes(self.root, self.membership)

    @property
    def throttling(self) -> Throttling | None:
        return throttling(self.root, self.membership)


@pytest.mark.parametrize(
    ("outer", "inner", "quota"),
    [
        ("max 100000", "150000 100000", 1.5),
        ("50000 100000", "150000 100000", 0.5),
        ("max 100000", "max 100000", None),
        ("rubbish", None, None),
        ("0 0", None, None),
    ],
    ids=["inner", "tightest", "none", "unreadable", "zeros"],
)
def test_the_tightest_group_of_version_2_counts(
    tmp_path: Path, outer: str, inner: str | None, quota: float | None
) -> None:
    groups = Groups(tmp_path, SECOND_VERSION)
    groups.write("slice/cpu.max", outer)
    if inner is not None:
        groups.write("slice/job/cpu.max", inner)
    assert groups.quota == quota


@pytest.mark.parametrize(
    "place",
    ["cpu,cpuacct/docker/a1", "cpu/docker/a1", "cpu,cpuacct", "cpu"],
    ids=["both, by name", "one, by name", "both, as the root", "one, as the root"],
)
def test_the_quota_of_version_1_is_read_wherever_the_group_is_mounted(tmp_path: Path, place: str) -> None:
    """A container sees its own group as the root; ``cpu`` and ``cpu,cpuacct`` are names of one folder."""
    groups = Groups(tmp_path, FIRST_VERSION)
    groups.write(f"{place}/cpu.cfs_quota_us", "60000")
    groups.write(f"{place}/cpu.cfs_period_us", "100000")
    groups.write(f"{place}/cpu.stat", "nr_periods 380\nnr_throttled 373\nthrottled_time 2500000000")
    assert groups.quota == 0.6
    assert groups.throttling == Throttling(periods=380, throttled_periods=373, throttled_seconds=2.5)


def test_version_1_without_a_quota_has_none_and_is_never_throttled(tmp_path: Path) -> None:
    groups = Groups(tmp_path, FIRST_VERSION)
    groups.write("cpu/cpu.cfs_quota_us", "-1")
    groups.write("cpu/cpu.cfs_period_us", "100000")
    groups.write("cpu/cpu.stat", "nr_periods 0\nnr_throttled 0\nthrottled_time 0")
    groups.write("memory/memory.limit_in_bytes", "9223372036854771712")
    assert (groups.quota, groups.throttling, groups.memory) == (None, None, None)


def test_memory_is_limited_by_the_tightest_group_of_either_version(tmp_path: Path) -> None:
    second = Groups(tmp_path, SECOND_VERSION)
    second.write("slice/memory.max", str(2 * GIB))
    second.write("slice/job/memory.max", "max")
    assert second.memory == 2 * GIB
    (tmp_path / "first").mkdir()
    first = Groups(tmp_path / "first", FIRST_VERSION)
    first.write("memory/docker/a1/memory.limit_in_bytes", str(3 * GIB))
    first.write("memory/memory.limit_in_bytes", str(4 * GIB))
    assert first.memory == 3 * GIB


def test_what_was_throttled_since_an_earlier_look_is_counted(tmp_path: Path) -> None:
    groups = Groups(tmp_path, SECOND_VERSION)
    groups.write("slice/job/cpu.max", "60000 100000")
    groups.write("slice/job/cpu.stat", "usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 1500000")
    before = groups.throttling
    groups.write("slice/job/cpu.stat", "usage_usec 9\nnr_periods 30\nnr_throttled 21\nthrottled_usec 4000000")
    after = groups.throttling
    assert before is not None
    assert after is not None
    assert after.since(before) == Throttling(periods=20, throttled_periods=17, throttled_seconds=2.5)


def test_a_machine_without_control_groups_is_limited_by_nothing(tmp_path: Path) -> None:
    groups = Groups(tmp_path, "")
    groups.membership.unlink()
    assert (groups.quota, groups.throttling, groups.memory) == (None, None, None)


@pytest.mark.parametrize(("quota", "usable"), [(None, 4), (0.6, 1), (1.5, 1), (2.0, 2), (9.0, 4)])
def test_no_more_processors_are_used_than_a_quota_lets_run(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, usable: int
) -> None:
    monkeypatch.setattr(processors, "allowed_processors", lambda: (0, 1, 2, 3))
    monkeypatch.setattr(processors, "quota_processors", lambda: quota)
    assert len(usable_processors()) == usable
