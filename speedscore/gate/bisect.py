"""Which commit made a case slower: ``git bisect run`` with the gate as its judge, in worktrees of its own.

The user's checkout is never touched. A commit that the gate cannot judge (inconclusive, or it does not run) is skipped,
as git bisect does it; every commit is compared with GOOD itself, so that small slowdowns do not hide behind each other.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from speedscore.gate.base_setup import set_up_base
from speedscore.gate.errors import GateError
from speedscore.gate.report import GateExit
from speedscore.gate.worktrees import CheckoutError, commit_of, working_tree, worktree
from speedscore.host.git import git_says, run_git
from speedscore.host.reaper import mark
from speedscore.host.signals import ENDING, interrupt_on
from speedscore.verdicts.settings import SettingsError, read_table

_GOOD, _BAD, _SKIP = 0, 1, 125
"""What ``git bisect run`` reads from an exit code."""
GateCommand = Callable[[Path, Sequence[str]], list[str]]
"""From the folder of the base and the arguments for pytest to a command line that ends with a gate's exit code."""
_MEANINGS: dict[int, int] = {GateExit.PASSED: _GOOD, GateExit.REGRESSED: _BAD}


def gate_command(base: Path, pytest_arguments: Sequence[str]) -> list[str]:
    """A gate of the folder in which it is run against ``base``."""
    # Not from the folder that is judged: a commit of ours may have another gate, or none.
    return [sys.executable, "-P", "-m", "pytest", "--benchmark-only", "--gate", str(base), *pytest_arguments]


def bisect(
    good: str, bad: str, *, folder: Path, pytest_arguments: Sequence[str], gate: GateCommand = gate_command
) -> int:
    """Find the first commit after ``good`` that is slower than it. Returns 0 where it was found, 1 where not.

    Raises CheckoutError where one of the two is no commit, or ``good`` is no ancestor of ``bad``.
    """
    repository = working_tree(folder).root
    first, last = commit_of(good, repository), commit_of(bad, repository)
    if run_git(repository, "merge-base", "--is-ancestor", first, last).returncode != 0:
        raise CheckoutError(f"{good} is no ancestor of {bad}: there is no way from the one to the other to search")
    inside = folder.resolve().relative_to(repository.resolve())
    with worktree(repository, first) as base, worktree(repository, last) as head:
        if why := _why_not_set_up(base / inside):
            raise CheckoutError(f"{good}: {why}")
        command = gate(base, pytest_arguments)
        verdict = judge(command, cwd=head / inside)
        if verdict == _SKIP:
            print(f"bisect: the gate could not judge {bad} against {good}, and says above why")
            return 1
        if verdict != _BAD:
            print(f"bisect: the gate does not call {bad} slower than {good} here, so there is nothing to search for")
            return 1
        return _search(head, first, last, command=command, inside=inside)


def _search(head: Path, first: str, last: str, *, command: Sequence[str], inside: Path) -> int:
    try:
        run_git(head, "bisect", "start", last, first)
        script = (sys.executable, "-P", "-m", "speedscore.gate.bisect", str(inside), *command)
        code, _ = _run(["git", "bisect", "run", *script], cwd=head)
        first_slower = git_says(head, "log", "-1", "--format=%h %s", "refs/bisect/bad")
    finally:
        run_git(head, "bisect", "reset", "--quiet")
    if code != 0:
        print("bisect: no single commit was found; git says above what it could not judge")
        return 1
    print(f"bisect: the first commit that is slower is {first_slower}")
    return 0


def judge(command: Sequence[str], *, cwd: Path) -> int:
    """Run the gate, say in a line what it found, and return it as git bisect reads it."""
    why = _why_not_set_up(cwd)
    code, printed = (int(GateExit.CANNOT_RUN), why) if why else _run(command, cwd=cwd, quiet=True)
    meaning = _MEANINGS.get(code, _SKIP)
    lines = [line for line in printed.splitlines() if line.strip()]
    shown = lines if meaning == _SKIP else lines[-1:]
    print("\n".join([f"bisect: {git_says(cwd, 'log', '-1', '--format=%h %s')}", *shown]), flush=True)
    return meaning


def _why_not_set_up(folder: Path) -> str:
    """Make what git does not keep, as the settings of that commit say. What went wrong; empty where nothing did."""
    try:
        if command := read_table(folder).base_setup:
            set_up_base(command, folder=folder, python=sys.executable, most_seconds=None)
    except (GateError, SettingsError) as error:
        return str(error)
    return ""


def _run(command: Sequence[str], *, cwd: Path, quiet: bool = False) -> tuple[int, str]:
    """Exit code, and what was printed where ``quiet`` keeps it from the user.

    Ctrl-C ends all that was started, and waits: a gate must not be at work in a worktree that is being removed.
    """
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        process_group=0,
        env={**os.environ, **mark()},
    ) as process:
        try:
            printed, _ = process.communicate()
        except KeyboardInterrupt:
            with contextlib.suppress(ProcessLookupError):
                # SIGTERM once, which a gate answers by ending its sides; then until the group is empty.
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
                while True:
                    os.killpg(process.pid, 0)
                    time.sleep(0.05)
            raise
    return process.returncode, printed or ""


if __name__ == "__main__":
    # What git bisect runs must end its gate when it is ended itself.
    interrupt_on(*ENDING)
    sys.exit(judge(sys.argv[2:], cwd=Path.cwd() / sys.argv[1]))
