"""Installers and the like, run to their end: what they find, and that nothing of them is left, however they end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.interpreters import Environment, environment_of
from speedscore.gate.environments.made_environments import Runner, make_environment
from speedscore.gate.errors import GateError
from speedscore.host import programs
from speedscore.host.programs import ProgramFailedError, ProgramTooSlowError, run_program
from tests.waiting import has_gone, wait_until

BEGINS_ANOTHER = 'sleep 600 & echo $! > "$OUT/new"; mv "$OUT/new" "$OUT/pid"; '


def run(script: str, folder: Path, *, most_seconds: float | None = None) -> str:
    variables = {"OUT": str(folder)}
    command = ["sh", "-c", script]
    return run_program(command, python=sys.executable, variables=variables, most_seconds=most_seconds)


def assert_is_gone(folder: Path) -> None:
    pid = int((folder / "pid").read_text())
    wait_until(lambda: has_gone(pid), "what was begun goes on")


def test_it_finds_what_lies_beside_the_interpreter_and_nothing_of_the_import_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said = run('command -v python; echo "path: $PYTHONPATH"', tmp_path)
    assert said.splitlines() == [str(Path(sys.executable).with_name("python")), "path: "]


def test_what_it_leaves_running_ends_with_it(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailedError) as error:
        run(f"{BEGINS_ANOTHER}for n in $(seq 30); do echo $n; done; exit 3", tmp_path)
    assert error.value.code == 3
    assert error.value.last_lines == "".join(f"\n  | {number}" for number in range(11, 31))
    assert_is_gone(tmp_path)


def test_where_its_time_is_spent_it_ends(tmp_path: Path) -> None:
    with pytest.raises(ProgramTooSlowError):
        run(f"{BEGINS_ANOTHER}sleep 600", tmp_path, most_seconds=3.0)
    assert_is_gone(tmp_path)


def test_ctrl_c_lets_it_tidy_up_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_TIDY_SECONDS", 60.0)

    def interrupt() -> None:
        wait_until((tmp_path / "pid").exists, "the program has not begun")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(f"trap 'touch \"$OUT/tidied\"; exit' INT; {BEGINS_ANOTHER}while :; do sleep 0.05; done", tmp_path)
    thread.join()
    assert (tmp_path / "tidied").exists()
    assert_is_gone(tmp_path)


def test_what_is_no_interpreter_and_a_folder_that_cannot_be_written_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"^expected a Python interpreter, found true"):
        environment_of("true")
    (tmp_path / "file").touch()
    environment = Environment(sys.executable, "/env", platform="3", site_folders=(), packages={})
    run = Runner("--gate-upgrade", "installing", environment, GateDeadline())
    with pytest.raises(GateError, match="name a folder for them in XDG_CACHE_HOME"):
        make_environment(tmp_path / "file" / "kept", environment, install=None, run=run)


@pytest.mark.parametrize(
    ("script", "why"),
    [("exit 3", "exit code 3"), ("echo first >&2; echo no encodings >&2; exit 1", "no encodings")],
    ids=["silent", "loud"],
)
def test_whoever_named_an_interpreter_that_fails_is_told_so_in_its_words(tmp_path: Path, script: str, why: str) -> None:
    broken = tmp_path / "python"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    with pytest.raises(GateError) as error:
        environment_of(str(broken), named_by="--gate-upgrade")
    assert str(error.value) == f"--gate-upgrade: {broken} cannot tell what is installed for it ({why})"


def test_what_fails_is_told_without_a_password(tmp_path: Path) -> None:
    environment = Environment(sys.executable, "/env", platform="3", site_folders=(), packages={})
    run = Runner("--gate-upgrade", "resolving https://me:secret@host", environment, GateDeadline())
    for command in (["sh", "-c", "echo from http://TOKEN@host; exit 1"], [str(tmp_path / "no-such-program")]):
        with pytest.raises(GateError, match=r"^--gate-upgrade: resolving https://host failed") as error:
            run(command)
        assert "TOKEN" not in str(error.value)


def test_an_interpreter_is_asked_for_its_packages_whatever_it_prints_as_it_starts(tmp_path: Path) -> None:
    loud = tmp_path / "python"
    loud.write_text(f'#!/bin/sh\necho "welcome {{"\nexec {sys.executable} "$@"\n')
    loud.chmod(0o755)
    assert "pytest" in environment_of(str(loud)).packages
