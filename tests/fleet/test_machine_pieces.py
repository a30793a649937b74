"""What stands on a machine, without a cluster: a fresh process for each piece, and nothing of it left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from speedscore.fleet.describing import ENTRY
from speedscore.fleet.machine import Machine
from speedscore.fleet.travelling import pack
from speedscore.fleet.wire import Broke, Done, Log, Message, Raised, Sign, decode_description, decode_sign
from speedscore.host.git import git_says
from tests.git import git
from tests.places import ROOT
from tests.waiting import has_gone, wait_until

CODE = """
import os, subprocess, sys, time
from pathlib import Path

def answer(request, report):
    report(request)
    here = Path(__file__).parent
    return f"{here / 'link'} {os.readlink(here / 'link')} {(here / 'ignored').exists()}".encode()

def leave_a_child(request, report):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(999)"], start_new_session=True)
    return str(child.pid).encode()

def wait(request, report):
    report(str(os.getpid()).encode())
    time.sleep(999)

def end(request, report):
    sys.exit("no more")

def blocked_in_children(request, report):
    return subprocess.check_output([sys.executable, "-c", "import signal; print(signal.pthread_sigmask(0, ()))"])

def die(request, report):
    print("about to die", flush=True)
    os.kill(os.getpid(), 9)

def work(request, report):
    from speedscore.host.piped import PipedProcess

    print("begins", request.decode())
    worker = PipedProcess(
        [sys.executable, "-c", "print('no such card', flush=True); input()"],
        log_path=Path("worker.log"), env=dict(os.environ), title="worker",
    )
    try:
        worker.has_line(within_seconds=60)
    except RuntimeError:
        pass
    if request == b"and dies":
        os.kill(os.getpid(), 9)
    worker.close()
    if request == b"and fails":
        raise ValueError("it does not work")
    return b"done"
"""


WORKER = """
import os, sys
from speedscore.fleet.machine import Machine
from speedscore.fleet.wire import decode_sign

machine = Machine(os.nice(0), sys.argv[1], ends_with_parent=True)
machine.begin("own_code:wait", b"")
(told,) = map(decode_sign, machine.next_signs())
print(os.getpid(), told.message.decode(), flush=True)
sys.stdin.read()
"""
"""Begins a piece that does not end, and would stay for ever."""
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"


@pytest.fixture
def travelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "own_code.py").write_text(CODE)
    (checkout / ".gitignore").write_text("ignored\n")
    (checkout / "ignored").write_text("stays at home")
    (checkout / "link").symlink_to("own_code.py")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "Begin"]):
        git(checkout, *arguments)
    (checkout / "new.txt").write_text("makes it dirty")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    travelling = tmp_path / "travelling"
    travelling.mkdir()
    pack(checkout, travelling)
    return travelling


@pytest.fixture
def machine(travelling: Path) -> Iterator[Machine]:
    machine = Machine(os.nice(0), str(travelling))
    yield machine
    machine.stop()


def signs_of(machine: Machine, entry: str, request: bytes = b"", *, keeps_log: bool = False) -> list[Sign]:
    machine.begin(entry, request, keeps_log=keeps_log)
    signs: list[Sign] = []
    deadline = time.monotonic() + 60
    while not signs or not isinstance(signs[-1], Done | Raised | Broke):
        assert time.monotonic() < deadline
        signs += map(decode_sign, machine.next_signs())
    return signs


def test_a_piece_runs_the_code_that_travelled_with_its_links_and_without_what_git_ignores(machine: Machine) -> None:
    told, done = signs_of(machine, "own_code:answer", b"x\ny")
    assert told == Message(b"x\ny")
    assert isinstance(done, Done)
    link, target, has_ignored = done.answer.decode().split()
    assert Path(link).is_symlink()
    assert (target, has_ignored) == ("own_code.py", "False")


def test_the_fingerprint_has_the_commit_that_travelled_though_its_repository_did_not(
    machine: Machine, tmp_path: Path
) -> None:
    (done,) = signs_of(machine, ENTRY)
    assert isinstance(done, Done)
    environment = decode_description(done.answer).environment
    assert environment["git.commit"] == git_says(tmp_path / "checkout", "rev-parse", "HEAD")
    assert environment["git.dirty"] is True
    assert environment["process.niceness"] == os.nice(0)
    assert decode_description(done.answer).packages["msgspec"] == metadata.version("msgspec")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("own_code:end", "SystemExit: no more"),
        ("own_code:nothing", "AttributeError: module 'own_code' has no attribute 'nothing'"),
        ("nowhere:f", "ModuleNotFoundError: No module named 'nowhere'"),
    ],
)
def test_whatever_a_piece_raises_is_told(machine: Machine, entry: str, reason: str) -> None:
    assert signs_of(machine, entry) == [Raised(reason)]


def test_a_process_that_is_killed_is_told_with_what_it_printed_last(machine: Machine) -> None:
    (broke,) = signs_of(machine, "own_code:die")
    assert isinstance(broke, Broke)
    assert "was killed (SIGKILL)" in broke.reason
    assert "about to die" in broke.reason


def test_what_a_piece_left_behind_is_ended_with_it(machine: Machine) -> None:
    (done,) = signs_of(machine, "own_code:leave_a_child")
    assert isinstance(done, Done)
    wait_until(lambda: has_gone(int(done.answer)), "what the piece started outlived it")


def test_a_machine_whose_cluster_was_killed_ends_and_its_piece_with_it(travelling: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, WORKER, str(travelling)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout is not None
        worker, piece = map(int, parent.stdout.readline().split())
        parent.kill()
        wait_until(lambda: has_gone(worker), "the machine outlived its cluster")
        wait_until(lambda: has_gone(piece), "the piece outlived its machine")


def test_a_report_that_no_line_can_hold_is_an_error_of_the_piece(machine: Machine) -> None:
    (raised,) = signs_of(machine, "own_code:answer", b"x" * (11 << 20))
    assert isinstance(raised, Raised)
    assert raised.reason.startswith("ValueError: a report of 11,534,336 bytes; at most 10,485,760 fit")


def test_what_a_piece_starts_hears_signals_though_whoever_runs_the_machine_blocks_them(machine: Machine) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        (done,) = signs_of(machine, "own_code:blocked_in_children")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert isinstance(done, Done)
    assert done.answer.strip() == b"set()"


@pytest.mark.parametrize(
    ("request_", "end"),
    [("and is done", Done), ("and fails", Raised), ("and dies", Broke)],
    ids=["done", "fails", "dies"],
)
def test_what_a_piece_and_its_workers_printed_is_told_before_its_end_however_it_ends(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, request_: str, end: type[Sign]
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    log, last = signs_of(machine, "own_code:work", request_.encode(), keeps_log=True)
    assert isinstance(last, end)
    assert isinstance(log, Log)
    text = log.content.decode()
    assert "===== worker (2 of 2) =====\nno such card\n" in text
    if end is not Broke:
        assert f"===== piece (1 of 2) =====\nbegins {request_}\n" in text
    if end is Raised:
        assert 'raise ValueError("it does not work")' in text, "with the traceback"


def test_a_piece_is_told_nothing_of_the_one_before_and_no_log_is_told_where_none_was_asked_for(
    machine: Machine,
) -> None:
    (log, _) = signs_of(machine, "own_code:work", b"first", keeps_log=True)
    assert signs_of(machine, "own_code:work", b"second") == [Done(b"done")]
    (log, _) = signs_of(machine, "own_code:work", b"third", keeps_log=True)
    assert isinstance(log, Log)
    assert b"first" not in log.content
    assert b"second" not in log.content


def test_a_machine_without_room_for_logs_does_its_piece_all_the_same(machine: Machine, tmp_path: Path) -> None:
    (folder,) = tmp_path.glob("speedscore-machine-*")
    (folder / "logs").touch()
    assert signs_of(machine, "own_code:work", keeps_log=True) == [Done(b"done")]
