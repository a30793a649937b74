"""A fleet over three hosts of their own, ordered from a fourth: a cable that is pulled costs the piece at its end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

from tests.fleet.hosts import missing, some_hosts
from tests.places import ROOT

pytest.importorskip("ray", reason="a fleet needs Ray: pip install 'speedscore[fleet]'")
pytestmark = [
    pytest.mark.skipif(
        "SPEEDSCORE_CLUSTER" not in os.environ,
        reason="starts a Ray cluster of several hosts, for minutes: python -m tox run -e cluster",
    ),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]
RAY = str(Path(sys.executable).with_name("ray"))
DRIVER = """
import json
import sys
from pathlib import Path
from speedscore.fleet.fleet import open_fleet
from speedscore.fleet.work import Piece
with open_fleet(sys.argv[1], checkout=Path(sys.argv[2]), machines=3) as fleet:
    for event in fleet.run([Piece(name, "tests.fleet.stand_ins:pause", b"15") for name in "abcd"]):
        print(json.dumps([type(event).__name__, event.piece, event.machine]), flush=True)
"""


def test_a_machine_whose_cable_is_pulled_costs_the_piece_that_it_had() -> None:
    with some_hosts() as hosts:
        head = hosts.add("one")
        starts = {"one": f"--node-ip-address={head} --head --port=6379 --include-dashboard=false"}
        for name in ("two", "three"):
            starts[name] = f"--node-ip-address={hosts.add(name)} --address={head}:6379"
        hosts.add("desk")
        for name, options in starts.items():
            ray = hosts.start(name, RAY, "start", *options.split(), "--num-cpus=1", f"--object-store-memory={90 << 20}")
            said, _ = ray.communicate()
            assert ray.returncode == 0, said
        with hosts.start("desk", sys.executable, "-c", DRIVER, f"ray://{head}:10001", str(ROOT)) as driver:
            assert driver.stdout is not None
            events: list[tuple[str, str, str]] = []
            is_pulled = False
            for line in driver.stdout:
                events.append(msgspec.json.decode(line, type=tuple[str, str, str]))
                if {machine for kind, _, machine in events if kind == "Began"} == set(starts) and not is_pulled:
                    is_pulled = True
                    hosts.pull_cable("two")
        assert driver.returncode == 0
    (lost,) = [piece for kind, piece, machine in events if (kind, machine) == ("Lost", "two")]
    answered = [(piece, machine) for kind, piece, machine in events if kind == "Answered"]
    assert sorted(piece for piece, _ in answered) == ["a", "b", "c", "d"]
    assert "two" not in {machine for _, machine in answered}
    assert [piece for kind, piece, _ in events if kind == "Began"].count(lost) == 2
