"""Where a project lives, as its snapshots say, and where its clone is found."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from speedscore.scoring.collecting.collected import CollectError
from speedscore.scoring.collecting.projects import find_clone, known_projects
from tests.scoring.sample_facts import make_snapshot, shipped


def test_the_newest_snapshot_that_says_so_is_believed() -> None:
    snapshots = [
        msgspec.structs.replace(make_snapshot(month=month), **fields)
        for month, fields in {
            "2024-01": {"package": "old", "repository": "them/old"},
            "2024-02": {"package": "new"},
            "2024-03": {"name": "ALPHA"},
        }.items()
    ]
    (project,) = known_projects(reversed(snapshots)).values()
    assert (project.heading.name, project.package, project.repository) == ("ALPHA", "new", "them/old")
    assert project.words == ("alpha", "new")


def test_every_shipped_project_has_a_package_and_a_repository() -> None:
    projects = known_projects(shipped())
    assert {snapshot.framework for snapshot in shipped()} == set(projects)
    assert all(project.package and project.repository for project in projects.values())
    assert (projects["pytorch"].package, projects["haiku"].package) == ("torch", "dm-haiku")


@pytest.mark.parametrize("name", ["alpha", "lib", "alpha.git", "lib.git"])
def test_a_clone_is_found_by_the_name_of_its_project_or_its_repository(tmp_path: Path, name: str) -> None:
    (project,) = known_projects([msgspec.structs.replace(make_snapshot(), repository="them/lib")]).values()
    with pytest.raises(CollectError, match=r"no clone at .*alpha or .*lib; git clone https://github.com/them/lib "):
        find_clone(tmp_path, project)
    (tmp_path / name).mkdir()
    assert find_clone(tmp_path, project) == tmp_path / name
