"""A real gate that is ended early, by a signal or by its time budget: it says what it knows and what it does not, and
leaves no process, no worktree and no temporary file behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from speedscore.host.processors import usable_processors
from tests.gate.sample_repository import AT_A_GLANCE, QUICK, Begun, Ran, Repository, replaced, sample
from tests.waiting import LIMIT_SECONDS


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One case that the first look decides, and one that no look does."""
    made = Repository(tmp_path / "repository")
    made.commit({"test_two.py": sample("undecided_benchmarks.py")})
    made.write({"test_two.py": sample("undecided_benchmarks.py", on_head=True)})
    return made


def begin(repository: Repository, *, pairs: int, **variables: str) -> Begun:
    """A gate that is in a round of the second case, so many pairs after its pilot."""
    begun = repository.begin("--gate", "HEAD", **variables)
    begun.await_file("round-head", count=1 + pairs)
    return begun


def test_in_a_round_the_verdicts_so_far_are_told_and_the_rest_is_inconclusive(repository: Repository) -> None:
    begun = begin(repository, pairs=1)
    begun.await_sides(2)
    ran = begun.end(signal.SIGINT)
    assert (ran.code, ran.report["exit_code"], ran.report["cut_off"]) == (11, 11, "interrupted")
    assert ran.outcomes("queries") == {"test_decided": "unchanged"}
    assert ran.verdicts()["test_undecided"]["reason"].startswith("interrupted")
    assert "ended early: interrupted" in ran.said
    assert ran.lines[-1].startswith("gate inconclusive: time of ")
    assert ran.markdown.splitlines()[1].startswith("### speedscore gate: inconclusive: time of ")


def test_in_the_pilot_only_what_needs_no_clock_is_known(repository: Repository) -> None:
    ran = begin(repository, pairs=0).end(signal.SIGTERM)
    assert (ran.code, ran.report["pairs"]) == (11, 0)
    assert ran.outcomes() == {"test_decided": "inconclusive", "test_undecided": "inconclusive"}
    assert ran.verdicts()["test_undecided"]["reason"] == "interrupted before the first pair"
    assert ran.outcomes("queries") == {"test_decided": "unchanged"}


def test_what_a_test_has_started_ends_with_the_gate(repository: Repository) -> None:
    repository.commit({"test_others.py": sample("starting_benchmarks.py")})
    begun = repository.begin("--gate=HEAD", "-k", "others")
    begun.await_file("others", count=2)
    assert len(begun.sides) >= 2 + 2 * 2
    assert begun.end(signal.SIGTERM).code == 11


@pytest.fixture
def _all_processors() -> Iterator[None]:
    """Of a worker of pytest-xdist, too, which else keeps to one."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    yield
    os.sched_setaffinity(0, ours)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="which processors are used is told on Linux alone")
@pytest.mark.usefixtures("_all_processors")
def test_pairs_that_run_at_the_same_time_end_together_and_blame_nobody(repository: Repository) -> None:
    if len(usable_processors()) < 2:
        pytest.skip("two pairs at once need two processors: run it where two are")
    # So long that to start more processes is worth it on any machine; the rounds of these tests end by themselves.
    settings = replaced(QUICK, "pair_seconds = 0.01", "pair_seconds = 60")
    repository.commit({"test_hanging.py": sample("hanging_benchmarks.py"), "pyproject.toml": settings})
    begun = repository.begin("--gate=HEAD", "-k", "many")
    begun.await_file("hanging-0")
    begun.await_file("hanging-4")
    begun.await_sides(2 * 2)
    ran = begun.end(signal.SIGINT)
    assert (ran.code, ran.report["cut_off"]) == (11, "interrupted")
    assert {*ran.outcomes().values()} == {"inconclusive"}


def test_in_the_collection_nothing_is_known_and_nothing_passes(repository: Repository) -> None:
    repository.write({"test_waits.py": WAITS})
    begun = repository.begin("--gate", "HEAD")
    begun.await_file("collecting")
    ran = begun.end(signal.SIGTERM)
    assert (ran.code, ran.report["cut_off"], ran.report["verdicts"]) == (11, "interrupted", [])
    assert ran.report["headline"] == "nothing was compared: interrupted"


WAITS = """
import os
import tempfile
import time
from pathlib import Path

Path(tempfile.gettempdir(), f"collecting-{os.getpid()}").touch()
time.sleep(600)
"""


def test_while_base_is_checked_out_the_gate_cannot_run_and_says_why(repository: Repository) -> None:
    hook = repository.folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(WAITING_HOOK)
    hook.chmod(0o755)
    begun = repository.begin("--gate", "HEAD")
    begun.await_file("hook")
    begun.send(signal.SIGTERM)
    (repository.scratch / "go").touch()
    ran = begun.ended()
    assert (ran.code, ran.report["headline"]) == (13, "cannot run: interrupted before it began")


WAITING_HOOK = """#!/bin/sh
touch "$TMPDIR/hook-$$"
until [ -e "$TMPDIR/go" ]; do sleep 0.05; done
"""


SLOW_GIT = """#!/bin/sh
case "$*" in "worktree remove"*) touch "$TMPDIR/removing-$$"; sleep 1;; esac
exec {git} "$@"
"""


def test_a_second_signal_does_not_cut_the_tidying_short(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin" / "git"
    slow.write_text(SLOW_GIT.format(git=shutil.which("git")))
    slow.chmod(0o755)
    begun = begin(repository, pairs=0, PATH=f"{slow.parent}:/usr/bin:/bin")
    begun.send(signal.SIGTERM)
    begun.await_file("removing")
    ran = begun.end(signal.SIGINT)
    assert (ran.code, ran.report["cut_off"]) == (11, "interrupted")


def test_a_gate_that_is_killed_leaves_no_process_and_does_not_disturb_the_next(repository: Repository) -> None:
    begun = begin(repository, pairs=0)
    begun.await_sides(2)
    begun.end(signal.SIGKILL)
    assert list(repository.scratch.glob("speedscore-*")), "what is killed cannot tidy up"
    repository.write({"pyproject.toml": AT_A_GLANCE})
    assert repository.run("--gate=HEAD", "-k", "test_decided").outcomes("queries") == {"test_decided": "unchanged"}
    assert not list(repository.scratch.glob("speedscore-*")), "the next one does"


def run_out_of_time(repository: Repository, *, has_come_far: Callable[[Ran], bool]) -> Ran:
    """A gate whose time budget is spent: a longer one where in the first a busy machine did not come far enough."""
    for budget_seconds in (12, 60):
        ran = repository.run("--gate=HEAD", "-k", "undecided", f"--gate-time-budget={budget_seconds}s")
        if has_come_far(ran):
            break
    return ran


@pytest.mark.parametrize(
    ("test", "where"),
    [
        ("time.sleep(600)", "head, which collects"),
        ("def test_undecided(benchmark):\n    benchmark(time.sleep, 600)", "head in test_two.py::test_undecided"),
    ],
    ids=["import", "round"],
)
def test_a_time_budget_holds_whatever_a_test_does(repository: Repository, test: str, where: str) -> None:
    repository.write({"test_two.py": f"import time\n\n{test}\n"})
    words = re.compile(f"the time budget was spent: [0-9]+ s without an answer of {where}")
    ran = run_out_of_time(repository, has_come_far=lambda ran: words.fullmatch(ran.report["cut_off"]) is not None)
    assert ran.code == 11
    assert words.fullmatch(ran.report["cut_off"]), ran.report["cut_off"]
    assert all("without an answer" not in verdict["reason"] for verdict in ran.report["verdicts"]), "told once"
    assert ran.report["seconds"] < LIMIT_SECONDS / 2


def test_a_terminal_that_is_closed_ends_it_as_a_signal_does(repository: Repository) -> None:
    ran = begin(repository, pairs=0).end(signal.SIGHUP)
    assert (ran.code, ran.report["cut_off"]) == (11, "interrupted")


def test_a_time_budget_ends_it_with_the_verdicts_so_far(repository: Repository) -> None:
    # With a miss of 49 % twelve pairs would decide, which a fast machine reaches within the budget.
    patient = replaced(QUICK, 'miss = "49%"', 'miss = "1%"')
    repository.write({"pyproject.toml": f"{patient}seconds = 600\n"})
    ran = run_out_of_time(repository, has_come_far=lambda ran: bool(ran.outcomes()))
    assert ran.code == 11
    # How long it waited for the last answer is added where that was long.
    assert ran.report["cut_off"].startswith("the time budget was spent")
    assert ran.outcomes() == {"test_undecided": "inconclusive"}
    assert "ended early: the time budget was spent" in ran.said
