"""What an upgrade comes to: requests that are refused, constraints that are left out, and what installers say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from speedscore.gate.environments import Environment
from speedscore.gate.errors import GateError
from speedscore.gate.upgrades.resolving import (
    Pin,
    broken_by,
    changes_of_pip,
    changes_of_uv,
    check_requests,
    conflicts,
    without_contradicted,
)


def environment(packages: dict[str, str], **requires: tuple[str, ...]) -> Environment:
    return Environment("python", "/env", platform="3", site_folders=(), packages=packages, requires=requires)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("jax=0.8.0", "expected a requirement like jax==0.8.0 or a requirements file, found 'jax=0.8.0'"),
        ("uv.lock", "found uv.lock; export it first"),
        ("pyproject.toml", "found pyproject.toml; export it first"),
    ],
)
def test_what_no_installer_could_read_is_refused_with_what_to_do(request_: str, said: str) -> None:
    with pytest.raises(GateError) as error:
        check_requests([request_])
    assert said in str(error.value)


def test_requirements_and_files_of_them_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "requirements-new.txt"
    file.write_text("jax==0.8.0\n")
    check_requests(["jax==0.8.0", "jax[cuda] >= 0.5, < 0.6", str(file)])


def test_constraints_hold_as_far_as_the_upgrade_does_not_contradict_them() -> None:
    lines = ["# pins", "jax==0.10.2", "Jax_Lib==0.10.2", "numpy==2.0.0", "scipy>=1.5", "flax<0.11"]
    requested = [Requirement("jax==0.8.0"), Requirement("numpy>=1.26"), Requirement("flax==0.10.1")]
    assert without_contradicted(lines, requested) == [line for line in lines if line != "jax==0.10.2"]
    assert without_contradicted(["numpy==1.0 # old"], requested) == []
    assert without_contradicted(["flax<0.10"], requested) == []


def test_a_requirement_that_versions_do_not_fulfil_is_a_conflict() -> None:
    requires = {"flax": ("jax>=0.9", 'numpy<1; extra == "old"', "msgpack", "absent>=2"), "jax": ("jaxlib==0.8.0",)}
    found = conflicts(requires, {"jax": "0.8.0", "jaxlib": "0.8.0", "numpy": "2.0", "msgpack": "1.0"})
    assert [(each.package, each.requirement, each.found) for each in found] == [("flax", "jax>=0.9", "0.8.0")]


def test_what_was_broken_before_is_not_said_to_be_broken_by_the_upgrade() -> None:
    present = environment({"jax": "0.10", "Flax": "1", "old": "1"}, Flax=("jax>=0.9",), old=("jax<0.2",))
    assert [each.package for each in broken_by([Pin("jax", "0.8.0")], present)] == ["flax"]
    assert broken_by([Pin("jax", "0.9.5")], present) == []
    assert broken_by([Pin("jax", "0.8.0"), Pin("flax", "0.9")], present) == []


def test_the_changes_that_uv_prints() -> None:
    said = """Resolved 6 packages in 12ms
Would download 2 packages
Would uninstall 1 package
Would install 2 packages
 - jax==0.10.2
 + jax==0.8.0
 + My.Lib==1.0+local (from file:///tmp/my_lib-1.0.whl)
"""
    assert changes_of_uv(said) == (Pin("jax", "0.8.0"), Pin("my-lib", "1.0+local", url="file:///tmp/my_lib-1.0.whl"))
    assert changes_of_uv("Audited 1 package in 3ms\nWould make no changes\n") == ()


def test_the_changes_that_pip_reports() -> None:
    hashes = {"archive_info": {"hashes": {"sha256": "ab"}}}
    report = {
        "install": [
            {"metadata": {"name": "JaxLib", "version": "0.8.0"}, "download_info": {"url": "https://x/a.whl"} | hashes},
            {"metadata": {"name": "a", "version": "1"}, "download_info": {"url": "file:///a"}, "is_direct": True},
        ]
    }
    pins = changes_of_pip(json.dumps(report).encode())
    assert pins == (Pin("a", "1", url="file:///a"), Pin("jaxlib", "0.8.0", sha256="ab"))
    assert [pin.requirement for pin in pins] == ["a @ file:///a", "jaxlib==0.8.0"]
