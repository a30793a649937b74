"""What was measured is on the disk at once, is read back without what was cut off, and never costs the session."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.session.saving.journal import Journal, is_journal, left_over, load_journal
from speedscore.host.fields import Scalar
from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, RunRecord
from tests.sample_runs import a_case

FIRST, SECOND, THIRD = (a_case(name, [[0.1, 0.2]]) for name in ("jax", "torch", "haiku"))


def session(*cases: CaseResult, machines: dict[str, dict[str, Scalar]] | None = None) -> RunRecord:
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        created="2026-12-01T12:00:00+00:00",
        preset="smoke",
        seed=1,
        in_process=False,
        environment={"cpu.model": "a processor"},
        cases=cases,
        machines=machines or {},
    )


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".benchmarks" / "machine"


def path_of(journal: Journal) -> Path:
    assert journal.path is not None
    return journal.path


def test_what_is_kept_is_read_back_with_what_an_earlier_session_had(folder: Path) -> None:
    journal = Journal(folder)
    journal.keep([SECOND], session=lambda: session(FIRST))
    journal.keep([THIRD], session=lambda: session(FIRST))
    path = path_of(journal)
    journal.close()
    assert path.parent == folder
    assert is_journal(path)
    assert not list(folder.glob("*.json")), "pytest-benchmark takes those for runs"
    assert load_journal(path).run == session(FIRST, SECOND, THIRD)


def test_the_later_word_about_a_case_counts(folder: Path) -> None:
    journal = Journal(folder)
    journal.keep([msgspec.structs.replace(FIRST, stopped="interrupted")], session=session)
    journal.keep([FIRST], session=session)
    path = path_of(journal)
    journal.close()
    assert load_journal(path).run == session(FIRST)


def test_nothing_is_written_before_there_is_something_to_keep_and_nothing_stays_when_it_is_removed(
    folder: Path,
) -> None:
    journal = Journal(folder)
    journal.keep([], session=lambda: session(FIRST))
    assert not folder.exists()
    journal.keep([FIRST], session=session)
    journal.remove()
    assert not folder.exists()
    assert journal.path is None


def test_what_is_cut_off_anywhere_costs_its_own_line(folder: Path) -> None:
    journal = Journal(folder)
    journal.keep([FIRST], session=session)
    path = path_of(journal)
    complete = path.stat().st_size
    journal.keep([SECOND], session=session)
    journal.close()
    whole = path.read_bytes()
    for length in {*range(complete, len(whole) - 1, 29), len(whole) - 2}:
        path.write_bytes(whole[:length])
        assert load_journal(path).run == session(FIRST)
    path.write_bytes(whole[:-1])
    assert load_journal(path).run == session(FIRST, SECOND)


@pytest.mark.parametrize("written", [0, 1, 300], ids=["empty", "in-the-session", "in-a-case"])
@pytest.mark.parametrize("full_from", [1, 2])
def test_a_disk_that_is_full_for_a_while_costs_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, full_from: int, written: int
) -> None:
    """Also where it was full before the session itself stood in the file."""
    journal = Journal(folder)
    machines: dict[str, dict[str, Scalar]] = {"a": {"cpu.model": "one"}}
    cases = [FIRST, SECOND, msgspec.structs.replace(THIRD, machine="a")]
    really_write = os.write
    left = [written]

    def write_a_part(handle: int, text: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = really_write(handle, text[: left[0]])
        left[0] -= count
        return count

    for number, case in enumerate(cases, start=1):
        with monkeypatch.context() as patched:
            if number == full_from:
                patched.setattr(os, "write", write_a_part)
            journal.keep([case], session=session, machines=machines if case.machine else {})
            full = f"{path_of(journal)}: No space left on device"
            assert journal.problem == (full if number == full_from else "")
    path = path_of(journal)
    journal.close()
    assert load_journal(path).run == session(*cases, machines=machines)


def test_a_disk_that_says_only_afterwards_that_it_is_full_costs_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(folder)
    path = None

    def too_late(handle: int) -> None:
        os.truncate(handle, 0)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", too_late)
        journal.keep([FIRST], session=session)
        path = path_of(journal)
        assert journal.problem == f"{path}: No space left on device"
    journal.keep([SECOND], session=session)
    assert journal.problem == ""
    journal.close()
    assert load_journal(path).run == session(FIRST, SECOND)


def test_a_line_that_a_full_disk_has_cut_off_costs_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(folder)
    journal.keep([FIRST], session=session)
    really_write = os.write

    def write_half(handle: int, text: bytes) -> int:
        really_write(handle, text[: len(text) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write_half)
        journal.keep([SECOND], session=session)
    path = path_of(journal)
    assert journal.problem == f"{path}: No space left on device"
    journal.close()
    assert load_journal(path).run == session(FIRST)


def test_a_folder_that_cannot_be_written_is_replaced_by_the_temporary_one(folder: Path, temporary: Path) -> None:
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("no folder")
    journal = Journal(folder)
    journal.keep([FIRST], session=session)
    path = path_of(journal)
    journal.close()
    assert path.parent == temporary
    assert left_over(folder) == [path]


def test_where_no_folder_takes_it_the_session_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", os.devnull)
    folder.parent.write_text("no folder")
    journal = Journal(folder)
    journal.keep([FIRST], session=session)
    assert journal.path is None
    assert journal.problem.startswith(f"{folder}: ")


def test_a_session_that_still_runs_is_told_from_one_that_was_killed(folder: Path) -> None:
    """Its lock tells: a number of a process may have been given to another one since."""
    child = os.fork()
    if child == 0:
        try:
            Journal(folder).keep([FIRST], session=session)
            signal.pause()
        finally:
            os._exit(1)
    try:
        while not (paths := list(folder.glob("*"))) or b'"case"' not in paths[0].read_bytes():
            pass
        assert left_over(folder) == []
        with pytest.raises(RunFileError, match="still running"):
            load_journal(paths[0])
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert left_over(folder) == paths
    assert load_journal(paths[0]).run == session(FIRST)


def test_an_interrupt_while_it_is_written_waits_and_is_raised(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really_sync = os.fsync

    def interrupted(handle: int) -> None:
        signal.raise_signal(signal.SIGINT)
        really_sync(handle)

    monkeypatch.setattr(os, "fsync", interrupted)
    journal = Journal(folder)
    with pytest.raises(KeyboardInterrupt):
        journal.keep([FIRST, SECOND], session=session)
    path = path_of(journal)
    journal.close()
    assert load_journal(path).run == session(FIRST, SECOND)


@pytest.mark.parametrize("content", [b"", b"\xff\n", b"{}\n", b'{"session": 1}\n', b"[" * 100_000, None])
def test_what_is_no_journal_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunFileError) as caught:
        load_journal(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_machine_of_a_fleet_that_joins_later_is_described_too(folder: Path) -> None:
    journal = Journal(folder)
    first, second = (msgspec.structs.replace(case, machine=name) for case, name in ((FIRST, "a"), (SECOND, "b")))
    machines: dict[str, dict[str, Scalar]] = {"a": {"cpu.model": "one"}}
    before = msgspec.structs.replace(session(), machines={"earlier": {"cpu.model": "gone"}})
    journal.keep([first], session=lambda: before, machines=machines)
    journal.keep([second], session=lambda: before, machines=machines | {"b": {"cpu.model": "another"}})
    journal.keep([first], session=lambda: before, machines=machines)
    path = path_of(journal)
    journal.close()
    read = load_journal(path).run
    assert read.machines == machines | before.machines | {"b": {"cpu.model": "another"}}
    assert read.cases == (first, second)
    assert path.read_text().count('"cpu.model":"one"') == 1, "described once"


def test_a_case_whose_machine_stands_in_no_whole_line_is_left_out_with_the_reason(folder: Path) -> None:
    journal = Journal(folder)
    lost, kept = (msgspec.structs.replace(case, machine=name) for case, name in ((FIRST, "a"), (SECOND, "b")))
    for case in (lost, kept):
        journal.keep([case], session=session, machines={case.machine: {"cpu.model": "one"}})
    path = path_of(journal)
    journal.close()
    whole, machine, *others = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([whole, machine[:20], *others, b""]))
    read = load_journal(path)
    assert read.run == session(kept, machines={"b": {"cpu.model": "one"}})
    assert read.left_out == {lost.nodeid: f"no whole line of {path} describes a, the machine that it was measured on"}


def test_a_journal_of_two_sessions_in_one_is_refused(folder: Path) -> None:
    """As no session writes it: one node id is a case's and a probe's."""
    journal = Journal(folder)
    journal.keep([FIRST], session=session)
    path = path_of(journal)
    journal.close()
    probe = ProbeResult("x", FIRST.nodeid, "import", "jax", "jax", "cpu", "failed", reason="why")
    with path.open("ab") as file:
        file.write(msgspec.json.encode({"probe": probe}) + b"\n")
    with pytest.raises(RunFileError, match="stands in the run twice"):
        load_journal(path)


def test_text_that_no_file_can_hold_costs_its_own_line(folder: Path) -> None:
    journal = Journal(folder)
    half = msgspec.structs.replace(SECOND, status="failed", rounds=(), reason="half \udcfc")
    journal.keep([FIRST, half, THIRD], session=session)
    assert "surrogates not allowed" in journal.problem
    path = path_of(journal)
    journal.close()
    assert load_journal(path).run == session(FIRST, THIRD)


@pytest.mark.parametrize("kind", ["nowhere", "journal", "pipe", "folder"])
def test_what_else_bears_a_journal_s_name_hides_none(folder: Path, temporary: Path, kind: str) -> None:
    """The temporary folder is everybody's."""
    journal = Journal(None)
    journal.keep([FIRST], session=session)
    path = path_of(journal)
    journal.close()
    other = temporary / "speedscore-unfinished-20990101T000000-1.jsonl"
    if kind == "pipe":
        os.mkfifo(other)
    elif kind == "folder":
        other.mkdir()
    else:
        other.symlink_to(path if kind == "journal" else temporary / "nowhere")
    assert left_over(folder) == [path]


def test_the_cases_of_an_earlier_session_are_asked_for_once(folder: Path) -> None:
    journal = Journal(folder)
    asked: list[RunRecord] = []

    def make() -> RunRecord:
        asked.append(session(FIRST))
        return asked[-1]

    for case in (SECOND, THIRD):
        journal.keep([case], session=make)
    journal.close()
    assert len(asked) == 1
