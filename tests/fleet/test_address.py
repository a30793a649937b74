"""The address of a cluster: what is none, or where nothing listens, is refused with what to give instead."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from speedscore.fleet.address import require_listener
from speedscore.fleet.process_link import ProcessLink
from speedscore.fleet.wire import Joined, encode
from speedscore.fleet.work import FleetError
from speedscore.host.piped import PipedProcess
from speedscore.host.variables import PIPES


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    """Where nobody else can listen, and nobody does until a test says so."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.mark.parametrize(
    "address",
    [
        "",
        "head",
        "ray://head",
        "ray:/head:10001",
        "http://head:8265",
        "head:port",
        "head:70000",
        "head:0",
        "a b:1",
        "head..lan:6379",
        "Auto",
    ],
)
def test_what_is_no_address_is_refused_with_those_that_are(address: str) -> None:
    with pytest.raises(
        FleetError, match=r"^no address of a cluster: give local, auto, HEAD:6379 .* or ray://HEAD:10001 "
    ):
        require_listener(address, within_seconds=0)


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_where_nothing_listens_there_is_no_cluster(bound: socket.socket, scheme: str) -> None:
    with pytest.raises(
        FleetError, match=r"^nothing listens there \(.*refused.*\): is the cluster up .* ray://HEAD:10001"
    ):
        require_listener(f"{scheme}127.0.0.1:{bound.getsockname()[1]}", within_seconds=0)


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_where_something_listens_it_may_be_one(bound: socket.socket, scheme: str) -> None:
    bound.listen()
    require_listener(f"{scheme}127.0.0.1:{bound.getsockname()[1]}")


@pytest.mark.parametrize("address", ["local", "auto"])
def test_where_only_ray_knows_the_place_nothing_is_asked(address: str) -> None:
    require_listener(address, within_seconds=0)


DIES = """
import os, sys

for line in range(20):
    print("INFO worker.py -- line", line)
print("Failed to connect to GCS within 60 seconds.", flush=True)
os.write(int(os.environ[{pipes!r}].split(",")[1]), bytes.fromhex({said!r}))
sys.exit(1)
"""


def lost(address: str, said: bytes, scratch: Path) -> str:
    """What comes of the process that speaks to a cluster, and dies when it has said that."""
    program = DIES.format(pipes=PIPES, said=said.hex())
    process = PipedProcess([sys.executable, "-c", program], log_path=scratch / "link.log", env=os.environ)
    link = ProcessLink(process, address=address)
    try:
        while True:
            link.next_news(10.0)
    except FleetError as error:
        return str(error)
    finally:
        process.close()


def test_a_cluster_that_is_lost_before_a_machine_answered_is_one_short_line_with_what_to_look_at(
    tmp_path: Path,
) -> None:
    printed = "(INFO worker.py -- line 19 | Failed to connect to GCS within 60 seconds.)"
    how = f"was not reached: the process that speaks to it ended with exit code 1 instead of replying {printed}"
    assert lost("auto", b"", tmp_path).startswith(f"the cluster at auto {how}: is the cluster up (ray status)? ")
    assert lost("local", b"", tmp_path) == f"the cluster at local {how}", "nobody gave that address"
    joined = encode(Joined("m", {}, ("cpu",))) + b"\n"
    assert "INFO worker.py -- line 9 " in lost("auto", joined, tmp_path), "what it printed last may say why"
