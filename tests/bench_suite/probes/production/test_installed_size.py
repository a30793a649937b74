"""The walk of requirements: markers, extras, circles, and what is missing or does not fit."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.probes.production.installed_size import Installed, judge, walk_requirements

INSTALLED = {
    "frame": Installed("2.0", ("Base_Kit>=1", 'windows-only; sys_platform == "none"', 'plots>=3; extra == "draw"')),
    "base-kit": Installed("1.5", ("frame",)),
    "user": Installed("1.0", ("frame[draw]",)),
    "plots": Installed("3.1", ()),
}


def test_markers_are_evaluated_and_extras_left_out_that_nobody_asked_for() -> None:
    walk = walk_requirements(["frame"], INSTALLED)
    assert walk.found == {"frame", "base-kit"}
    assert (walk.missing, walk.conflicting) == ((), ())


def test_an_extra_that_a_requirement_asks_for_is_followed() -> None:
    assert walk_requirements(["user"], INSTALLED).found == {"user", "frame", "base-kit", "plots"}


def test_a_dependency_that_is_not_installed_is_named() -> None:
    without = {name: installed for name, installed in INSTALLED.items() if name != "base-kit"}
    walk = walk_requirements(["frame"], without)
    assert walk.missing == ("Base_Kit>=1 (frame)",)
    answer = judge(walk, seconds=0.1, versions={"frame": "2.0"}, measurements={})
    assert (answer.outcome, answer.reason) == ("incomplete", "Base_Kit>=1 (frame)")


def test_a_version_that_does_not_fit_is_named() -> None:
    walk = walk_requirements(["frame"], INSTALLED | {"base-kit": Installed("0.9", ())})
    assert walk.conflicting == ("base-kit 0.9, wanted Base_Kit>=1 (frame)",)
    assert judge(walk, seconds=0.1, versions={"frame": "2.0"}, measurements={}).outcome == "conflicting"


def test_a_pre_release_that_is_installed_is_a_version_like_any_other() -> None:
    assert not walk_requirements(["frame"], INSTALLED | {"base-kit": Installed("1.5rc1", ())}).conflicting


def test_a_root_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(KeyError):
        walk_requirements(["nothing"], INSTALLED)
