"""Repositories that know nothing of a gate, gated as they are: their layout, their kinds of benchmarks, their options,
their checkouts and their environments."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

from speedscore.gate.sides import side_process
from tests.gate.sample_repository import AT_A_GLANCE, QUICK, Ran, Repository, replaced, sample
from tests.git import git

OWN_SETTINGS = """
[tool.pytest.ini_options]
testpaths = ["benchmarks"]
addopts = ["--strict-markers", "--benchmark-disable", "--benchmark-sort=name", "--durations=1"]
markers = ["nightly: takes long"]
"""
"""Its everyday runs call what is benchmarked once, which for a gate would not do."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Shelving was made slower by 30 % of its work, and opening the door, which no benchmark times, ten times so."""
    repository = Repository(tmp_path_factory.mktemp("a place with spaces") / "the library")
    repository.commit(
        {
            "pyproject.toml": QUICK + OWN_SETTINGS,
            "conftest.py": sample("library_options.py"),
            "src/library/__init__.py": "",
            "src/library/shelves.py": sample("library/shelves.py"),
            "benchmarks/test_library.py": sample("library_benchmarks.py"),
            "tests/test_broken.py": "raise RuntimeError('no benchmarks here')\n",
        }
    )
    repository.write({"src/library/shelves.py": sample("library/shelves.py", on_head=True)})
    return repository


@pytest.fixture(scope="module")
def gated(library: Repository) -> Ran:
    return library.run("--gate", "HEAD", "--books", "5")


def test_what_does_more_work_has_regressed_and_nothing_else(gated: Ran) -> None:
    outcomes = gated.outcomes()
    assert outcomes.pop("test_a_function") == "regressed"
    assert set(outcomes) == {
        "test_keywords",
        "test_a_decorator",
        "test_parameters[3-hard and [red]]",
        "test_parameters[7-hard and [red]]",
        "TestDoor::test_setup_and_teardown",
        "TestDoor::test_setup_that_gives_the_arguments",
        "test_iterations",
        "test_first_of_a_session",
        "test_second_of_a_session",
        "test_its_figures_are_read",
    }
    assert set(outcomes.values()) == {"unchanged"}
    assert (gated.code, gated.report["missing"], gated.report["warnings"]) == (10, {}, [])


def test_what_its_own_marks_leave_out_is_skipped_for_their_reason(gated: Ran) -> None:
    assert gated.report["skipped"] == {
        "benchmarks/test_library.py::test_marked": "nightly",
        "benchmarks/test_library.py::test_expected_to_fail": "expected to fail: the roof leaks",
    }


def test_its_slowdown_is_told_as_large_as_it_is(gated: Ran) -> None:
    assert gated.verdicts()["test_a_function"]["ratio"] == pytest.approx(1.3)


def test_the_command_for_a_regression_has_the_options_of_the_project(library: Repository, gated: Ran) -> None:
    (command,) = gated.report["reproduce"].values()
    case, commit = "benchmarks/test_library.py::test_a_function", library.git("rev-parse", "HEAD")[:12]
    assert command == f"pytest {case} --benchmark-only --books 5 --gate={commit}"


def test_a_fixture_of_a_session_is_made_once_in_a_process(library: Repository, gated: Ran) -> None:
    made = [path.read_text() for path in library.scratch.glob("catalogue-*")]
    pairs = max(verdict["pairs"] for name, verdict in gated.verdicts().items() if name.endswith("_of_a_session"))
    assert len(made) == 2 * (pairs + 1)
    assert set(made) == {"made\n"}


def test_a_test_that_base_lacks_is_named_on_the_command_line(library: Repository) -> None:
    """Head has it in a file that git does not know yet, which imports another such file."""
    new_test = replaced(
        sample("library_new.py"), "import counted, work", "import counted, work\nfrom library import new"
    )
    before = {"pyproject.toml": (library.folder / "pyproject.toml").read_text()}
    library.write({"src/library/new.py": "", "benchmarks/test_new.py": new_test})
    library.write({"pyproject.toml": AT_A_GLANCE + OWN_SETTINGS})
    new, old = "benchmarks/test_new.py::test_new", "benchmarks/test_library.py::TestDoor::test_setup_and_teardown"
    try:
        ran = library.run("--gate=HEAD", "--books=5", "--gate-inconclusive=pass", new, old)
    finally:
        library.write(before)
        for name in ("src/library/new.py", "benchmarks/test_new.py"):
            (library.folder / name).unlink()
    assert ran.code == 0
    assert ran.outcomes() == {"test_new": "not comparable", "TestDoor::test_setup_and_teardown": "inconclusive"}
    assert ran.verdicts()["test_new"]["reason"] == "new: base has no such case"
    assert (ran.report["head"]["dirty"], ran.report["base"]["dirty"]) == (True, False)


PLAIN = sample("plain_benchmark.py")
SLOWER = replaced(PLAIN, "UNITS = 100", "UNITS = 130")


def test_a_directory_that_is_no_checkout_is_a_base_and_pytest_may_start_in_a_folder(tmp_path: Path) -> None:
    head = Repository(tmp_path / "head", settings=AT_A_GLANCE)
    base = Repository(tmp_path / "older release", settings=AT_A_GLANCE)
    base.write({"bench/test_plain.py": PLAIN, "bench/test_gone.py": PLAIN, "test_above.py": PLAIN})
    head.write({"bench/test_plain.py": SLOWER, "test_above.py": PLAIN})
    ran = head.run("--gate", "../../older release", folder=head.folder / "bench")
    assert ran.code == 10
    assert [(each["case"], each["outcome"]) for each in ran.report["verdicts"] if each["metric"] == "units"] == [
        ("bench/test_plain.py::test_plain", "regressed")
    ]
    assert ran.report["missing"] == {"bench/test_gone.py::test_plain": "head has no such case"}
    assert ran.report["base"]["description"] == str(base.folder)
    assert (ran.report["base"]["commit"], ran.report["base"]["dirty"]) == ("", False)


def test_a_project_that_is_a_part_of_a_repository_is_gated_from_a_folder_within(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "all services")
    project = {
        "service/pyproject.toml": f"{AT_A_GLANCE}[tool.pytest.ini_options]\n",
        "service/made_up_clock.py": sample("made_up_clock.py"),
        "service/bench/test_plain.py": PLAIN,
    }
    repository.commit(project | {"test_of_another.py": PLAIN})
    repository.write({"service/bench/test_plain.py": SLOWER})
    ran = repository.run("--gate", "HEAD", folder=repository.folder / "service" / "bench")
    assert (ran.code, [each["case"] for each in ran.report["verdicts"] if each["outcome"] == "regressed"]) == (
        10,
        ["bench/test_plain.py::test_plain"],
    )


def test_the_working_tree_compared_with_itself_passes(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"test_plain.py": PLAIN})
    repository.write({"test_plain.py": SLOWER})
    ran = repository.run("--gate", ".")
    assert (ran.code, ran.outcomes()) == (0, {"test_plain": "unchanged"})
    assert ran.report["base"] == ran.report["head"]
    assert ran.report["head"]["dirty"] is True


def test_a_canary_is_found_by_a_clock_that_is_real(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", settings=QUICK.replace("0.01", "0.2"))
    repository.commit({"test_canary.py": sample("canary_benchmarks.py")})
    ran = repository.run("--gate-canary", "100%")
    assert (ran.code, ran.report["canary"]) == (0, 1.0)
    assert ran.outcomes() == {"test_called": "regressed", "test_pedantic": "regressed"}
    assert ran.report["headline"] == "canary: 100 % of extra work was found in 2 of 2 cases"
    assert "base a copy of head" in ran.said
    assert ran.report["reproduce"] == {}


def test_a_shallow_clone_without_the_base_is_told_to_fetch_it_and_works_with_it(tmp_path: Path) -> None:
    origin = Repository(tmp_path / "origin", settings=AT_A_GLANCE)
    origin.commit({"test_plain.py": PLAIN})
    origin.git("branch", "old")
    origin.commit({"test_plain.py": SLOWER})
    clone = Repository(tmp_path / "clone", settings=AT_A_GLANCE)
    clone.git("init", "--quiet", "--initial-branch=main")
    clone.git("fetch", "--quiet", "--depth=1", f"file://{origin.folder}", "main")
    clone.git("checkout", "--quiet", "--force", "-B", "main", "FETCH_HEAD")
    ran = clone.run("--gate", "HEAD~1")
    assert ran.code == 13
    assert "the clone is shallow: fetch the base first (git fetch --depth=1 origin BRANCH, then --gate" in ran.said
    clone.git("fetch", "--quiet", "--depth=1", f"file://{origin.folder}", "old")
    ran = clone.run("--gate", "FETCH_HEAD")
    assert (ran.code, ran.outcomes("units")) == (10, {"test_plain": "regressed"})
    # Git cannot tell here which of the two is the older one, so that nobody is told to rebase.
    assert ran.report["warnings"] == []


def test_a_submodule_is_on_each_side_as_it_was_and_is_not_fetched_again(tmp_path: Path) -> None:
    library = Repository(tmp_path / "units")
    library.commit({"units.py": "UNITS = 100\n"})
    repository = Repository(tmp_path / "repository", settings=AT_A_GLANCE)
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.git("submodule", "--quiet", "add", str(library.folder), "lib")
    repository.commit({"test_submodule.py": replaced(PLAIN, "UNITS = 100", "from lib.units import UNITS")})
    library.commit({"units.py": "UNITS = 130\n"})
    git(repository.folder / "lib", "pull", "--quiet")
    repository.git("commit", "--quiet", "--all", "--message=newer")
    library.folder.rename(tmp_path / "moved away")
    ran = repository.run("--gate", "HEAD~1")
    assert ran.code == 10
    assert ran.verdicts("units")["test_plain"]["reason"] == "130 instead of 100 units, counted exactly"


SIDE = Path(side_process.__file__).parent / "plugin"
NEEDED_BY_A_SIDE = ("pytest", "pytest-benchmark")
"""Whoever gates needs more in the environment of head alone."""
LOADS = sample("module_benchmark.py")
NEEDS_MORE = replaced(replaced(PLAIN, "test_plain", "test_needs_more"), "UNITS = 100", "import msgspec\n\nUNITS = 100")


def environment(folder: Path) -> Path:
    """Make a virtual environment with nothing in it. Returns its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(folder)], check=True)
    return folder / "bin" / "python"


def site_packages(python: Path) -> Path:
    (found,) = python.parent.parent.glob("lib/python*/site-packages")
    return found


def with_what_it_needs(python: Path) -> None:
    """Link what a side needs, and what that needs, into an environment."""
    from packaging.requirements import Requirement

    wanted, seen = list(NEEDED_BY_A_SIDE), set[str]()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        installed = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in installed.files or () if file.parts[0] not in ("..", "__pycache__")}:
            place = site_packages(python) / top
            if not place.exists():
                place.symlink_to(Path(str(installed.locate_file(top))))
        needs = map(Requirement, installed.requires or ())
        wanted += [each.name for each in needs if each.marker is None or each.marker.evaluate({"extra": ""})]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Path, Ran]:
    """A base in an environment without anything of ours, and with a package that head's lacks."""
    folder = tmp_path_factory.mktemp("environments")
    python = environment(folder / "bare")
    with_what_it_needs(python)
    odd = site_packages(python) / "aardvark-7.5.dist-info"
    odd.mkdir()
    (odd / "METADATA").write_text("Metadata-Version: 2.1\nName: Aardvark\nVersion: 7.5\n")
    repository = Repository(folder / "repository", settings=AT_A_GLANCE)
    repository.commit({"test_modules.py": LOADS, "test_needs_more.py": NEEDS_MORE})
    return repository, python, repository.run("--gate=HEAD", "--gate-inconclusive=pass", f"--gate-python={python}")


def test_base_runs_in_its_own_environment_and_imports_nothing_of_ours(bare: tuple[Repository, Path, Ran]) -> None:
    repository, python, ran = bare
    assert ran.outcomes()["test_modules"] == "inconclusive"
    loaded = [json.loads(path.read_text()) for path in repository.scratch.glob("modules-*")]
    on_base = [names for prefix, *names in loaded if Path(prefix) == python.parent.parent]
    assert len(on_base) == len(loaded) / 2 == ran.report["pairs"] + 1
    for names in on_base:
        assert "speedscore_gate_side" in names
        assert {"bench_suite", "scoring", "msgspec", "psutil"}.isdisjoint({name.partition(".")[0] for name in names})


def test_what_we_load_is_little_and_all_that_differs(bare: tuple[Repository, Path, Ran]) -> None:
    """Memory of a side is what its benchmarks need: no library of ours may stand in it."""
    repository, python, _ = bare
    loaded = [json.loads(path.read_text()) for path in repository.scratch.glob("modules-*")]
    on_base, on_head = (
        {name for prefix, *names in loaded if (Path(prefix) == python.parent.parent) == is_base for name in names}
        for is_base in (True, False)
    )
    unasked = {"speedscore_gate_stages"}  # what an upgrade's additional processes load
    assert {name for name in on_base if "speedscore" in name} == {path.stem for path in SIDE.glob("*.py")} - unasked
    assert {name for name in on_head - on_base if "speedscore" in name} == {
        "speedscore",
        "speedscore.plugin",
        "speedscore.gate",
        "speedscore.gate.options",
        "speedscore.gate.pytest_options",
        # What other packages' plugins may answer.
        "speedscore.bench_suite",
        "speedscore.bench_suite.matrix",
        "speedscore.bench_suite.matrix.hooks",
        "speedscore.scoring",
        "speedscore.scoring.rubric",
        "speedscore.scoring.rubric.hooks",
    }
    needed = {name for line in importlib.metadata.requires("speedscore") or () for name in _imported(line)}
    assert {"tabulate", "msgspec", "psutil"} <= needed
    # A test of head imports msgspec itself.
    brought = {"pytest", "_pytest", "py", "pytest_benchmark", "msgspec"}
    assert {name.partition(".")[0] for name in on_head} & needed == brought


def _imported(requirement: str) -> list[str]:
    """The modules that a package of ours brings, where we need it in any case."""
    from packaging.requirements import Requirement

    needed = Requirement(requirement)
    if needed.marker is not None:
        return []
    files = importlib.metadata.files(needed.name) or ()
    return [name for file in files if (name := file.parts[0].removesuffix(".py")).isidentifier()]


def test_environments_that_differ_are_told_apart(bare: tuple[Repository, Path, Ran]) -> None:
    _, _, ran = bare
    base, head = ran.report["base"]["packages"], ran.report["head"]["packages"]
    assert base == {"Aardvark": "7.5"}
    assert head["msgspec"] == importlib.metadata.version("msgspec")
    assert "pytest" not in head
    assert "environments differ: Aardvark 7.5 -> none, " in ran.said
    assert r"environments differ: Aardvark 7.5 -\> none, " in ran.markdown


def test_another_environment_may_count_in_another_way(bare: tuple[Repository, Path, Ran]) -> None:
    _, _, ran = bare
    queries = ran.verdicts("queries")["test_modules"]
    assert (queries["outcome"], queries["reason"]) == (
        "not comparable",
        "the two environments differ, and so may their way of counting",
    )


def test_a_dependency_that_base_lacks_is_named_and_stops_nothing_else(bare: tuple[Repository, Path, Ran]) -> None:
    _, _, ran = bare
    why = "base did not collect test_needs_more.py: E   ModuleNotFoundError: No module named 'msgspec'"
    assert ran.code == 0
    assert ran.verdicts()["test_needs_more"]["outcome"] == "not comparable"
    assert (ran.verdicts()["test_needs_more"]["reason"], ran.report["warnings"]) == (why, [why])


def test_an_environment_without_pytest_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"test_plain.py": PLAIN})
    ran = repository.run("--gate=HEAD", "--gate-python", str(environment(tmp_path / "empty")))
    assert ran.code == 13
    assert "gate cannot run: pytest on base (HEAD (" in ran.said
    assert "No module named pytest" in ran.said


def test_environments_with_the_same_packages_are_not_said_to_differ(tmp_path: Path) -> None:
    python = environment(tmp_path / "linked")
    (here,) = {Path(str(importlib.metadata.distribution(name).locate_file(""))) for name in NEEDED_BY_A_SIDE}
    # A line that names a folder alone would leave out what is installed editably.
    (site_packages(python) / "linked.pth").write_text(f"import site; site.addsitedir({str(here)!r})\n")
    repository = Repository(tmp_path / "repository", settings=AT_A_GLANCE)
    repository.commit({"test_modules.py": LOADS})
    ran = repository.run("--gate=HEAD", f"--gate-python={python}")
    assert ran.outcomes("queries") == {"test_modules": "unchanged"}
    assert (ran.report["base"]["packages"], ran.report["head"]["packages"]) == ({}, {})
    assert "environments differ" not in ran.said
