"""The link to a cluster, without one: machines that are to have packages before they are given anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.fleet import wire
from speedscore.fleet.cluster import Link
from speedscore.fleet.machine import Machine
from speedscore.fleet.preparing import MOST_SECONDS, Preparer
from tests.fleet.test_fleet_link import LONGER_THAN_ANY_SILENCE_SECONDS, Actor, Cluster

ASKED = {"a": "a==1", "b": "b==2"}
Answer = Callable[[Actor], None]


class Heard:
    """A driver that lets actors be answered as often as the link looks, until it has heard enough."""

    def __init__(self, cluster: Cluster, answer: Answer, *, looks: int) -> None:
        self.news: list[wire.News] = []
        self._cluster, self._answer, self._looks = cluster, answer, looks

    def __call__(self, _: Link, news: wire.News) -> None:
        self.news.append(news)
        if isinstance(news, wire.Standing):
            self._looks -= 1
            if not self._looks:
                raise BrokenPipeError
            for actor in list(self._cluster.actors):
                if not actor.asked.done():
                    self._answer(actor)

    @property
    def told(self) -> list[str]:
        return [news.line for news in self.news if isinstance(news, wire.Told)]

    @property
    def joined(self) -> list[str]:
        return [news.machine for news in self.news if isinstance(news, wire.Joined)]

    @property
    def standing(self) -> wire.Standing:
        return [news for news in self.news if isinstance(news, wire.Standing)][-1]


def serve(cluster: Cluster, answer: Answer, *, looks: int = 30) -> Heard:
    heard = Heard(cluster, answer, looks=looks)
    cluster.serve(heard, requirements=ASKED)
    return heard


def test_a_machine_that_lacks_nothing_stands_in_the_environment_of_its_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch, "full", tick_seconds=8.0)

    def answer(actor: Actor) -> None:
        if actor.kind is Preparer:
            actor.asked.set_result(([], ""))
        else:
            actor.describe()

    heard = serve(cluster, answer)
    assert (heard.joined, heard.told) == (["full"], [])
    (machine,) = cluster.actors
    assert machine.kind is Machine, "nothing else holds a part of it"
    assert "runtime_env" not in machine.options


def test_what_a_machine_lacks_is_installed_before_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch, "bare", tick_seconds=8.0)
    answers = iter([(["a==1", "b==2"], ""), ("/of mine/bin/python", "")])

    def answer(actor: Actor) -> None:
        if actor.kind is Preparer:
            assert actor.options["num_cpus"] == 1, "while it installs, nobody else measures there"
            actor.asked.set_result(next(answers))
        else:
            actor.describe()

    heard = serve(cluster, answer)
    assert heard.joined == ["bare"]
    (machine,) = cluster.actors
    assert machine.options["runtime_env"] == {"py_executable": "'/of mine/bin/python'"}
    began, ended = heard.told
    assert began == "bare: installs a==1, b==2"
    assert ended.startswith("bare: has installed a==1, b==2, in ")
    on_the_way = [news for news in heard.news if isinstance(news, wire.Standing) and news.is_installing]
    assert any("bare: installs a==1, b==2, for " in line for news in on_the_way for line in news.absent)
    assert not heard.standing.is_installing


def test_a_machine_on_which_they_cannot_be_installed_is_asked_twice_and_then_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster(monkeypatch, "full", "cut-off", tick_seconds=8.0)
    tried: list[str] = []

    def answer(actor: Actor) -> None:
        if actor.kind is Machine:
            actor.describe()
        elif actor.host == "full":
            actor.asked.set_result(([], ""))
        elif len(tried) % 2:
            tried.append("install")
            actor.asked.set_result(("", "No matching distribution found for a==1"))
        else:
            tried.append("missing")
            actor.asked.set_result((["a==1"], ""))

    heard = serve(cluster, answer, looks=100)
    assert heard.joined == ["full"]
    assert tried == ["missing", "install", "missing", "install"]
    why = "cut-off is not used: a==1 cannot be installed there: No matching distribution found for a==1"
    assert heard.told[-1] == why
    assert (heard.standing.refused, heard.standing.absent) == ((why,), ())
    assert [actor.host for actor in cluster.actors] == ["full"], "another job may have it"


def test_an_environment_in_which_no_machine_starts_counts_as_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch, "odd", tick_seconds=8.0)
    answers = iter(2 * [(["a==1"], ""), ("/broken/bin/python", "")])

    def answer(actor: Actor) -> None:
        if actor.kind is Preparer:
            actor.asked.set_result(next(answers))
        else:
            actor.asked.set_exception(RuntimeError("no module of that name"))

    heard = serve(cluster, answer, looks=100)
    assert heard.standing.refused == (
        "odd is not used: a==1 cannot be installed there: RuntimeError: no module of that name",
    )


def test_an_installation_may_take_longer_than_any_piece_may_be_silent_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster(monkeypatch, "slow", tick_seconds=100.0)
    began: list[float] = []
    lost: list[float] = []

    def hear(_: Link, news: wire.News) -> None:
        if not isinstance(news, wire.Standing):
            return
        if len(began) > len(lost) and not news.is_installing:
            lost.append(cluster.seconds)
        if news.refused:
            raise BrokenPipeError
        if cluster.actors and not cluster.actors[0].asked.done() and len(began) == len(lost):
            began.append(cluster.seconds)
            # It is told what to install, and says no more.
            cluster.actors[0].asked.set_result((["a==1"], ""))

    cluster.serve(hear, requirements=ASKED)
    assert len(lost) == 2
    assert LONGER_THAN_ANY_SILENCE_SECONDS < MOST_SECONDS < lost[0] - began[0] < 2 * MOST_SECONDS
