"""A gate in which a side crashes, cannot be collected or cannot be started, and one that is asked what cannot be."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.gate.sample_repository import AT_A_GLANCE, QUICK, Ran, Repository

PLAIN = """
from made_up_clock import counted, work


@counted
def test_plain(benchmark):
    benchmark(work, 100)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One benchmark, base and head alike."""
    made = Repository(tmp_path / "repository", settings=AT_A_GLANCE)
    made.commit({"test_plain.py": PLAIN})
    return made


CRASHES = """
import os

import pytest
from made_up_clock import counted, work

SIDE = "base"


@counted
def test_exits_on_head(benchmark):
    benchmark(lambda: os._exit(3) if SIDE == "head" else work(100))


@counted
@pytest.mark.parametrize("queries", [7])
def test_sound(benchmark, queries):
    benchmark.extra_info["speedscore_counts"] = {"queries": queries}
    benchmark(work, 100)


@counted
def test_dies_on_base(benchmark):
    if SIDE == "base":
        os.kill(os.getpid(), 9)
    benchmark(work, 100)


@counted
def test_sound_too(benchmark):
    benchmark.extra_info["speedscore_counts"] = {"queries": 8}
    benchmark(work, 100)


@counted
def test_aborts_on_head_in_a_round(benchmark):
    calls = []

    def till_the_third():
        calls.append(work(100))
        if SIDE == "head" and len(calls) == 3:
            os.abort()

    benchmark.pedantic(till_the_third, rounds=10)
"""


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The last case is one that crashes, too."""
    repository = Repository(tmp_path_factory.mktemp("crashes") / "repository", settings=AT_A_GLANCE)
    repository.commit({"test_crashes.py": CRASHES})
    repository.write({"test_crashes.py": CRASHES.replace('SIDE = "base"', 'SIDE = "head"')})
    return repository.run("--gate", "HEAD")


def test_a_crash_costs_its_own_case_and_no_other(crashed: Ran) -> None:
    assert crashed.outcomes() == {
        "test_exits_on_head": "not comparable",
        "test_sound[7]": "inconclusive",
        "test_dies_on_base": "not comparable",
        "test_sound_too": "inconclusive",
        "test_aborts_on_head_in_a_round": "not comparable",
    }
    assert crashed.outcomes("queries") == {"test_sound[7]": "unchanged", "test_sound_too": "unchanged"}


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
    repository.commit({"test_other.py": PLAIN.replace("test_plain", "test_other")})
    repository.write({"test_other.py": "import no_such_module_here\n"})
    ran = repository.run("--gate", "HEAD")
    assert ran.code == 12
    (why,) = ran.report["missing"].values()
    assert why == ("head did not collect test_other.py: E   ModuleNotFoundError: No module named 'no_such_module_here'")
    assert ran.outcomes() == {"test_plain": "inconclusive"}


def test_a_file_that_base_cannot_collect_is_named_and_stops_nothing(repository: Repository) -> None:
    repository.commit({"test_other.py": "import no_such_module_here\n"})
    repository.write({"test_other.py": PLAIN.replace("test_plain", "test_other")})
    ran = repository.run("--gate", "HEAD", "--gate-inconclusive=pass")
    assert (ran.code, ran.outcomes()) == (0, {"test_plain": "inconclusive", "test_other": "not comparable"})
    assert ran.verdicts()["test_other"]["reason"].startswith("base did not collect test_other.py: ")
    assert "warning: base did not collect test_other.py" in ran.said


def test_where_base_collects_nothing_for_an_error_nothing_passes(repository: Repository) -> None:
    repository.commit({"test_plain.py": "import no_such_module_here\n"})
    repository.write({"test_plain.py": PLAIN})
    ran = repository.run("--gate", "HEAD")
    assert ran.code == 13
    assert ran.report["headline"].startswith("nothing was compared: base did not collect test_plain.py: ")


def test_a_side_that_does_not_start_says_so_with_its_last_lines(repository: Repository) -> None:
    repository.commit({"conftest.py": "raise LookupError('no such drawer')\n"})
    repository.write({"conftest.py": ""})
    ran = repository.run("--gate", "HEAD")
    assert ran.code == 13
    assert any(line.startswith("gate cannot run: pytest on base (HEAD (") for line in ran.lines)
    assert "  | E   LookupError: no such drawer" in ran.lines
    assert ran.markdown.splitlines()[0].startswith("### speedscore gate: cannot run: pytest on base (HEAD (")
    assert "  | E   LookupError: no such drawer" in ran.markdown.splitlines()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("pairs = 7", "Object contains unknown field `pairs`"),
        ('detect = "5"', "expected a size in per cent such as 5%, found '5'"),
        ("detect = 5", "Expected `str`, got `int` - at `$.detect`"),
        ('margin = "6%"', "the margin must be smaller than the slowdown to be detected"),
        ('[[tool.speedscore.gate.case]]\nmatch = "x"\nmemory_detect = "much"', "such as 5%, found 'much'"),
    ],
    ids=["unknown", "bare", "number", "margin", "case"],
)
def test_settings_that_cannot_be_used_are_named_with_their_file(tmp_path: Path, settings: str, said: str) -> None:
    repository = Repository(tmp_path / "repository", settings="")
    repository.write({"pyproject.toml": f"[tool.speedscore.gate]\n{settings}\n"})
    ran = repository.run("--gate", ".")
    assert ran.code == 13
    assert f"gate cannot run: {repository.folder / 'pyproject.toml'}: " in ran.said
    assert said in ran.said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--gate=HEAD", "--gate-detect=3"], "--gate-detect: expected a size in per cent such as 5%, found '3'"),
        (["--gate=HEAD", "--gate-canary=5%"], "--gate-canary compares head with a copy of itself"),
        (["--gate-canary=5"], "--gate-canary: expected a size in per cent such as 5%, found '5'"),
        (["--gate=no-such-branch"], "'no-such-branch' is neither a directory nor a commit that git knows"),
        (["--gate=--help"], "'--help' is neither a directory nor a commit that git knows"),
        (["--gate=HEAD", "--gate-python=/no/such/python"], "--gate-python: /no/such/python cannot be run"),
    ],
    ids=["detect", "both", "size", "ref", "option", "python"],
)
def test_what_cannot_be_done_is_refused_with_a_reason(repository: Repository, options: list[str], said: str) -> None:
    ran = repository.run(*options)
    assert (ran.code, ran.report["exit_code"]) == (13, 13)
    assert f"gate cannot run: {said}" in ran.said


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_shared_out_over_processes_it_is_refused(repository: Repository) -> None:
    ran = repository.run("--gate=HEAD", "-n", "2")
    assert ran.code == 13
    assert "leave out -n (pytest-xdist)" in ran.said


def test_a_report_that_cannot_be_written_is_no_pass(repository: Repository) -> None:
    repository.write({"a_file": ""})
    ran = repository.run("--gate=HEAD", "-k", "nothing", f"--gate-json={repository.folder}/a_file/gate.json")
    assert ran.code == 13
    assert "the report was not written" in ran.said


OF_HEAD = """
import sys

sys.path.insert(0, {folder!r})
"""
PACKAGED = """
import drawer
from made_up_clock import counted, work


@counted
def test_drawer(benchmark):
    benchmark(work, drawer.UNITS)
"""


def test_a_base_that_imports_the_code_of_head_is_refused(repository: Repository) -> None:
    conftest = OF_HEAD.format(folder=str(repository.folder / "lib"))
    repository.commit({"conftest.py": conftest, "lib/drawer.py": "UNITS = 100\n", "test_drawer.py": PACKAGED})
    repository.write({"lib/drawer.py": "UNITS = 200\n"})
    ran = repository.run("--gate=HEAD", "-k", "drawer")
    assert ran.code == 13
    assert "gate cannot run: base imported drawer from head's checkout, so both sides ran the same code" in ran.said


def test_a_crash_does_not_hide_that_a_base_imports_the_code_of_head(repository: Repository) -> None:
    conftest = OF_HEAD.format(folder=str(repository.folder / "lib"))
    crash = "import os\n\n\ndef test_z_crash(benchmark):\n    os._exit(1)\n"
    repository.commit(
        {"conftest.py": conftest, "lib/drawer.py": "UNITS = 100\n", "test_drawer.py": PACKAGED, "test_z.py": crash}
    )
    ran = repository.run("--gate=HEAD", "-k", "drawer or z_crash", "--gate-inconclusive=pass")
    assert ran.code == 13
    assert "base imported drawer from head's checkout" in ran.said


def test_python_path_gives_each_side_its_own_code(repository: Repository) -> None:
    repository.commit(
        {
            "pyproject.toml": f'{QUICK}python_path = [".", "lib"]\n',
            "lib/drawer.py": "UNITS = 100\n",
            "test_drawer.py": PACKAGED,
        }
    )
    repository.write({"lib/drawer.py": "UNITS = 200\n"})
    ran = repository.run("--gate=HEAD", "-k", "drawer")
    assert (ran.code, ran.outcomes()) == (10, {"test_drawer": "regressed"})
