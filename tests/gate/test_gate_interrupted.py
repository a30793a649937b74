"""A gate that is ended early, by a signal or by its time budget: it says what it knows, what it does not, and leaves
no process, no worktree and no temporary file behind."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from speedscore.verdicts.verdict import VerdictPolicy, first_look
from tests.gate.sample_repository import AT_A_GLANCE, QUICK, Begun, Repository

FIRST_LOOK = first_look(VerdictPolicy(false_alarm=0.49, miss=0.49), metrics=4)
"""Of two cases, each with time and memory, under QUICK."""
BY_SIGNAL = [signal.SIGINT, signal.SIGTERM]

BENCHMARKS = """
import os
import tempfile
import time
from pathlib import Path

from made_up_clock import counted, work

ON_HEAD = False
SCRATCH = Path(tempfile.gettempdir())


@counted
def test_decided(benchmark):
    benchmark.extra_info["speedscore_counts"] = {"queries": 7}
    benchmark(work, 100)


@counted
def test_undecided(benchmark):
    # Slower in one pair, faster in the next: no number of pairs decides.
    pairs = len(list(SCRATCH.glob("round-head-*")))
    units = (50, 200)[pairs % 2] if ON_HEAD else 100

    def work_and_tell():
        work(units)
        (SCRATCH / f"round-{'head' if ON_HEAD else 'base'}-{os.getpid()}").touch()
        time.sleep(0.02)

    benchmark.pedantic(work_and_tell, rounds=4)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One case that the first look decides, and one that no look does."""
    made = Repository(tmp_path / "repository")
    made.commit({"test_two.py": BENCHMARKS})
    made.write({"test_two.py": BENCHMARKS.replace("ON_HEAD = False", "ON_HEAD = True")})
    return made


def begin(repository: Repository, *, pairs: int, **variables: str) -> Begun:
    """A gate that is in a round of the second case, so many pairs after its pilot."""
    begun = repository.begin("--gate", "HEAD", **variables)
    begun.await_file("round-head", count=1 + pairs)
    return begun


def test_in_a_round_the_verdicts_so_far_are_told_and_the_rest_is_inconclusive(repository: Repository) -> None:
    begun = begin(repository, pairs=FIRST_LOOK + 1)
    assert len(begun.sides) == 2
    ran = begun.end(signal.SIGINT)
    assert (ran.code, ran.report["exit_code"], ran.report["cut_off"]) == (11, 11, "interrupted")
    assert ran.outcomes() == {"test_decided": "unchanged", "test_undecided": "inconclusive"}
    assert ran.verdicts()["test_undecided"]["reason"].startswith("interrupted")
    assert ran.verdicts()["test_undecided"]["pairs"] >= FIRST_LOOK
    assert "ended early: interrupted" in ran.said
    assert ran.lines[-1].startswith("gate inconclusive: time of 1 case")
    assert ran.markdown.startswith("### speedscore gate: inconclusive: time of 1 case")


def test_in_the_pilot_only_what_needs_no_clock_is_known(repository: Repository) -> None:
    ran = begin(repository, pairs=0).end(signal.SIGTERM)
    assert (ran.code, ran.report["pairs"]) == (11, 0)
    assert ran.outcomes() == {"test_decided": "inconclusive", "test_undecided": "inconclusive"}
    assert ran.verdicts()["test_undecided"]["reason"] == "interrupted before the first pair"
    assert ran.outcomes("queries") == {"test_decided": "unchanged"}


STARTS_OTHERS = """
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from made_up_clock import counted, work


@counted
def test_others(benchmark):
    for apart in (False, True):
        subprocess.Popen(["sleep", "600"], start_new_session=apart)
    Path(tempfile.gettempdir(), f"others-{os.getpid()}").touch()
    benchmark.pedantic(subprocess.run, args=(["sleep", "600"],))
"""


def test_what_a_test_has_started_ends_with_the_gate(repository: Repository) -> None:
    repository.commit({"test_others.py": STARTS_OTHERS})
    begun = repository.begin("--gate=HEAD", "-k", "others")
    begun.await_file("others", count=2)
    assert len(begun.sides) >= 2 + 2 * 2
    assert begun.end(signal.SIGTERM).code == 11


def test_what_was_cut_off_does_not_pass_where_inconclusive_does(repository: Repository) -> None:
    begun = repository.begin("--gate=HEAD", "--gate-inconclusive=pass")
    begun.await_file("round-head")
    assert begun.end(signal.SIGINT).code == 11


@pytest.mark.parametrize("number", BY_SIGNAL)
def test_in_the_collection_nothing_is_known_and_nothing_passes(repository: Repository, number: signal.Signals) -> None:
    repository.write({"test_waits.py": WAITS})
    begun = repository.begin("--gate", "HEAD")
    begun.await_file("collecting")
    ran = begun.end(number)
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
    hook.write_text('#!/bin/sh\ntouch "$TMPDIR/hook-$$"\nexec sleep 1\n')
    hook.chmod(0o755)
    begun = repository.begin("--gate", "HEAD")
    begun.await_file("hook")
    ran = begun.end(signal.SIGTERM)
    assert (ran.code, ran.report["headline"]) == (13, "cannot run: interrupted before it began")


SLOW_GIT = """#!/bin/sh
case "$*" in "worktree prune") touch "$TMPDIR/pruning-$$"; sleep 1;; esac
exec {git} "$@"
"""


@pytest.mark.parametrize(("first", "second"), [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT)])
def test_a_second_signal_does_not_cut_the_tidying_short(
    repository: Repository, tmp_path: Path, first: signal.Signals, second: signal.Signals
) -> None:
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin" / "git"
    slow.write_text(SLOW_GIT.format(git=shutil.which("git")))
    slow.chmod(0o755)
    begun = begin(repository, pairs=0, PATH=f"{slow.parent}:/usr/bin:/bin")
    begun.send(first)
    begun.await_file("pruning", count=2)  # before the worktree was made, and now
    ran = begun.end(second)
    assert (ran.code, ran.report["cut_off"]) == (11, "interrupted")


def test_a_gate_that_is_killed_leaves_no_process_and_does_not_disturb_the_next(repository: Repository) -> None:
    begun = begin(repository, pairs=0)
    assert len(begun.sides) == 2
    begun.end(signal.SIGKILL)
    for left in repository.scratch.iterdir():
        # As whoever owns the machine tidies its folder for temporary files: not we.
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    repository.write({"pyproject.toml": AT_A_GLANCE})
    assert repository.run("--gate=HEAD", "-k", "test_decided").outcomes("queries") == {"test_decided": "unchanged"}


def test_a_time_budget_ends_it_with_the_verdicts_so_far(repository: Repository) -> None:
    repository.write({"pyproject.toml": f"{QUICK}seconds = 600\n"})
    ran = repository.run("--gate=HEAD", "-k", "undecided", "--gate-time-budget=2s")
    assert (ran.code, ran.report["cut_off"]) == (11, "the time budget was spent")
    assert ran.outcomes() == {"test_undecided": "inconclusive"}
    assert "ended early: the time budget was spent" in ran.said


@pytest.mark.parametrize(("budget", "said"), [("soon", "expected a duration such as 90s"), ("0", "expected some time")])
def test_a_time_budget_that_is_none_is_refused(repository: Repository, budget: str, said: str) -> None:
    ran = repository.run("--gate=HEAD", f"--gate-time-budget={budget}")
    assert ran.code == 13
    assert f"gate cannot run: --gate-time-budget: {said}" in ran.said


MANY = """
import os
import tempfile
import time
from pathlib import Path

import pytest
from made_up_clock import counted, work


@counted
@pytest.mark.parametrize("number", range(60))
def test_slow(benchmark, number):
    Path(tempfile.gettempdir(), f"came-to-{os.getpid()}-{number}").touch()
    time.sleep(0.5)
    benchmark.pedantic(work, args=(100,), rounds=2)
"""


def test_a_time_budget_that_the_pilot_would_spend_ends_it_there(repository: Repository) -> None:
    repository.commit({"test_many.py": MANY})
    ran = repository.run("--gate=HEAD", "-k", "slow", "--gate-time-budget=2s")
    assert (ran.code, ran.report["cut_off"], ran.report["pairs"]) == (11, "the time budget was spent", 0)
    assert len(ran.outcomes()) == 60
    assert set(ran.outcomes().values()) == {"inconclusive"}
    assert 0 < len(list(repository.scratch.glob("came-to-*"))) < 2 * 60
