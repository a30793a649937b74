"""A repository whose benchmarks have pytest-codspeed's forms is gated without a change of it."""

from __future__ import annotations

import pytest

from tests.gate.sample_repository import QUICK, Ran, Repository, sample

STRICT = """
[tool.pytest.ini_options]
addopts = ["--strict-markers", "-p", "codspeed_plugin", "--codspeed"]
pythonpath = ["."]
"""
TEST = "test_codspeed.py"


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Its plugin is installed there and asked for, by its option and by its variable."""
    settings = QUICK.replace("pair_seconds = 0.01", 'pair_seconds = 0.05\ndetect = "60%"\nmargin = "30%"')
    repository = Repository(tmp_path_factory.mktemp("codspeed") / "repository", settings=settings + STRICT)
    plugin = {"codspeed_plugin.py": sample("codspeed_plugin.py")}
    repository.commit({TEST: sample("codspeed_benchmarks.py"), **plugin})
    repository.write({TEST: sample("codspeed_benchmarks.py", on_head=True)})
    return repository.run("--gate=HEAD", PYTHONPATH=str(repository.folder), CODSPEED_ENV="github")


def test_whole_tests_and_both_fixtures_are_benchmarks_and_other_tests_are_none(gated: Ran) -> None:
    assert set(gated.outcomes()) == {
        "test_whole",
        "test_whole_with_parameters[100]",
        "test_whole_with_parameters[200]",
        "test_whole_by_its_own_mark",
        "test_by_its_own_fixture",
        "test_by_the_common_fixture",
        "test_pedantic_whose_setup_takes_the_arguments",
    }
    assert "not comparable" not in gated.outcomes().values(), gated.printed


def test_what_does_more_is_found_in_a_whole_test_and_by_its_fixture(gated: Ran) -> None:
    regressed = {name for name, outcome in gated.outcomes().items() if outcome == "regressed"}
    assert {"test_whole", "test_by_its_own_fixture"} <= regressed
    assert gated.verdicts()["test_whole"]["ratio"] == pytest.approx(2.0, rel=0.3)


def test_what_its_fixture_is_told_besides_is_heard(gated: Ran) -> None:
    assert gated.outcomes("units") == {"test_by_the_common_fixture": "regressed"}
