"""The plugin prints cards at the end of a session, and never hides a result or a saved run."""

from __future__ import annotations

from pathlib import Path

import pytest

import speedscore
from speedscore.record.run_record import RunRecord
from tests.scoring.sample_runs import make_run, measured_case, save, skipped_case, two_frameworks

MEASURING_SIDE = """
import pathlib
import pytest
import speedscore.scoring.plugin
from speedscore.record.run_file import load_run

def pytest_sessionfinish(session):
    path = pathlib.Path("run.json")
    if path.exists():
        hook = session.config.hook.pytest_speedscore_run
        hook(config=session.config, run=load_run(path), run_path=str(path.absolute()))
"""

BAD_FIXTURES = """
import pathlib
speedscore.scoring.plugin.fixtures_folder = lambda: pathlib.Path("bad").absolute()
"""


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with one passing test and a plugin that announces ``run.json`` as the measuring half would."""
    monkeypatch.setenv("PYTHONPATH", str(Path(speedscore.__file__).parents[1]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(MEASURING_SIDE)
    pytester.makepyfile("def test_one(): pass")
    return pytester


def run_session(pytester: pytest.Pytester, record: RunRecord | None, *options: str) -> pytest.RunResult:
    if record is not None:
        save(record, pytester.path / "run.json")
    return pytester.runpytest_subprocess("-p", "speedscore.plugin", "-p", "speedscore.scoring.plugin", *options)


def spoil_fixtures(pytester: pytest.Pytester) -> None:
    bad = pytester.path / "bad" / "ecosystem" / "jax"
    bad.mkdir(parents=True)
    (bad / "2024-01.toml").write_text("name = ", encoding="utf-8")
    pytester.makeconftest(MEASURING_SIDE + BAD_FIXTURES)


def test_the_scores_of_what_was_measured_are_printed_side_by_side(session: pytest.Pytester) -> None:
    result = run_session(session, two_frameworks())
    assert result.ret == 0
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*score cards*", "Known by * JAX  PyTorch", "Performance *", "*speedscore card --run run.json --full"]
    )
    result.stdout.no_fnmatch_line("*TensorFlow*")


def test_the_whole_cards_are_printed_where_they_are_asked_for(session: pytest.Pytester) -> None:
    session.makeconftest(f"{MEASURING_SIDE}\ndef pytest_addoption(parser):\n    parser.addoption('--full', action='store_true')")
    result = run_session(session, two_frameworks(), "--full")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*score cards*", "JAX *", "PyTorch *", "Side by side*", "*preset smoke (run.json)*"])
    result.stdout.no_fnmatch_line("TensorFlow *")


def test_a_session_without_cases_of_ours_says_nothing(session: pytest.Pytester) -> None:
    result = run_session(session, None)
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*score*cards*")
    result.stdout.no_fnmatch_line("*speedscore*")


def test_nothing_measured_gets_one_line(session: pytest.Pytester) -> None:
    result = run_session(session, make_run(skipped_case("jax", reason="not installed")))
    assert result.ret == 0
    result.stdout.fnmatch_lines(["No case was measured*speedscore card*"])


def test_a_debugging_session_ranks_nothing_and_does_not_fail(session: pytest.Pytester) -> None:
    result = run_session(session, make_run(measured_case("jax", 1.0), in_process=True))
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*inside pytest*no basis for a ranking*"])


def test_a_bad_fixture_gets_one_line_and_leaves_results_and_run(session: pytest.Pytester) -> None:
    spoil_fixtures(session)
    result = run_session(session, two_frameworks())
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["speedscore: no cards: *2024-01.toml: not valid TOML*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert (session.path / "run.json").is_file()


def test_failed_tests_keep_their_own_exit_status(session: pytest.Pytester) -> None:
    spoil_fixtures(session)
    session.makepyfile("def test_one(): assert False")
    result = run_session(session, two_frameworks())
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["speedscore: no cards: *"])


def test_the_plugin_works_without_the_measuring_half(pytester: pytest.Pytester, session: pytest.Pytester) -> None:
    session.makeconftest("")
    result = pytester.runpytest_subprocess("-p", "speedscore.plugin", "-p", "speedscore.scoring.plugin")
    assert result.ret == 0
    result.assert_outcomes(passed=1)


def test_a_run_that_could_not_be_saved_is_scored_all_the_same(session: pytest.Pytester) -> None:
    session.makeconftest(MEASURING_SIDE.replace("str(path.absolute())", "None"))
    result = run_session(session, two_frameworks())
    assert result.ret == 0
    result.stdout.fnmatch_lines(["Known by * JAX  PyTorch"])
    result.stdout.no_fnmatch_line("*speedscore card --run*")
