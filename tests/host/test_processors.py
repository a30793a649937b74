"""The quota of processors is the tightest that any control group above us sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.host.processors import quota_processors


@pytest.mark.parametrize(
    ("outer", "inner", "quota"),
    [
        ("max 100000", "150000 100000", 1.5),
        ("50000 100000", "150000 100000", 0.5),
        ("max 100000", "max 100000", None),
        ("rubbish", None, None),
    ],
    ids=["inner", "tightest", "none", "unreadable"],
)
def test_the_tightest_group_counts(tmp_path: Path, outer: str, inner: str | None, quota: float | None) -> None:
    group = tmp_path / "root" / "slice" / "job"
    group.mkdir(parents=True)
    (group.parent / "cpu.max").write_text(f"{outer}\n")
    if inner is not None:
        (group / "cpu.max").write_text(f"{inner}\n")
    (tmp_path / "membership").write_text("1:name=systemd:/elsewhere\n0::/slice/job\n")
    assert quota_processors(tmp_path / "root", tmp_path / "membership") == quota


def test_a_machine_without_control_groups_has_no_quota(tmp_path: Path) -> None:
    assert quota_processors(tmp_path, tmp_path / "membership") is None
    (tmp_path / "membership").write_text("4:memory:/first/version\n")
    assert quota_processors(tmp_path, tmp_path / "membership") is None
