"""Which commit brought a regression: ``git bisect run`` with the gate as its judge, in worktrees of its own.

The user's checkout is never touched. A commit that the gate cannot judge (inconclusive, or it does not run) is skipped,
as git bisect does it; every commit is compared with GOOD itself, so that small slowdowns do not hide behind each other.
What the gate of BAD has found is looked for in each commit, also where a gate does not call it a regression: what is
smaller than the size to be found would else be blamed on the first commit that happens to look slower.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from speedscore.gate.checkouts.base_setup import set_up_base
from speedscore.gate.checkouts.worktrees import CheckoutError, commit_of, fill_submodules, working_tree, worktree
from speedscore.gate.deadline import GateDeadline
from speedscore.gate.errors import GateError
from speedscore.gate.reporting.report import GateExit
from speedscore.gate.reporting.report_file import GateReportError, read_report
from speedscore.gate.same_slowdown import beside
from speedscore.host.git import git_complaint, git_says, run_git
from speedscore.host.reaper import mark
from speedscore.host.scratch import make_scratch
from speedscore.host.signals import ENDING, interrupt_on
from speedscore.text.cleaning import one_line, printable, without_colours
from speedscore.verdicts.settings import SettingsError, read_table

_GOOD, _BAD, _SKIP, _GIVE_UP = 0, 1, 125, 128
"""What ``git bisect run`` reads from an exit code. The last ends the search."""
GateCommand = Callable[[Path, Sequence[str], Path], list[str]]
"""From the folder of the base, the arguments for pytest and the file for its report to a command line that ends with a
gate's exit code."""
_REPORT, _OF_BAD = "report.json", "of-bad.json"
"""In the folder of a search: what the latest gate found, and what that of BAD did."""
_MEANINGS: dict[int, int] = {GateExit.PASSED: _GOOD, GateExit.REGRESSED: _BAD}


def gate_command(base: Path, pytest_arguments: Sequence[str], report: Path) -> list[str]:
    """A gate of the folder in which it is run against ``base``."""
    # Not from the folder that is judged: a commit of ours may have another gate, or none.
    command = [sys.executable, "-P", "-m", "pytest", "--benchmark-only", f"--gate={base}"]
    dashes = pytest_arguments.index("--") if "--" in pytest_arguments else len(pytest_arguments)
    options, names = pytest_arguments[:dashes], pytest_arguments[dashes:]
    # Where a commit's slowdown comes from is no question here; whoever wants to know it asks for it behind this.
    return [*command, "--gate-why=no", *options, f"--gate-json={report}", *names]


def bisect(
    good: str, bad: str, *, folder: Path, pytest_arguments: Sequence[str], gate: GateCommand = gate_command
) -> int:
    """Find the first commit after ``good`` that regressed against it. Returns 0 where it was found, 1 where not.

    Raises CheckoutError where one of the two is no commit, ``good`` is no ancestor of ``bad``, or git cannot begin.
    """
    repository = working_tree(folder).root
    first, last = commit_of(good, repository), commit_of(bad, repository)
    if run_git(repository, "merge-base", "--is-ancestor", first, last).returncode != 0:
        raise CheckoutError(f"{good} is no ancestor of {bad}: there is no way from the one to the other to search")
    inside = folder.resolve().relative_to(repository.resolve())
    with worktree(repository, first) as base, worktree(repository, last) as head, _report_folder() as reports:
        if why := _why_not_set_up(base, inside):
            raise CheckoutError(f"{good}: {why}")
        command = gate(base, pytest_arguments, reports / _REPORT)
        verdict = judge(command, checkout=head, inside=inside, reports=reports)
        if verdict == _SKIP:
            print(f"bisect: the gate could not judge {bad} against {good}, and says above why")
            return 1
        if verdict != _BAD:
            print(f"bisect: the gate finds no regression of {bad} against {good} here: there is nothing to search for")
            return 1
        with contextlib.suppress(FileNotFoundError):
            (reports / _REPORT).rename(reports / _OF_BAD)
        return _search(head, first, last, command=command, inside=inside, reports=reports)


@contextlib.contextmanager
def _report_folder() -> Iterator[Path]:
    folder = make_scratch("bisect")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _search(head: Path, first: str, last: str, *, command: Sequence[str], inside: Path, reports: Path) -> int:
    try:
        if why := git_complaint(head, "bisect", "start", last, first):
            raise CheckoutError(f"git bisect start failed: {why}")
        script = (sys.executable, "-P", "-m", "speedscore.gate.bisecting.bisect", str(inside), str(reports), *command)
        code, _ = _run(["git", "bisect", "run", *script], cwd=head)
        print()  # git 2.39 does not end its last line
        found = _named(head, "refs/bisect/bad")
    finally:
        run_git(head, "bisect", "reset", "--quiet")
    if code != 0:
        print("bisect: no single commit was found; git says above what it could not judge")
        return 1
    print(f"bisect: the first commit with a regression is {found}")
    return 0


def judge(command: Sequence[str], *, checkout: Path, inside: Path, reports: Path) -> int:
    """Run the gate in a folder of the checkout, say in a line what it found, and return it as git bisect reads it.

    ``reports`` is where the gate of BAD has left its report, if it has, and this one leaves its own.

    The checkout must be one that may be tidied up: what was made in it must not be in the way of another commit.
    """
    # What a submodule had that this commit has not lies here still.
    _tidy_up(checkout)
    (reports / _REPORT).unlink(missing_ok=True)
    why = _why_not_filled(checkout) or _why_not_set_up(checkout, inside)
    code, printed = (int(GateExit.CANNOT_RUN), why) if why else _run(command, cwd=checkout / inside, quiet=True)
    meaning = _MEANINGS.get(code, _SKIP)
    lines = [line for line in printable(without_colours(printed)).splitlines() if line.strip()]
    shown = lines if meaning == _SKIP else lines[-1:]
    if code in (GateExit.PASSED, GateExit.INCONCLUSIVE):
        meaning, why_so = _by_estimates(reports, meaning)
        shown += why_so
    print("\n".join([f"bisect: {_named(checkout, 'HEAD')}", *shown]), flush=True)
    _tidy_up(checkout)
    return meaning


def _by_estimates(reports: Path, meaning: int) -> tuple[int, list[str]]:
    """What a gate that found no regression means beside that of BAD, and a line for each figure that says so.

    ``meaning`` is what its exit code says, which stands where the figures say nothing.
    """
    found = {}
    for name in (_REPORT, _OF_BAD):
        with contextlib.suppress(FileNotFoundError, GateReportError):
            found[name] = read_report((reports / name).read_bytes(), what=name).verdicts
    if len(found) < 2:
        return meaning, []
    compared = beside(found[_REPORT], found[_OF_BAD])
    if slower := [each for each, is_slow in compared if is_slow]:
        return _BAD, [
            f"counted as slower, being nearer to what the gate of the bad commit found than to nothing: {each.metric} "
            f"of {printable(each.case)}, {each.outcome}"
            for each in slower
        ]
    if meaning == _SKIP and compared and all(is_slow is False for _, is_slow in compared):
        return _GOOD, ["counted as fast: all that the gate of the bad commit found is nearer to nothing here"]
    return meaning, []


def _tidy_up(checkout: Path) -> None:
    run_git(checkout, "reset", "--hard", "--quiet")
    run_git(checkout, "clean", "-ffd", "--quiet")
    run_git(checkout, "submodule", "foreach", "--quiet", "--recursive", "git clean -ffd --quiet")


def judge_as_git_asks(command: Sequence[str], *, checkout: Path, inside: Path, reports: Path) -> int:
    """The same; whatever goes wrong here ends the search, for git would take its exit code for a slow commit."""
    try:
        return judge(command, checkout=checkout, inside=inside, reports=reports)
    except Exception:  # noqa: BLE001 - Python would end with 1, which is a slow commit
        traceback.print_exc()
        return _GIVE_UP


def _named(checkout: Path, commit: str) -> str:
    return one_line(git_says(checkout, "log", "-1", "--format=%h %s", commit))


def _why_not_filled(checkout: Path) -> str:
    """Bring the submodules to what this commit has them at. What went wrong; empty where nothing did."""
    try:
        fill_submodules(checkout)
    except CheckoutError as error:
        return str(error)
    return ""


def _why_not_set_up(checkout: Path, inside: Path) -> str:
    """Make what git does not keep, as the settings of that commit say. What went wrong; empty where nothing did."""
    folder = checkout / inside
    if not folder.is_dir():
        return f"this commit has no folder {inside}, in which the search was started"
    try:
        if command := read_table(folder).base_setup:
            set_up_base(command, folder=folder, python=sys.executable, deadline=GateDeadline())
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
    _, of_folder, of_reports, *gate_arguments = sys.argv
    sys.exit(judge_as_git_asks(gate_arguments, checkout=Path.cwd(), inside=Path(of_folder), reports=Path(of_reports)))
