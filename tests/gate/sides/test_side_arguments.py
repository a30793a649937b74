"""From the gate's command line to that of a side: options that are the gate's own, paths that lie elsewhere in the
other checkout, and tests that only one side may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.gate.gate_command import add_arguments, pytest_words
from speedscore.gate.sides.side_arguments import (
    OWN_OPTIONS,
    Selection,
    alone,
    for_any_clone,
    joined,
    moved,
    named_paths,
    select,
    without_base,
    without_gate,
)
from speedscore.text.arguments import Parser


@pytest.mark.parametrize("option", OWN_OPTIONS)
def test_the_options_of_the_gate_are_taken_out_in_both_spellings(option: str) -> None:
    assert without_gate(["-q", option, "value", "bench"]) == ("-q", "bench")
    assert without_gate(["-q", f"{option}=value", "bench"]) == ("-q", "bench")


def test_an_option_of_the_gate_without_a_value_is_taken_out_alone() -> None:
    assert without_gate(["-q", "--gate-build", "bench"]) == ("-q", "bench")


def test_each_option_of_the_command_reaches_pytest() -> None:
    parser = Parser(add_help=False)
    add_arguments(parser)
    names = [(action.option_strings[0], action) for action in parser._actions if action.option_strings]
    assert len(names) > 10
    for name, action in names:
        if name == "--pytest-args":
            continue
        value = [] if action.nargs == 0 else [next(iter(action.choices or ["3%"]))]
        options = parser.parse_args(["HEAD", name, *value])
        options.pytest_arguments = []
        assert "=".join([f"--gate-{name[2:]}", *value]) in pytest_words(options)


def test_what_only_begins_like_an_option_of_the_gate_is_kept() -> None:
    kept = ("--gates", "--gatehouse=x", "--benchmark-only", "-k", "gate", "gate")
    assert without_gate(kept) == kept


def test_an_option_of_the_gate_that_is_the_value_of_another_goes_with_it() -> None:
    assert without_gate(["--gate", "--gate-json", "bench"]) == ("bench",)


def test_options_are_joined_with_their_values() -> None:
    assert joined(["--gate", "base", "-k", "x", "--gate-json", "a b.json", "--gate-detect=3%", "bench"]) == (
        "--gate=base",
        "-k",
        "x",
        "--gate-json=a b.json",
        "--gate-detect=3%",
        "bench",
    )


@pytest.mark.parametrize("spelled", [["--gate"], ["--gate", "HEAD"], ["-q"], []])
def test_joined_arguments_mean_what_they_meant(spelled: list[str]) -> None:
    arguments = ["bench", "-q", *spelled]
    assert without_gate(joined(arguments)) == without_gate(arguments)


@pytest.mark.parametrize(
    ("arguments", "paths", "positions"),
    [
        ([], [], set()),
        (["-q"], [], set()),
        (["bench", "-q", "more"], ["bench", "more"], {0, 2}),
        (["-k", "bench", "bench"], ["bench"], {2}),
        (["bench", "-k", "bench"], ["bench"], {0}),
        (["-q", "bench"], ["bench"], {1}),
        (["bench", "bench"], ["bench", "bench"], {0, 1}),
        (["-q", "bench", "-k", "bench", "bench"], ["bench", "bench"], {1, 4}),
        (["--rootdir=bench", "bench"], ["bench"], {1}),
        (["-k", "bench"], [], set()),
        (["--option=value", "bench", "-k", "bench"], ["bench"], {1}),
    ],
)
def test_the_paths_among_the_arguments_are_found(arguments: list[str], paths: list[str], positions: set[int]) -> None:
    assert named_paths(arguments, paths) == positions


def test_a_case_alone_is_asked_for_without_what_chose_it_and_where_it_is_written() -> None:
    arguments = [
        "bench/test_a.py::test_b",
        "--benchmark-only",
        "--gate=main",
        "-k",
        "b or c",
        "-m",
        "slow",
        "--deselect=bench/test_c.py",
        "--gate-json",
        "x.json",
        "--gate-markdown=x.md",
        "--gate-detect",
        "3%",
    ]
    assert alone(arguments, paths=["bench/test_a.py::test_b"]) == (
        "--benchmark-only",
        "--gate=main",
        "--gate-detect",
        "3%",
    )


@pytest.fixture
def head(tmp_path: Path) -> Path:
    """The checkout of head: a project in a repository."""
    folder = tmp_path / "head"
    for name in ("project/bench/test_a.py", "project/bench/test_new.py", "shared/test_s.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The checkout of base, which lacks a file."""
    folder = tmp_path / "base"
    for name in ("project/bench/test_a.py", "shared/test_s.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def selected(*arguments: str, paths: tuple[str, ...] = (), start: Path, head: Path, base: Path) -> Selection:
    moves = [(head / "project", base / "project"), (head, base)]
    return select(arguments, paths=paths, start=start, project=base / "project", moves=moves)


def test_a_case_is_asked_for_on_one_machine_whatever_fleet_gated_it() -> None:
    fleet = ("--gate=main", "--gate-fleet", "head:6379", "--gate-fleet-machines=2", "--gate-fleet-packages")
    assert without_base(("--benchmark-only", *fleet, "--gate-detect=3%")) == ("--gate-detect=3%",)


def test_a_place_is_moved_to_where_it_lies_in_the_other_checkout(tmp_path: Path) -> None:
    moves = [(tmp_path / "head" / "project", tmp_path / "elsewhere"), (tmp_path / "head", tmp_path / "base")]
    assert moved(tmp_path / "head" / "project" / "a.py", moves) == tmp_path / "elsewhere" / "a.py"
    assert moved(tmp_path / "head" / "b.py", moves) == tmp_path / "base" / "b.py"
    assert moved(tmp_path / "head", moves) == tmp_path / "base"


def test_a_place_beyond_the_checkout_stays_where_it_is(tmp_path: Path) -> None:
    moves = [(tmp_path / "head", tmp_path / "base")]
    assert moved(tmp_path / "headquarters" / "a.py", moves) == tmp_path / "headquarters" / "a.py"
    assert moved(tmp_path, moves) == tmp_path
    assert moved(tmp_path / "head", []) == tmp_path / "head"


def test_a_place_that_is_reached_over_a_link_is_moved_too(tmp_path: Path, head: Path) -> None:
    (tmp_path / "link").symlink_to(head)
    found = moved(tmp_path / "link" / "shared", [(head.resolve(), tmp_path / "base")])
    assert found == tmp_path / "base" / "shared"


def test_paths_are_those_of_the_side_wherever_pytest_was_started(head: Path, base: Path) -> None:
    for start, path in [
        (head, "project/bench/test_a.py"),
        (head / "project", "bench/test_a.py"),
        (head / "project" / "bench", "test_a.py"),
        (head / "project" / "bench", "../bench/test_a.py"),
        (head, str(head / "project" / "bench" / "test_a.py")),
    ]:
        found = selected("-q", path, paths=(path,), start=start, head=head, base=base)
        assert found == Selection(arguments=("-q", str(base / "project/bench/test_a.py")))


def test_without_a_named_path_all_is_kept_and_wanted(head: Path, base: Path) -> None:
    found = selected("-q", "-k", "bench", start=head, head=head, base=base)
    assert found == Selection(arguments=("-q", "-k", "bench"))
    assert found.selects("bench/test_a.py::test_x")


def test_a_single_test_is_asked_for_by_its_file_and_chosen_afterwards(head: Path, base: Path) -> None:
    path = "bench/test_a.py::test_one"
    found = selected(path, paths=(path,), start=head / "project", head=head, base=base)
    assert found.arguments == (str(base / "project/bench/test_a.py"),)
    assert found.wanted == ("bench/test_a.py::test_one",)
    assert found.selects("bench/test_a.py::test_one")
    assert found.selects("bench/test_a.py::test_one[x]")
    assert not found.selects("bench/test_a.py::test_one_more")
    assert not found.selects("bench/test_a.py::test_two")


def test_a_class_is_chosen_with_all_its_tests(head: Path, base: Path) -> None:
    path = "bench/test_a.py::TestIt"
    found = selected(path, paths=(path,), start=head / "project", head=head, base=base)
    assert found.selects("bench/test_a.py::TestIt::test_one[x]")
    assert not found.selects("bench/test_a.py::TestIts::test_one")


def test_two_tests_of_a_file_ask_for_it_once(head: Path, base: Path) -> None:
    paths = ("bench/test_a.py::test_one", "bench/test_a.py::test_two")
    found = selected(*paths, paths=paths, start=head / "project", head=head, base=base)
    assert found.arguments == (str(base / "project/bench/test_a.py"),)
    assert found.wanted == paths


def test_a_folder_beside_a_single_test_is_wanted_whole(head: Path, base: Path) -> None:
    paths = ("project/bench/test_a.py::test_one", "shared")
    found = selected(*paths, paths=paths, start=head, head=head, base=base)
    assert found.wanted == ("bench/test_a.py::test_one", "../shared")
    assert found.selects("../shared/test_s.py::test_x")
    assert not found.selects("../shared_too/test_s.py::test_x")


@pytest.mark.parametrize("folder", [".", ".."])
def test_the_rootdir_beside_a_single_test_is_all_there_is(folder: str, head: Path, base: Path) -> None:
    paths = (folder, "bench/test_a.py::test_one")
    found = selected(*paths, paths=paths, start=head / "project", head=head, base=base)
    assert found.selects("bench/test_a.py::test_two")


def test_a_path_that_the_side_lacks_is_left_out(head: Path, base: Path) -> None:
    paths = ("bench/test_a.py", "bench/test_new.py")
    found = selected(*paths, paths=paths, start=head / "project", head=head, base=base)
    assert found == Selection(arguments=(str(base / "project/bench/test_a.py"),))


def test_a_test_whose_file_the_side_lacks_does_not_widen_the_choice(head: Path, base: Path) -> None:
    """A single test is still named, so that what stands beside it is chosen as it is written."""
    paths = ("bench/test_a.py", "bench/test_new.py::test_new")
    found = selected(*paths, paths=paths, start=head / "project", head=head, base=base)
    assert found.wanted == ("bench/test_a.py",)
    assert found.selects("bench/test_a.py::test_x")
    assert not found.nothing


@pytest.mark.parametrize("path", ["bench/test_new.py", "bench/test_new.py::test_new"])
def test_a_side_that_has_nothing_of_what_is_named_is_known_to_have_nothing(path: str, head: Path, base: Path) -> None:
    found = selected("-q", path, paths=(path,), start=head / "project", head=head, base=base)
    assert found == Selection(arguments=("-q",), nothing=True)


@pytest.mark.parametrize("spelled", ["--config-file={}/pytest.ini", "-c{}/pytest.ini"])
def test_an_option_that_names_a_file_of_head_names_that_of_the_side(spelled: str, head: Path, base: Path) -> None:
    argument = spelled.format(head / "project")
    found = selected(argument, start=head, head=head, base=base)
    assert found.arguments == (spelled.format(base / "project"),)


@pytest.mark.parametrize("place", ["scratch", "head-scratch", "head.old/x", "headquarters"])
def test_an_option_that_names_another_place_is_left_as_it_is(place: str, head: Path, base: Path) -> None:
    argument = f"--basetemp={head.parent}/{place}"
    assert selected(argument, start=head, head=head, base=base).arguments == (argument,)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--gate-python=/venvs/old/bin/python", "--gate-python=PYTHON"),
        ("--gate-upgrade=test_a.py", "--gate-upgrade=bench/test_a.py"),
        ("--gate-upgrade={head}/shared/test_s.py", "--gate-upgrade=../shared/test_s.py"),
        ("--gate-upgrade=../../shared/test_s.py", "--gate-upgrade=../shared/test_s.py"),
        ("--gate-upgrade=../../new.txt", "--gate-upgrade=../new.txt"),
        ("--gate-upgrade={elsewhere}/new.txt", "--gate-upgrade=FOLDER/new.txt"),
        ("--gate-upgrade=.", "--gate-upgrade=./bench"),
        ("--gate-upgrade=kite==2.0", "--gate-upgrade=kite==2.0"),
        ("--gate-upgrade=kite", "--gate-upgrade=kite"),
        ("--override-ini=cache_dir={head}/project/cache", "--override-ini=cache_dir=./cache"),
        ("--books=test_a.py", "--books=test_a.py"),
        ("-c/etc/team/pytest.ini", "-cFOLDER/pytest.ini"),
        ("--config-file={elsewhere}/pytest.ini", "--config-file=FOLDER/pytest.ini"),
        ("--config-file={head}/project/pytest.ini", "--config-file=./pytest.ini"),
        ("--config-file={tmp_path}/link/shared/pytest.ini", "--config-file=../shared/pytest.ini"),
        ("-c/dev/null", "-c/dev/null"),
        ("-ocache_dir={elsewhere}/c", "-ocache_dir=FOLDER/c"),
        ("--override-ini=pythonpath={elsewhere}/lib {head}/project/src", "--override-ini=pythonpath=FOLDER/lib ./src"),
        ("--override-ini=pythonpath='{elsewhere}/a b' '/srv/c'", "--override-ini=pythonpath='FOLDER/a b' 'FOLDER/c'"),
        ("--cov-report=xml:{elsewhere}/x.xml", "--cov-report=xml:FOLDER/x.xml"),
        ("--books=file://{elsewhere}/my books", "--books=file://FOLDER/my books"),
        ("--gate-upgrade=kite @ file://{elsewhere}/kite", "--gate-upgrade=kite @ file://FOLDER/kite"),
        ("--books=https://host/a/b?c=/d", "--books=https://host/a/b?c=/d"),
        ("--books=bench/a.txt,../b.txt", "--books=bench/a.txt,../b.txt"),
        ("--books=bench/test_a.py::test_b[x:/y]", "--books=bench/test_a.py::test_b[x:/y]"),
        ("-kone or /two", "-kone or /two"),
        ("-mslow and a/b", "-mslow and a/b"),
        ("--ratio=1/2", "--ratio=1/2"),
    ],
)
def test_a_command_for_any_clone_names_no_folder_of_this_machine(
    argument: str, said: str, tmp_path: Path, head: Path
) -> None:
    elsewhere, start = tmp_path / "elsewhere", head / "project" / "bench"
    for folder in (elsewhere, start / "kite"):
        folder.mkdir()
    for path in (elsewhere / "new.txt", head / "new.txt"):
        path.touch()
    (tmp_path / "link").symlink_to(head)
    word = argument.format(head=head, elsewhere=elsewhere, tmp_path=tmp_path)
    found = for_any_clone(["--benchmark-only", word], start=start, rootdir=head / "project", root=head)
    assert found == ("--benchmark-only", said)


def test_a_command_for_any_clone_says_the_same_of_an_option_that_stands_apart_from_its_value(head: Path) -> None:
    apart = ["--gate-upgrade", "shared/test_s.py", "--gate-python", "/venvs/old/bin/python"]
    found = for_any_clone(apart, start=head, rootdir=head / "project", root=head)
    assert found == ("--gate-upgrade=../shared/test_s.py", "--gate-python=PYTHON")


def test_a_path_that_stands_apart_from_its_option_is_of_no_folder_of_this_machine_either(head: Path) -> None:
    apart = ["-c", "/etc/team/pytest.ini", "-o", "cache_dir=/home/me/c", "--ignore", f"{head}/old"]
    found = for_any_clone(apart, start=head, rootdir=head, root=head)
    assert found == ("-c", "FOLDER/pytest.ini", "-o", "cache_dir=FOLDER/c", "--ignore", "./old")


@pytest.mark.parametrize(
    "option",
    [
        *("--junitxml", "--junit-xml", "--basetemp", "--log-file"),
        *("--benchmark-json", "--benchmark-save", "--benchmark-storage"),
    ],
)
def test_a_command_for_one_case_does_not_say_where_this_gate_wrote(option: str) -> None:
    assert alone(["-q", option, "/home/me/x", "--books=5"], paths=[]) == ("-q", "--books=5")
    assert alone(["-q", f"{option}=/home/me/x", "--books=5"], paths=[]) == ("-q", "--books=5")
    assert alone([f"{option}-too=x", "--benchmark-autosave", "--books=5"], paths=[]) == (f"{option}-too=x", "--books=5")


def test_a_file_that_is_reached_over_a_link_to_the_checkout_is_one_of_it(tmp_path: Path, head: Path) -> None:
    (tmp_path / "link").symlink_to(head)
    argument = f"--gate-upgrade={tmp_path}/link/shared/test_s.py"
    said = for_any_clone([argument], start=tmp_path, rootdir=head, root=head)
    assert said == ("--gate-upgrade=shared/test_s.py",)
