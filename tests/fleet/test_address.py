"""The address of a cluster: what is none, or where nothing listens, is refused with what to give instead."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from speedscore.fleet.address import require_listener
from speedscore.fleet.work import FleetError


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
