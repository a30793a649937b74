"""Base checked out within head, as continuous integration does it, and files of a base that git does not keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gate.sample_repository import AT_A_GLANCE, Ran, Repository, replaced, sample

PLAIN = replaced(sample("plain_benchmark.py"), "UNITS = 100", "from kite import UNITS")
CONFTEST = """
import sys
import types

sys.modules["made_by_a_test"] = types.ModuleType("made_by_a_test")  # a module without a file


def pytest_configure(config):
    config.kites = getattr(config, "kites", 0) + 1
    assert config.kites == 1, "the conftest.py of the other checkout was loaded, too"
"""
FILES = {"src/kite.py": "UNITS = 100\n", "tests/test_kite.py": PLAIN, "conftest.py": CONFTEST}


@pytest.fixture(scope="module")
def within(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    repository = Repository(tmp_path_factory.mktemp("within") / "repository", settings=AT_A_GLANCE)
    repository.commit(FILES)
    repository.git("clone", "--quiet", ".", "base")
    repository.write({"src/kite.py": "UNITS = 130\n"})
    repository.git("commit", "--quiet", "--all", "--message=slower")
    return repository.run("--gate=base", PYTHONPATH=str(repository.folder))


def test_each_side_runs_its_own_tests_and_code(within: Ran) -> None:
    assert within.outcomes("units") == {"test_plain": "regressed"}, within.printed
    assert within.verdicts("units")["test_plain"]["ratio"] == pytest.approx(1.3)
    assert (within.code, within.report["warnings"], within.report["missing"]) == (10, [], {})


def test_base_is_no_change_of_head(within: Ran) -> None:
    assert within.report["head"]["dirty"] is False
    assert within.report["base"]["commit"] != within.report["head"]["commit"]


GENERATING = {
    "make_kite.py": "from pathlib import Path\n\nPath('src/kite.py').write_text('UNITS = 100\\n')\n",
    "tests/test_kite.py": PLAIN,
    ".gitignore": "__pycache__/\n.pytest_cache/\n/src/kite.py\n",
    "src/README": "code is made here\n",
}


@pytest.fixture
def generating(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository", settings=f'{AT_A_GLANCE}base_setup = "python make_kite.py"\n')
    repository.commit(GENERATING)
    repository.write({".gitignore": GENERATING[".gitignore"]})
    repository.git("commit", "--quiet", "--all", "--message=made files are not kept")
    repository.write({"src/kite.py": "UNITS = 130\n"})
    return repository


def test_what_git_does_not_keep_is_made_in_the_base(generating: Repository) -> None:
    ran = generating.run("--gate=HEAD")
    assert "gate: base_setup: python make_kite.py" in ran.lines
    assert ran.outcomes("units") == {"test_plain": "regressed"}, ran.printed
    assert (generating.folder / "src/kite.py").read_text() == "UNITS = 130\n"


def test_where_base_is_set_up_as_head_says_and_not_base_the_report_says_so(generating: Repository) -> None:
    generating.write({"pyproject.toml": f'{AT_A_GLANCE}base_setup = "python make_kite.py; true"\n'})
    ran = generating.run("--gate=HEAD")
    assert "base was set up by head's base_setup, which base does not have: python make_kite.py; true" in ran.said


def test_a_command_that_fails_ends_the_gate_with_its_last_lines(generating: Repository) -> None:
    generating.write({"pyproject.toml": f'{AT_A_GLANCE}base_setup = "echo no paper; exit 3"\n'})
    ran = generating.run("--gate=HEAD")
    assert ran.code == 13
    assert "gate cannot run: base_setup: `echo no paper; exit 3` ended with exit code 3 in base:" in ran.said
    assert "  | no paper" in ran.lines
