"""A repository whose benchmarks have pytest-codspeed's forms is gated without a change of it."""

from __future__ import annotations

import pytest

from tests.gate.sample_repository import QUICK, Ran, Repository, sample

STRICT = """
[tool.pytest.ini_options]
addopts = '''
    --strict-markers -p codspeed_plugin --codspeed -n auto --benchmark-timer=made_up_clock.clock
'''
pythonpath = ["."]
"""
TEST = "test_codspeed.py"


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Its plugin is installed there and asked for, by its option and by its variable; and tests are shared out."""
    pytest.importorskip("xdist")
    repository = Repository(tmp_path_factory.mktemp("codspeed") / "repository", settings=QUICK + STRICT)
    plugin = {"codspeed_plugin.py": sample("codspeed_plugin.py")}
    repository.commit({TEST: sample("codspeed_benchmarks.py"), **plugin})
    repository.write({TEST: sample("codspeed_benchmarks.py", on_head=True)})
    return repository.run("--gate=HEAD", PYTHONPATH=str(repository.folder), CODSPEED_ENV="github")


def test_whole_tests_and_both_fixtures_are_benchmarks_and_other_tests_are_none(gated: Ran) -> None:
    assert gated.outcomes() == {
        "test_whole": "regressed",
        "test_whole_with_parameters[100]": "unchanged",
        "test_whole_with_parameters[200]": "unchanged",
        "test_whole_by_its_own_mark": "unchanged",
        "test_by_its_own_fixture": "regressed",
        "test_by_the_common_fixture": "unchanged",
        "test_pedantic_whose_setup_takes_the_arguments": "unchanged",
    }, gated.printed


def test_a_slowdown_is_told_as_large_as_it_is(gated: Ran) -> None:
    verdicts = gated.verdicts()
    for name in ("test_whole", "test_by_its_own_fixture"):
        assert verdicts[name]["ratio"] == pytest.approx(1.3)


def test_what_its_fixture_is_told_besides_is_heard(gated: Ran) -> None:
    assert gated.outcomes("units") == {"test_by_the_common_fixture": "regressed"}
