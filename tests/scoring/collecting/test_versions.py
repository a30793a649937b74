"""Tags and versions: which are releases of the project, and which of those are final."""

from __future__ import annotations

import pytest
from packaging.version import Version

from speedscore.scoring.collecting.versions import read_version, version_in_tag


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v0.4.23", "0.4.23"),
        ("2.15.0", "2.15.0"),
        ("jax-v0.4.23", "0.4.23"),
        ("JAX_0.4.23", "0.4.23"),
        ("release-1.2", "1.2"),
        ("releases/1.2", None),
        ("jaxlib-v0.4.23", None),
        ("v0.4.23-rc1", "0.4.23-rc1"),
        ("v1.0-1", "1.0-1"),
        ("2024", None),
        ("v1", None),
        ("nightly-20240131", None),
        ("v1.2.3-cherry-picks", None),
        ("", None),
    ],
)
def test_the_version_that_a_tag_names(tag: str, version: str | None) -> None:
    assert version_in_tag(tag, projects=["jax"]) == (version and Version(version))


def test_a_project_is_compared_as_indexes_compare_names() -> None:
    assert version_in_tag("dm_haiku-0.0.9", projects=["DM-Haiku"]) == Version("0.0.9")


def test_two_spellings_of_a_version_are_one_release() -> None:
    assert len({version_in_tag(tag, projects=["jax"]) for tag in ("v1.0", "1.0.0", "jax-v1.0")}) == 1


@pytest.mark.parametrize("text", ["1.0", "0.4.23", "1.0.post1", "1.0-1", "2.1.0+local", "1.0.0.0"])
def test_final(text: str) -> None:
    version = read_version(text)
    assert version is not None
    assert not version.is_prerelease


@pytest.mark.parametrize(
    "text", ["1.0rc1", "1.0-rc.1", "1.0a1", "1.0b", "1.0.dev3", "1.0.alpha2", "1.0rc1.post2", "1.0c1"]
)
def test_a_pre_release_is_a_version_and_not_final(text: str) -> None:
    version = read_version(text)
    assert version is not None
    assert version.is_prerelease


@pytest.mark.parametrize(
    "text",
    ["", "one", "1", "1.0-final-final", "1..0", "1.0\n", pytest.param(f"1.{'1' * 5000}", id="too long to convert")],
)
def test_no_version(text: str) -> None:
    assert read_version(text) is None
