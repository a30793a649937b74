"""The link to a cluster, without one: whom it gives up where its driver does not read, or a node never comes up."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from speedscore.fleet import wire
from speedscore.fleet.cluster import ClusterLostError, Link, reason_of
from speedscore.fleet.connecting import init_ray
from speedscore.fleet.machine import HUNG_SECONDS, LOOK_SECONDS
from speedscore.fleet.nodes import Node, may_answer

TWO_DAYS_SECONDS = 48 * 3600.0
LONGER_THAN_ANY_SILENCE_SECONDS = HUNG_SECONDS + LOOK_SECONDS + 1.0


class Actor:
    """What stands on a node: the test answers what it was asked."""

    def __init__(self, kind: type, host: str, options: dict[str, Any]) -> None:
        self.kind, self.host, self.options = kind, host, options
        self.asked: Future[Any] = Future()
        self.begin = SimpleNamespace(remote=lambda *_, **__: None)
        self.next_signs = self.missing = self.install = SimpleNamespace(remote=self._ask)

    def _ask(self, *_: object) -> Any:
        self.asked = Future()
        return SimpleNamespace(future=lambda: self.asked)

    def answer(self, *signs: wire.Sign) -> None:
        self.asked.set_result([wire.encode(sign) for sign in signs])

    def describe(self) -> None:
        self.answer(wire.Done(wire.encode(wire.Description(self.host, {}))))


class Cluster:
    """In the place of Ray: nodes that are there, and the actors that were started on them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *hosts: str, tick_seconds: float = 0.0) -> None:
        """``tick_seconds`` pass from one look at the clock to the next."""
        self.seconds = 0.0
        self._tick_seconds = tick_seconds
        self.actors: list[Actor] = []
        self._hosts = hosts
        strategies: Any = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node_id, **_: node_id)
        monkeypatch.setitem(sys.modules, "ray", self)
        monkeypatch.setitem(sys.modules, "ray.util.scheduling_strategies", strategies)

    def nodes(self) -> list[dict[str, Any]]:
        return [
            {"NodeID": host, "NodeManagerAddress": host, "Alive": True, "Resources": {"CPU": 1}} for host in self._hosts
        ]

    def remote(self, kind: type) -> Any:
        return SimpleNamespace(
            options=lambda **options: SimpleNamespace(remote=lambda *_, **__: self._start(kind, options))
        )

    def kill(self, actor: Actor) -> None:
        self.actors.remove(actor)

    def on(self, host: str) -> Actor:
        (actor,) = [actor for actor in self.actors if actor.host == host]
        return actor

    def serve(self, hear: Callable[[Link, wire.News], None], *, requirements: dict[str, str] | None = None) -> None:
        """The link's whole life; ``hear`` is its driver, and ends it with a BrokenPipeError."""
        link = Link(lambda news: hear(link, news), requirements=requirements, now=self._now)
        with contextlib.suppress(BrokenPipeError):
            link.serve()

    def _now(self) -> float:
        self.seconds += self._tick_seconds
        return self.seconds

    def _start(self, kind: type, options: dict[str, Any]) -> Actor:
        self.actors.append(Actor(kind, options["scheduling_strategy"], options))
        return self.actors[-1]


def test_a_driver_that_does_not_read_costs_no_machine_that_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch, "first", "second", "silent")
    numbers = iter(range(1, 4))
    told: list[int] = []
    left: list[wire.Left] = []

    def hear(link: Link, news: wire.News) -> None:
        match news:
            case wire.Standing() if not told:
                for actor in cluster.actors:
                    actor.describe()
            case wire.Standing():
                raise BrokenPipeError
            case wire.Joined(machine):
                link.hear(wire.Begin(next(numbers), machine, wire.Do("entry", b"")))
                if machine == "silent":
                    link.hear(wire.Begin(0, "nowhere", wire.Do("entry", b"")))
            case wire.Signed(0):
                # All three have begun.
                cluster.on("first").answer(wire.Message(b"before"))
            case wire.Signed(number):
                told.append(number)
                if number == 1:
                    cluster.seconds += LONGER_THAN_ANY_SILENCE_SECONDS
                    cluster.on("second").answer(wire.Message(b"meanwhile"))
            case wire.Left():
                left.append(news)

    cluster.serve(hear)
    assert told == [1, 2]
    assert left == [wire.Left("silent", "the machine has given no sign for 321 s")]


def test_a_node_that_never_comes_up_is_asked_about_once_a_minute_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch, "broken", tick_seconds=8.0)
    lost_at: list[float] = []

    def hear(_: Link, news: wire.News) -> None:
        assert isinstance(news, wire.Standing)
        if cluster.actors:
            lost_at.append(cluster.seconds)
            cluster.actors[0].asked.set_exception(RuntimeError("it does not start"))
        if cluster.seconds > TWO_DAYS_SECONDS:
            raise BrokenPipeError

    cluster.serve(hear)
    assert len(lost_at) > sys.float_info.max_exp, "twice as long each time would be no number any more"
    assert lost_at[-1] - lost_at[-2] >= 60


def test_a_ray_that_does_not_answer_any_more_has_lost_its_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch, "first", tick_seconds=8.0)
    looks = iter(range(3))

    def nodes() -> list[dict[str, Any]]:
        if next(looks) < 2:
            return []
        raise ConnectionError("Client is shutting down.")

    monkeypatch.setattr(cluster, "nodes", nodes)
    with pytest.raises(ClusterLostError, match=r"^the cluster is lost: ConnectionError: Client is shutting down\.$"):
        Link(lambda _: None, now=cluster._now).serve()


def test_machines_that_are_given_back_are_asked_for_anew_a_moment_later_behind_whoever_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster(monkeypatch, "ours", "held", tick_seconds=1.0)
    asked_first: list[Actor] = []
    joined_at: list[float] = []
    left_at: list[float] = []

    def hear(link: Link, news: wire.News) -> None:
        match news:
            case wire.Joined():
                joined_at.append(cluster.seconds)
                if len(joined_at) == 2:
                    raise BrokenPipeError
                link.hear(wire.GiveBack())
            case wire.Left():
                left_at.append(cluster.seconds)
            case wire.Standing():
                asked_first[:] = asked_first or cluster.actors
                ours = [actor for actor in cluster.actors if actor.host == "ours" and not actor.asked.done()]
                for actor in ours:
                    actor.describe()

    cluster.serve(hear)
    assert joined_at[1] - left_at[0] >= 20
    assert cluster.on("held") in asked_first, "a question that is open stays so"
    assert cluster.on("ours") not in asked_first


def test_a_machine_on_which_packages_are_installed_is_held_by_no_other_job() -> None:
    node = Node("1", host="one", address="one", resources={})
    node.actor = object()
    assert may_answer(node)
    node.installs = "numpy"
    assert not may_answer(node)


def test_a_machine_is_awaited_while_it_is_asked_or_given_back_and_not_once_it_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster(monkeypatch, "ours", tick_seconds=1.0)
    stood: dict[str, bool] = {}

    def hear(link: Link, news: wire.News) -> None:
        match news:
            case wire.Joined():
                link.hear(wire.GiveBack())
            case wire.Standing((absence,), is_awaited=is_awaited):
                stood[absence.rpartition(": ")[2]] = is_awaited
                if not is_awaited:
                    raise BrokenPipeError
                if cluster.actors and len(stood) == 1:
                    cluster.on("ours").describe()
                elif cluster.actors:
                    cluster.on("ours").asked.set_exception(RuntimeError("no such module"))

    cluster.serve(hear)
    assert stood == {
        "has just been asked": True,
        "it was given back for a moment, as another job may wait for it": True,
        "no such module": False,
    }


@pytest.mark.parametrize("aborted", [2, 3])
def test_ray_client_whose_server_dies_as_it_starts_is_given_two_others(aborted: int) -> None:
    tried: list[str] = []

    def init(*, address: str) -> None:
        tried.append(address)
        if len(tried) <= aborted:
            raise ConnectionAbortedError("Starting Ray client server failed.")

    with pytest.raises(ConnectionAbortedError) if aborted > 2 else contextlib.nullcontext():
        init_ray(SimpleNamespace(init=init), {"address": "ray://head:10001"})
    assert tried == ["ray://head:10001"] * 3


def test_an_error_of_grpc_is_told_by_what_it_says_and_not_by_its_dump_of_the_call() -> None:
    class RpcError(Exception):
        def details(self) -> str:
            return "Stream removed (ping timeout)"

    assert reason_of(RpcError("<RpcError of RPC that terminated with:\n\tstatus = ...")) == (
        "RpcError: Stream removed (ping timeout)"
    )
    assert reason_of(OSError("no such\nfile")) == "OSError: no such file"
