"""A real gate in which a side crashes, cannot be collected or started, or runs the code of the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gate.sample_repository import AT_A_GLANCE, Ran, Repository, replaced, sample


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One benchmark, base and head alike."""
    made = Repository(tmp_path / "repository", settings=AT_A_GLANCE)
    made.commit({"test_plain.py": sample("plain_benchmark.py")})
    return made


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    repository = Repository(tmp_path_factory.mktemp("crashes") / "repository", settings=AT_A_GLANCE)
    repository.commit({"test_crashes.py": sample("crashing_benchmarks.py")})
    repository.write({"test_crashes.py": sample("crashing_benchmarks.py", on_head=True)})
    return repository.run("--gate", "HEAD")


def test_a_crash_costs_its_own_case_and_no_other(crashed: Ran) -> None:
    assert crashed.outcomes() == {
        "test_exits_on_head": "not comparable",
        "test_sound[7]": "inconclusive",
        "test_dies_on_base": "not comparable",
        "test_aborts_on_head_in_a_round": "not comparable",
    }
    assert crashed.outcomes("queries") == {"test_sound[7]": "unchanged"}


def test_a_crash_on_head_is_missing_coverage_that_is_named(crashed: Ran) -> None:
    assert crashed.code == 12
    assert crashed.report["missing"] == {
        "test_crashes.py::test_exits_on_head": "head ended with exit code 3 instead of replying",
        "test_crashes.py::test_aborts_on_head_in_a_round": "head was ended by SIGABRT",
    }


def test_a_crash_says_how_and_on_which_side(crashed: Ran) -> None:
    verdicts = crashed.verdicts()
    assert verdicts["test_exits_on_head"]["reason"] == "head ended with exit code 3 instead of replying"
    assert verdicts["test_dies_on_base"]["reason"].startswith("base was killed (SIGKILL)")


def test_a_file_that_head_cannot_collect_is_missing_coverage_with_its_error(repository: Repository) -> None:
    repository.write({"test_plain.py": "import no_such_module_here\n"})
    ran = repository.run("--gate", "HEAD")
    assert ran.code == 12
    (why,) = ran.report["missing"].values()
    assert why == ("head did not collect test_plain.py: E   ModuleNotFoundError: No module named 'no_such_module_here'")


def test_a_side_that_does_not_start_says_so_with_its_last_lines(repository: Repository) -> None:
    repository.commit({"conftest.py": "raise LookupError('no such drawer')\n"})
    repository.write({"conftest.py": ""})
    ran = repository.run("--gate", "HEAD", FORCE_COLOR="1")
    assert ran.code == 13
    assert any(line.startswith("gate cannot run: pytest on base (HEAD (") for line in ran.lines)
    assert "cannot import its conftest.py: LookupError: no such drawer" in ran.said
    assert "  | E   LookupError: no such drawer" in ran.lines
    assert ran.markdown.splitlines()[1].startswith("### speedscore gate: cannot run: pytest on base (HEAD (")
    assert "  | E   LookupError: no such drawer" in ran.markdown.splitlines()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-k", "plain and"], "refuses its command line or settings: Wrong expression passed to '-k': plain and: "),
        (["-k", "spotted"], "no benchmark was selected on either side: -k, -m or --deselect leaves out all 1 (exit"),
    ],
    ids=["invalid", "of none"],
)
def test_an_expression_that_selects_nothing_is_named_in_one_line(
    repository: Repository, words: list[str], said: str
) -> None:
    ran = repository.run("--gate=HEAD", *words, FORCE_COLOR="1")
    assert ran.code == 13
    assert said in ran.said
    assert "last lines" not in ran.said


def test_a_hook_that_fails_is_named_with_its_place(repository: Repository) -> None:
    repository.write({"conftest.py": "def pytest_collection_modifyitems(items):\n    items.append(1 / 0)\n"})
    ran = repository.run("--gate=HEAD")
    assert ran.code == 13
    why = "failed in pytest_collection_modifyitems (conftest.py, line 2): ZeroDivisionError: division by zero"
    assert f"{why} (exit code 13)" in ran.said


PACKAGED = replaced(sample("plain_benchmark.py"), "UNITS = 100", "from drawer import UNITS")


def test_a_base_that_imports_the_code_of_head_is_refused(repository: Repository) -> None:
    conftest = f"import sys\n\nsys.path.insert(0, {str(repository.folder / 'lib')!r})\n"
    repository.commit({"conftest.py": conftest, "lib/drawer.py": "UNITS = 100\n", "test_drawer.py": PACKAGED})
    repository.write({"lib/drawer.py": "UNITS = 200\n"})
    ran = repository.run("--gate=HEAD", "test_drawer.py")
    assert ran.code == 13
    assert "gate cannot run: base imported drawer from " in ran.said


def test_python_path_gives_each_side_its_own_code(repository: Repository) -> None:
    settings = f'{AT_A_GLANCE}python_path = [".", "lib"]\n'
    repository.commit({"pyproject.toml": settings, "lib/drawer.py": "UNITS = 100\n", "test_drawer.py": PACKAGED})
    repository.write({"lib/drawer.py": "UNITS = 200\n"})
    ran = repository.run("--gate=HEAD", "test_drawer.py")
    assert (ran.code, ran.outcomes("units")) == (10, {"test_plain": "regressed"})
