"""A side that waits for what the other holds is named with its fixture, long before it counts as hung."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from speedscore.gate.sides import side_process
from speedscore.gate.sides.side import SideSpec, SideWaitsError
from speedscore.gate.sides.side_process import SideProcess
from speedscore.host.piped import ProcessLostError

SIDE = """#!{python}
import os, time

writes = int(os.environ["SPEEDSCORE_PIPES"].split(",")[1])
told = '{{"event": "fixture", "name": "store", "fixture": "lib::store"}}\\n'
os.write(writes, (os.environ["SPEEDSCORE_GATE_SIGNATURE"] + told).encode())
{does}
"""


def side(folder: Path, does: str) -> SideProcess:
    """One that is making its fixture ``store``, and then does so."""
    program = folder / "side"
    program.write_text(SIDE.format(python=sys.executable, does=does))
    program.chmod(0o755)
    here = SideSpec(label="head", description="it", root=folder, project=folder, folder=folder, python=str(program))
    return SideProcess(here, other=here, hash_seed=1, most_seconds=None)


def test_one_that_does_nothing_is_lost_with_the_fixture_it_waits_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_process, "IDLE_SECONDS", 2.0)
    monkeypatch.setattr(side_process, "_IDLE_LOOK_SECONDS", 0.25)
    waiting = side(tmp_path, "time.sleep(600)")
    try:
        with pytest.raises(SideWaitsError) as lost:
            waiting.ready()
    finally:
        waiting.close()
    assert "in its fixture 'store' without using a processor, while the other side ran beside it" in str(lost.value)
    assert lost.value.fixture == "lib::store"


def test_one_that_works_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_process, "IDLE_SECONDS", 2.0)
    monkeypatch.setattr(side_process, "_IDLE_LOOK_SECONDS", 0.25)
    working = side(tmp_path, "while time.process_time() < 3.0: pass\nraise SystemExit(7)")
    try:
        with pytest.raises(ProcessLostError, match="ended with exit code 7"):
            working.ready()
    finally:
        working.close()
