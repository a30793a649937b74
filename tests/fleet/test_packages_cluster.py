"""Packages on the nodes of a real cluster on this machine: installed, refused, and ended with the driver."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from speedscore.fleet import process_link
from speedscore.fleet.fleet import open_fleet
from speedscore.fleet.packages import Asked
from speedscore.fleet.waiting import Patience
from speedscore.fleet.work import Answered, Piece
from tests.fleet.made_up_packages import MODULE, NAME, make_wheel
from tests.fleet.nodes import Nodes, a_cluster
from tests.places import ROOT
from tests.waiting import LIMIT_SECONDS, wait_until

pytest.importorskip("ray", reason="a fleet needs Ray: pip install 'speedscore[fleet]'")
pytestmark = pytest.mark.skipif(
    "SPEEDSCORE_CLUSTER" not in os.environ,
    reason="starts a Ray cluster of several nodes, for minutes: python -m tox run -e cluster",
)
PATIENCE = Patience(settle_seconds=120)


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    with a_cluster() as nodes:
        yield nodes


def pip_of(folder: Path, **settings: str) -> dict[str, str]:
    """The variables of a node whose pip knows no registry but what the settings say."""
    own = {"PIP_CONFIG_FILE": os.devnull, "XDG_CACHE_HOME": str(folder), "PIP_NO_CACHE_DIR": "1", **settings}
    return {"PYTHONPATH": str(ROOT), **own}


@pytest.mark.parametrize("way", ["from within", "through Ray Client"])
def test_a_node_has_installed_what_it_lacks_and_one_that_cannot_is_left_out(
    nodes: Nodes, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(tmp_path / "wheels", "1.0")
    monkeypatch.setattr(process_link, "asked_of_machines", lambda: Asked({NAME: f"{NAME}==1.0"}, staying=("its-own",)))
    # A shell reads the interpreter's path.
    able = pip_of(tmp_path / "a b", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path / "wheels"))
    nodes.add("able", num_cpus=1, env_vars=able)
    nodes.add("unable", num_cpus=1, env_vars=pip_of(tmp_path / "unable", PIP_NO_INDEX="1"))
    said: list[str] = []
    address = nodes.address if way == "from within" else nodes.client_address
    with open_fleet(address, checkout=ROOT, packages=True, say=said.append, patience=PATIENCE) as fleet:
        (machine,) = fleet.machines
        assert machine.packages[NAME] == "1.0"
        pieces = [Piece(str(number), "tests.fleet.stand_ins:sees", MODULE.encode()) for number in range(2)]
        answers = [json.loads(event.answer) for event in fleet.run(pieces) if isinstance(event, Answered)]
        (refused,) = fleet.refused
    assert [answer["version"] for answer in answers] == ["1.0", "1.0"]
    assert all(answer["python"].startswith(str(tmp_path / "a b")) for answer in answers)
    assert f"is not used: {NAME}==1.0 cannot be installed there: " in refused
    assert f"No matching distribution found for {NAME}==1.0" in refused
    assert said[0] == (
        "1 package that came from files of this machine cannot be installed elsewhere, and each machine uses its own: "
        "its-own"
    )
    assert any(f": has installed {NAME}==1.0, in " in line for line in said)
    assert refused in said
    # Kept for the next time.
    said.clear()
    with open_fleet(address, checkout=ROOT, packages=True, say=said.append, patience=PATIENCE) as fleet:
        assert fleet.machines[0].packages[NAME] == "1.0"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_driver_that_is_killed_or_interrupted_leaves_no_installer(
    nodes: Nodes, number: signal.Signals, tmp_path: Path
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        registry = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        nodes.add("waits", num_cpus=1, env_vars=pip_of(tmp_path, PIP_INDEX_URL=registry, PIP_TIMEOUT="600"))
        script = (
            "from pathlib import Path\n"
            "from speedscore.fleet import process_link\n"
            "from speedscore.fleet.fleet import open_fleet\n"
            "from speedscore.fleet.packages import Asked\n"
            f"process_link.asked_of_machines = lambda: Asked({{{NAME!r}: '{NAME}==1.0'}}, ())\n"
            f"with open_fleet({nodes.address!r}, checkout=Path({str(ROOT)!r}), packages=True):\n"
            "    pass\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", script],
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as driver:
            silent.settimeout(LIMIT_SECONDS)
            asking, _ = silent.accept()
            with asking:
                assert installers(tmp_path)
                driver.send_signal(number)
                wait_until(lambda: not installers(tmp_path), "an installer outlived its driver")
                driver.wait(LIMIT_SECONDS)


def installers(folder: Path) -> list[psutil.Process]:
    """Processes that are told of a place in the folder."""
    return [each for each in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(each.info["cmdline"] or [])]
