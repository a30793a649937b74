"""A gate over two nodes on this machine, each of which gates a share: what stands where it is ended or a node dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fleet.nodes import Nodes
from tests.gate.sample_repository import ENVIRONMENT, QUICK, Repository
from tests.places import ROOT
from tests.waiting import wait_until

pytest.importorskip("ray", reason="a fleet needs Ray: pip install 'speedscore[fleet]'")
pytestmark = pytest.mark.skipif(
    "SPEEDSCORE_CLUSTER" not in os.environ,
    reason="starts a Ray cluster of several nodes, for minutes: python -m tox run -e cluster",
)
LIMIT_SECONDS = 600.0
CASES = """
import os
import random
from pathlib import Path

from made_up_clock import counted, work

Path({pids!r}, str(os.getpid())).touch()
SIDE = "base" if "base" in Path(__file__).parts else "head"
TURNS = Path({turns!r}, SIDE)


@counted
def test_decided(benchmark):
    benchmark(work, 100)


@counted
def test_undecided(benchmark):
    # Slower in one pair, faster in the next, each time by as much as chance has it: no number of pairs decides.
    turn = len(list(TURNS.iterdir()))
    Path(TURNS, str(turn)).touch()
    own = random.SystemRandom().randint(*((130, 400) if turn % 2 else (25, 77)))
    benchmark(work, 100 if SIDE == "base" else own)
"""


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    nodes = Nodes()
    try:
        for name in ("one", "two"):
            nodes.add(name, num_cpus=1)
        yield nodes
    finally:
        nodes.close()


class SharedGate:
    """One that runs, of a case that the first look decides and one that no look does."""

    def __init__(self, folder: Path, *options: str) -> None:
        repository = Repository(folder / "repository", settings=f"{QUICK}seconds = 600\n")
        self._pids = folder / "pids"
        self._pids.mkdir()
        turns = folder / "turns"
        for side in ("base", "head"):
            (turns / side).mkdir(parents=True)
        repository.commit({"test_two.py": CASES.format(pids=str(self._pids), turns=str(turns))})
        self._said, self._report = folder / "said.txt", folder / "gate.json"
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "pytest", "--benchmark-only", "--gate=HEAD", f"--gate-json={self._report}"),
                    *options,
                ],
                cwd=repository.folder,
                env=os.environ | ENVIRONMENT | {"PYTHONPATH": str(ROOT)},
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self._said.read_text()

    def await_said(self, text: str, *, times: int = 1) -> None:
        wait_until(lambda: self.said().count(text) >= times or self.process.poll() is not None, text)
        assert self.said().count(text) >= times, self.said()

    def ended(self) -> dict[str, Any]:
        """The report, once no process of a test is left."""
        self.process.wait(LIMIT_SECONDS)
        pids = [int(path.name) for path in self._pids.iterdir()]
        wait_until(lambda: not any(map(psutil.pid_exists, pids)), "the end of all sides")
        report: dict[str, Any] = json.loads(self._report.read_text())
        assert report["exit_code"] == self.process.returncode
        return report


def test_ctrl_c_leaves_what_the_shares_have_decided_and_no_process(nodes: Nodes, tmp_path: Path) -> None:
    gate = SharedGate(tmp_path, f"--gate-fleet={nodes.address}")
    gate.await_said("1 of 1 cases decided")
    gate.process.send_signal(signal.SIGTERM)
    report = gate.ended()
    assert (report["exit_code"], report["cut_off"]) == (11, "interrupted")
    decided, undecided = (each for each in report["verdicts"] if each["metric"] == "time")
    assert (decided["case"], decided["outcome"]) == ("test_two.py::test_decided", "unchanged")
    assert (undecided["case"], undecided["outcome"]) == ("test_two.py::test_undecided", "inconclusive")
    assert undecided["reason"].startswith("interrupted")
    assert undecided["machine"] != decided["machine"]


def test_a_share_whose_node_dies_is_gated_anew_within_what_is_left_of_the_time(nodes: Nodes, tmp_path: Path) -> None:
    gate = SharedGate(tmp_path, f"--gate-fleet={nodes.address}", "--gate-time-budget=30s")
    gate.await_said(": pair 1 of processes", times=2)
    nodes.kill("two")
    report = gate.ended()
    # Whichever share that was: one of the two goes on until the time is spent, before its last look on a quick machine.
    assert report["exit_code"] == 11
    assert report["cut_off"].startswith("the time budget was spent")
    outcomes = {each["case"]: each["outcome"] for each in report["verdicts"] if each["metric"] == "time"}
    assert set(outcomes) == {"test_two.py::test_decided", "test_two.py::test_undecided"}
    assert "is lost" in gate.said()
