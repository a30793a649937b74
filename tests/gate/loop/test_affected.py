"""Which benchmarks a change can have touched: what is judged, and what a real gate's sides see of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.checkouts.changed_files import ChangedFiles
from speedscore.gate.deadline import GateDeadline
from speedscore.gate.loop.affected import affected, likely_first, why_all_before
from speedscore.gate.part import LeaderInstructions, Part
from speedscore.gate.reporting.report import conclude
from speedscore.gate.sides.side import Dependencies
from tests.gate.made_up_sides import MadeUpMachine, MadeUpTest, QuietListener, Tests, a_plan, gated
from tests.gate.sample_repository import AT_A_GLANCE, Repository
from tests.git import git

KEPT = "kept.py"


@pytest.fixture
def checkouts(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with one file that is the same in both."""
    for name in ("base", "head"):
        (tmp_path / name).mkdir()
        (tmp_path / name / KEPT).write_text("")
    return tmp_path / "base", tmp_path / "head"


def changed(checkouts: tuple[Path, Path], *paths: str) -> ChangedFiles:
    """Base has the files, and head has others in their place."""
    for folder, text in zip(checkouts, ("before", "after"), strict=True):
        for path in paths:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    return ChangedFiles(*checkouts)


def test_files_that_one_side_lacks_or_has_otherwise_have_changed(checkouts: tuple[Path, Path]) -> None:
    base, head = checkouts
    (base / "gone.py").touch()
    (head / "new").mkdir()
    (head / "new/ünïcode.py").touch()
    (base / "link").symlink_to(KEPT)
    (head / "link").symlink_to("elsewhere")
    files = changed(checkouts, "other.py")
    assert files.paths == {"gone.py", "new/ünïcode.py", "link", "other.py"}
    assert [files.differs(path) for path in (KEPT, "nowhere", "other.py", "new")] == [False, False, True, True]


def test_git_says_which_files_there_are_and_ignored_ones_differ_only_when_asked(checkouts: tuple[Path, Path]) -> None:
    for folder in checkouts:
        git(folder, "init", "--quiet")
        (folder / ".gitignore").write_text("*.log\n")
    odd = os.fsdecode(b"caf\xe9.csv")
    files = changed(checkouts, "build.log", "untracked é.py", " first.csv", odd)
    assert files.paths == {"untracked é.py", " first.csv", odd}
    assert files.differs("build.log")


@pytest.mark.parametrize("git_knows", [False, True])
def test_a_base_within_head_is_no_part_of_it(tmp_path: Path, git_knows: bool) -> None:
    base = tmp_path / "head/base"
    base.mkdir(parents=True)
    for folder in (base, base.parent):
        (folder / KEPT).write_text("")
        if git_knows:
            git(folder, "init", "--quiet")
    (base / "other.py").write_text("")
    assert ChangedFiles(base, base.parent).paths == {"other.py"}


def judged(checkouts: tuple[Path, Path], *paths: str, unaffecting: tuple[str, ...] = (), **traced: object) -> object:
    """The test files that are left out when the paths changed; or why none is. Each depends on the same on both sides,
    unless it has two."""
    sides = {name: of if isinstance(of, list) else [of, of] for name, of in traced.items()}
    found = affected(sides, changed(checkouts, *paths), unaffecting=unaffecting)  # type: ignore[arg-type]
    return found.all_because or found.left_out


ONE = Dependencies(("tests/one.py", "one.py"))
TWO = Dependencies(("tests/two.py", "two.py", KEPT))
OUT = "none of its 3 files changed"


@pytest.mark.parametrize(
    "one",
    [
        ONE,
        [ONE, Dependencies(())],
        [Dependencies(()), ONE],
        [None, Dependencies((KEPT,))],
        Dependencies((KEPT,), doubt="it starts processes"),
        Dependencies((KEPT,), folders=(".",)),
    ],
    ids=["on both", "on base alone", "on head alone", "unknown", "in doubt", "in a folder that was listed"],
)
def test_what_may_depend_on_a_file_that_changed_is_not_left_out(checkouts: tuple[Path, Path], one: object) -> None:
    assert judged(checkouts, "one.py", one=one, two=TWO) == {"two": OUT}


def test_an_ignored_file_that_was_read_counts_like_any_other(checkouts: tuple[Path, Path]) -> None:
    for folder in checkouts:
        git(folder, "init", "--quiet")
        (folder / ".gitignore").write_text("*.bin\n")
    assert judged(checkouts, "made.bin", one=Dependencies(("made.bin",)), two=TWO) == {"two": OUT}


@pytest.mark.parametrize("path", ["vendor/site-packages/one.py", "one.egg-info/x.py", "data.parquet"])
def test_what_no_side_would_tell_of_lets_all_of_them_run(checkouts: tuple[Path, Path], path: str) -> None:
    # That the first test lists the whole checkout says nothing of what the second one reads.
    assert f"{path} changed" in str(judged(checkouts, path, one=Dependencies((KEPT,), folders=(".",)), two=TWO))


def test_a_listed_folder_is_not_another_one_whose_name_is_longer(checkouts: tuple[Path, Path]) -> None:
    listed = Dependencies(("a", "b", "c"), folders=("data",))
    assert judged(checkouts, "database/x.py", one=listed) == {"one": OUT}
    assert judged(checkouts, "data/deep/x.bin", one=listed) == {}


@pytest.mark.parametrize("path", ["uv.lock", "pyproject.toml", "data/words.txt", "native/fast.pyx", "vendor/lib.so"])
def test_a_file_that_cannot_be_attributed_lets_all_run(checkouts: tuple[Path, Path], path: str) -> None:
    assert judged(checkouts, path, two=TWO) == f"{path} changed, and which of them depend on it cannot be told"
    assert judged(checkouts, path, one=Dependencies((path,)), two=TWO) == {"two": OUT}


def test_files_that_nothing_depends_on_can_be_named_and_count_where_they_are_read(checkouts: tuple[Path, Path]) -> None:
    reads = Dependencies(("docs/table.md",))
    assert judged(checkouts, "docs/index.md", unaffecting=("docs/*",), two=TWO) == {"two": OUT}
    assert judged(checkouts, "docs/table.md", unaffecting=("docs/*",), one=reads, two=TWO) == {"two": OUT}


@pytest.mark.parametrize("path", ["conftest.py", "tests/unit/conftest.py", "setup.py"])
def test_a_conftest_lets_all_run_before_anything_is(checkouts: tuple[Path, Path], path: str) -> None:
    assert why_all_before(changed(checkouts, "one.py")) == ""
    assert why_all_before(changed(checkouts, path)) == f"{path} changed, which any of them may depend on"


NAMES = st.sets(st.sampled_from([f"m{number}.py" for number in range(6)]))


@given(base=st.lists(NAMES, min_size=1, max_size=4), head=st.lists(NAMES, min_size=1, max_size=4), paths=NAMES)
def test_whatever_depends_on_what_none_whose_file_changed_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, base: list[set[str]], head: list[set[str]], paths: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "base").mkdir()
    (folder / "head").mkdir()
    files = changed((folder / "base", folder / "head"), *paths)
    traced = {
        str(number): [Dependencies(tuple(one)), Dependencies(tuple(other))]
        for number, (one, other) in enumerate(zip(base, head, strict=False))
    }
    left_out = affected(traced, files).left_out
    touched = {name for name, (one, other) in traced.items() if paths & {*one.files, *other.files}}
    assert left_out.keys() == traced.keys() - touched


def test_what_leads_to_a_change_on_either_side_comes_first(checkouts: tuple[Path, Path]) -> None:
    reaches: list[dict[str, tuple[str, ...]]] = [{"a": ("one.py",), "b": ()}, {"b": ("two.py",), "c": (KEPT,)}]
    assert likely_first(reaches, changed(checkouts, "one.py", "two.py")) == {"a", "b"}


def test_a_built_module_comes_first_where_a_file_of_its_name_changed(checkouts: tuple[Path, Path]) -> None:
    files = changed(checkouts, "native/src/kite/fast.pyx", "kite/deep/slow.py")
    reaches = {"a": ("*/kite/fast.*",), "b": ("*/kite/deep/slow.*",), "c": ("*/fast/slow.*", "*/plume/fast.*")}
    assert likely_first([{name: tuple(of) for name, of in reaches.items()}], files) == {"a", "b"}


def made_up_tests(**depends: Dependencies | None) -> Tests:
    return {
        f"{name}.py::test_{number}": MadeUpTest(depends=on, reaches=(f"lib_{name}.py",))
        for name, on in depends.items()
        for number in (1, 2)
    }


def test_cases_that_cannot_be_touched_are_named_with_the_reason_and_not_measured(checkouts: tuple[Path, Path]) -> None:
    tests = made_up_tests(near=Dependencies(("lib_near.py",)), far=Dependencies((KEPT,)), dim=None)
    machine = MadeUpMachine(tests, tests)
    files = changed(checkouts, "lib_near.py")
    listener = QuietListener()
    outcome = gated(machine, plan=a_plan(changed=files, only_affected=True), listener=listener)
    assert listener.traced == [("near.py", 1, 3), ("far.py", 2, 3), ("dim.py", 3, 3)]
    assert outcome.left_out == {f"far.py::test_{number}": "none of its 1 files changed" for number in (1, 2)}
    assert {answer.case.partition("::")[0] for answer in outcome.verdicts} == {"near.py", "dim.py"}
    assert len(machine.requests("far.py::test_1")) == 2, "the pilot alone ran it"
    code, headline = conclude(
        outcome.verdicts,
        outcome.missing,
        inconclusive_passes=False,
        cut_off=outcome.cut_off,
        nothing=outcome.nothing,
        left_out=len(outcome.left_out),
    )
    assert (code, headline) == (
        0,
        "passed: nothing regressed (2 cases left out, which the change cannot have touched)",
    )


def test_a_fixture_that_waits_in_one_file_is_not_tried_in_another(checkouts: tuple[Path, Path]) -> None:
    tests = {
        f"{name}.py::test_it": MadeUpTest(depends=Dependencies(("lib.py",)), fixtures=fixtures, waits_in=waits_in)
        for name, fixtures, waits_in in (("a", ("store",), "store"), ("b", ("store",), "store"), ("c", (), ""))
    }
    machine = MadeUpMachine(tests, tests)
    outcome = gated(machine, plan=a_plan(changed=changed(checkouts, "lib.py"), only_affected=True))
    assert {answer.case: answer.outcome for answer in outcome.verdicts} == {
        "a.py::test_it": "not comparable",
        "b.py::test_it": "not comparable",
        "c.py::test_it": "unchanged",
    }
    assert machine.requests("b.py::test_it") == []


def test_where_no_case_can_be_touched_the_gate_passes_and_says_that_none_was_measured(
    checkouts: tuple[Path, Path],
) -> None:
    tests = made_up_tests(far=Dependencies((KEPT,)))
    outcome = gated(MadeUpMachine(tests, tests), plan=a_plan(changed=changed(checkouts), only_affected=True))
    assert (outcome.verdicts, len(outcome.left_out), outcome.nothing) == ((), 2, "")


def test_a_share_counts_no_figure_of_the_cases_that_it_has_left_out(checkouts: tuple[Path, Path]) -> None:
    far = {f"far.py::test_{number:02}": MadeUpTest(depends=Dependencies((KEPT,))) for number in range(40)}
    near = {f"near.py::test_{number}": MadeUpTest(depends=Dependencies(("lib_near.py",))) for number in (1, 2)}

    def looks(*tests: Tests, part: Part | None) -> tuple[int, ...]:
        both = {name: test for some in tests for name, test in some.items()}
        files = changed(checkouts, "lib_near.py")
        return gated(MadeUpMachine(both, both), plan=a_plan(changed=files, only_affected=True, part=part)).looks

    assert looks(far, near, part=Part(1, 1)) == looks(near, part=None)
    # What another share leaves out is not known by itself, and counted: never too few.
    assert looks(far, near, part=Part(2, 2)) > looks(near, part=None)


def test_shares_that_are_told_what_is_left_out_deal_out_and_count_the_rest(checkouts: tuple[Path, Path]) -> None:
    tests = made_up_tests(far=Dependencies((KEPT,)), near=Dependencies(("lib_near.py",)))
    files, machine = changed(checkouts, "lib_near.py"), MadeUpMachine(tests, tests)
    looked = gated(
        machine,
        plan=a_plan(
            changed=files, only_affected=True, part=Part(1, 2), instructions=LeaderInstructions(only_looks=True)
        ),
    )
    assert list(looked.left_out) == ["far.py::test_1", "far.py::test_2"]
    assert (looked.verdicts, looked.pairs) == ((), 0)
    shares = [
        gated(
            MadeUpMachine(tests, tests),
            plan=a_plan(part=Part(number, 2), instructions=LeaderInstructions(left_out=looked.left_out)),
        )
        for number in (1, 2)
    ]
    assert [[each.case for each in share.verdicts] for share in shares] == [["near.py::test_1"], ["near.py::test_2"]]
    near = {name: test for name, test in tests.items() if name.startswith("near")}
    for share in shares:
        assert share.left_out == looked.left_out
        assert share.all_cases == ("near.py::test_1", "near.py::test_2")
        assert share.looks == gated(MadeUpMachine(near, near)).looks


def test_where_all_run_the_reason_is_a_warning(checkouts: tuple[Path, Path]) -> None:
    tests = made_up_tests(far=Dependencies((KEPT,)))
    files = changed(checkouts, "uv.lock")
    outcome = gated(MadeUpMachine(tests, tests), plan=a_plan(changed=files, only_affected=True))
    assert outcome.left_out == {}
    assert outcome.warnings == (
        "--gate-affected left none out: uv.lock changed, and which of them depend on it cannot be told",
    )


def test_where_time_may_run_out_the_likely_ones_are_gated_first(checkouts: tuple[Path, Path]) -> None:
    tests = made_up_tests(far=None, near=None)
    machine = MadeUpMachine(tests, tests)
    files = changed(checkouts, "lib_near.py")
    outcome = gated(machine, plan=a_plan(changed=files, deadline=GateDeadline(18.0, machine.clock)))
    said = {answer.case: answer.outcome for answer in outcome.verdicts}
    assert outcome.cut_off == "the time budget was spent"
    assert said == {
        "near.py::test_1": "unchanged",
        "near.py::test_2": "unchanged",
        "far.py::test_1": "inconclusive",
        "far.py::test_2": "inconclusive",
    }


_TEST = """
from made_up_clock import counted, work
{imports}

@counted
def test_it(benchmark):
    {first}
    benchmark(work, 100)
"""


def a_test(imports: str = "", first: str = "pass") -> str:
    return _TEST.format(imports=imports, first=first)


REPOSITORY = {
    "lib/__init__.py": "",
    "lib/direct.py": "X = 1\n",
    "lib/middle.py": "from lib import deep\n",
    "lib/deep.py": "X = 1\n",
    "lib/lazy.py": "X = 1\n",
    "lib/apart.py": "X = 1\n",
    "lib/shared.py": "from functools import cache\nfrom pathlib import Path\n\n"
    "@cache\ndef words():\n    return (Path(__file__).parent / 'words.txt').read_text()\n",
    "lib/words.txt": "one\n",
    "parts/one.txt": "1\n",
    "test_direct.py": a_test("from lib.direct import X"),
    "test_transitive.py": a_test("import lib.middle"),
    "test_dynamic.py": a_test("import importlib", "importlib.import_module('lib.' + 'lazy')"),
    # Whichever of the two is first fills the cache; the other must be seen to depend on it as well.
    "test_data.py": a_test("from lib import shared", "shared.words()"),
    "test_data_again.py": a_test("from lib import shared", "shared.words()"),
    "test_listing.py": a_test("import glob", "assert glob.glob('parts/*')"),
    "test_child.py": a_test("import subprocess, sys", "subprocess.run([sys.executable, '-c', 'import lib.lazy'])"),
    "test_timed_child.py": "import subprocess, sys\n\n\ndef test_timed_child(benchmark):\n"
    "    benchmark(subprocess.run, [sys.executable, '-c', 'import lib.lazy'])\n",
    "test_apart.py": a_test("from lib import apart"),
    "unit/test_other.py": "def test_other():\n    import lib.direct\n",
}


def test_a_real_gate_leaves_out_what_depends_on_nothing_that_changed_and_nothing_else(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", settings=AT_A_GLANCE + 'unaffecting = ["*.md"]\n')
    repository.commit({"conftest.py": "", "README.md": "before", **REPOSITORY})
    repository.write(
        dict.fromkeys(("lib/direct.py", "lib/deep.py", "lib/lazy.py"), "X = 2\n")
        | {"lib/words.txt": "two\n", "parts/two.txt": "2\n", "README.md": "after", "unit/test_more.py": ""}
    )
    ran = repository.run("--gate=HEAD", "--gate-affected")
    assert list(ran.report["left_out"]) == ["test_apart.py::test_it"], ran.printed
    # The test, its helper and its two modules, the conftest, and the folder src, which is looked for and not there.
    reason = "none of its 6 files changed"
    assert ran.report["left_out"]["test_apart.py::test_it"] == reason
    assert f"left out: 1 case of test_apart.py: {reason}" in ran.said
    assert reason in ran.markdown
    assert len({verdict["case"] for verdict in ran.report["verdicts"]}) == 8
    repository.write({"conftest.py": "import lib\n"})
    all_run = repository.run("--gate=HEAD", "--gate-affected", "test_apart.py")
    assert all_run.report["left_out"] == {}
    assert "conftest.py changed, which any of them may depend on" in all_run.said
