"""The plugin prints cards at the end of a session, and never hides a result or a saved run."""

from __future__ import annotations

from pathlib import Path

import pytest

# A session in this process forgets what it was the first to import, and NumPy's compiled modules load once only.
import scipy.stats  # noqa: F401

import speedscore.plugin
import speedscore.scoring.plugin
from speedscore.record.run_record import RunRecord
from speedscore.scoring.evidence import shipped
from tests.sample_runs import save
from tests.scoring.sample_probes import answered, probed_run, unanswered
from tests.scoring.sample_runs import ANNOUNCING, make_run, measured_case, skipped_case, two_frameworks


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with one passing test and a plugin that announces ``run.json`` as the measuring half would."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(ANNOUNCING)
    pytester.makepyfile("def test_one(): pass")
    return pytester


@pytest.fixture
def bad_fixtures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin finds a snapshot that is no TOML."""
    folder = tmp_path / "bad" / "ecosystem" / "jax"
    folder.mkdir(parents=True)
    (folder / "2024-01.toml").write_text("name = ", encoding="utf-8")
    monkeypatch.setattr(shipped, "fixtures_folder", lambda: tmp_path / "bad")


def run_session(session: pytest.Pytester, record: RunRecord | None, *options: str) -> pytest.RunResult:
    if record is not None:
        save(session.path / "run.json", record)
    return session.runpytest_inprocess(*options, plugins=[speedscore.plugin, speedscore.scoring.plugin])


def test_the_scores_of_what_was_measured_are_printed_side_by_side(session: pytest.Pytester) -> None:
    result = run_session(session, two_frameworks())
    assert result.ret == 0
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*score cards*", "Known by * JAX  PyTorch", "Performance *", "*speedscore card --run run.json"]
    )
    result.stdout.no_fnmatch_line("*TensorFlow*")


def test_a_session_of_probes_alone_ends_with_scores_too(session: pytest.Pytester) -> None:
    probes = [
        answered("surface", framework=framework, ecosystem=ecosystem, surface_concepts=5)
        for framework, ecosystem in (("jax", "jax"), ("torch", "pytorch"))
    ]
    result = run_session(session, probed_run(*probes))
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*score cards*", "Known by * JAX  PyTorch", "*speedscore card --run run.json"])


def test_a_session_whose_probes_have_no_answer_gets_one_line(session: pytest.Pytester) -> None:
    result = run_session(session, probed_run(unanswered(answered("surface"))))
    result.stdout.fnmatch_lines(["Nothing was measured*speedscore card"])


def test_the_whole_cards_are_printed_where_they_are_asked_for(session: pytest.Pytester) -> None:
    option = "def pytest_addoption(parser):\n    parser.addoption('--full', action='store_true')\n"
    session.makeconftest(f"{ANNOUNCING}\n{option}")
    result = run_session(session, two_frameworks(), "--full")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*score cards*", "JAX *", "PyTorch *", "Side by side*", "*preset smoke (run.json)*"])
    result.stdout.no_fnmatch_line("TensorFlow *")


def test_a_session_without_cases_of_ours_says_nothing(session: pytest.Pytester) -> None:
    result = run_session(session, None)
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*score*cards*")
    result.stdout.no_fnmatch_line("*speedscore*")


@pytest.mark.bare
def test_nothing_measured_gets_one_line(session: pytest.Pytester) -> None:
    result = run_session(session, make_run(skipped_case("jax", reason="not installed")))
    assert result.ret == 0
    result.stdout.fnmatch_lines(["Nothing was measured*speedscore card*"])


def test_a_debugging_session_ranks_nothing_and_does_not_fail(session: pytest.Pytester) -> None:
    result = run_session(session, make_run(measured_case("jax", 1.0), in_process=True))
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*inside pytest*no basis for a ranking*"])


@pytest.mark.usefixtures("bad_fixtures")
def test_a_bad_fixture_gets_one_line_and_leaves_results_and_run(session: pytest.Pytester) -> None:
    result = run_session(session, two_frameworks())
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["speedscore: no cards: *2024-01.toml: not valid TOML*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert (session.path / "run.json").is_file()


@pytest.mark.usefixtures("bad_fixtures")
def test_failed_tests_keep_their_own_exit_status(session: pytest.Pytester) -> None:
    session.makepyfile("def test_one(): assert False")
    result = run_session(session, two_frameworks())
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["speedscore: no cards: *"])


SNAPSHOT = """
name = "New Comer"
role = "framework"

[[facts.github_stars]]
value = 28
unit = "stars"
as_of = "2024-01"
kind = "published"
source = "a page of its own"
method = "read"
"""


def test_a_framework_of_another_package_has_a_card_with_the_facts_that_it_brings(session: pytest.Pytester) -> None:
    path = session.path / "facts" / "newcomer" / "2024-01.toml"
    path.parent.mkdir(parents=True)
    path.write_text(SNAPSHOT, encoding="utf-8")
    session.makeconftest(f"""{ANNOUNCING}
def pytest_speedscore_facts():
    return [pathlib.Path("facts")]

def pytest_addoption(parser):
    parser.addoption("--full", action="store_true")
""")
    record = make_run(measured_case("newcomer", 1.0), measured_case("jax", 2.0))
    result = run_session(session, record, "--full")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["New Comer *", "*28 stars*", "*a page of its own*"])


@pytest.mark.parametrize("answer", ["'facts'", "['facts']", "pathlib.Path('facts')", "3"])
def test_facts_that_are_no_list_of_folders_get_one_line(session: pytest.Pytester, answer: str) -> None:
    session.makeconftest(f"{ANNOUNCING}\ndef pytest_speedscore_facts():\n    return {answer}\n")
    result = run_session(session, two_frameworks())
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["speedscore: no cards: pytest_speedscore_facts: expected a list of paths, found *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_question_that_would_begin_lines_of_its_own_is_refused(session: pytest.Pytester) -> None:
    session.makeconftest(f"""{ANNOUNCING}
import msgspec
from speedscore.scoring.rubric.rubric import load_rubric

def pytest_speedscore_criteria():
    return [msgspec.structs.replace(load_rubric().criterion[0], id="own", group="", name="a\\n====\\x1b[1m")]
""")
    result = run_session(session, two_frameworks())
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["speedscore: no cards: *criterion 'own': not one line of plain text: *"])


def test_the_plugin_works_without_the_measuring_half(session: pytest.Pytester) -> None:
    session.makeconftest("")
    result = run_session(session, None)
    assert result.ret == 0
    result.assert_outcomes(passed=1)


def test_a_run_that_could_not_be_saved_is_scored_all_the_same(session: pytest.Pytester) -> None:
    session.makeconftest(ANNOUNCING.replace("str(path.absolute())", "None"))
    result = run_session(session, two_frameworks())
    assert result.ret == 0
    result.stdout.fnmatch_lines(["Known by * JAX  PyTorch"])
    result.stdout.no_fnmatch_line("*speedscore card --run*")
