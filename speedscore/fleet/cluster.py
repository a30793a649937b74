"""The link to a Ray cluster: a process of its own between the driver and Ray, and the only module that knows Ray.

It takes every machine of the cluster whole, says which have answered and which have gone, hands pieces over, and passes
on what comes of them. Which machine has which piece is decided in the driver. It stands in a process of its own so that
Ray's native code and its threads stay out of pytest's, and so that all of it ends with the driver, however that ends.

Questions to machines stay open until there is something to tell (``Machine.next_signs``): Ray's streaming generators
would do the same, but not through Ray Client (``ray://``).
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import shlex
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from speedscore.fleet.connecting import connect, settings_of_a_driver
from speedscore.fleet.describing import ENTRY as DESCRIBE
from speedscore.fleet.machine import HUNG_SECONDS, LOOK_SECONDS, Machine
from speedscore.fleet.naming import MachineNames
from speedscore.fleet.nodes import EXCLUSIVE, Node, absence, may_answer, node_of
from speedscore.fleet.preparing import MOST_SECONDS, Preparer
from speedscore.fleet.wire import (
    Begin,
    Broke,
    Command,
    Description,
    Do,
    Done,
    GiveBack,
    Joined,
    Left,
    News,
    Raised,
    Sign,
    Signed,
    Standing,
    StopAll,
    Stopped,
    Told,
    decode_description,
    decode_sign,
)
from speedscore.text.addresses import without_secrets
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import first_of

_DESCRIBING = 0
"""The number of what a machine does first: say what it is. Pieces are numbered from 1."""
_STANDING_SECONDS = 2.0
_RETRY_SECONDS, _MOST_DOUBLINGS = 2.0, 5
"""Before a machine that was lost is asked again; twice as long each time that it is lost before it has answered, up to
a minute."""
_GIVEN_BACK_SECONDS = 20.0
_MOST_REASON_CHARACTERS = 500
_MOST_NAMED = 3
_MOST_INSTALLATIONS = 2
"""On a machine that fails them: a registry may be down for a moment, and a version that there is none of stays so."""


class _Came(msgspec.Struct, frozen=True):
    """An answer of an actor, or the error in its place."""

    node_id: str
    generation: int
    answer: Any
    take: Callable[[Node, Any], None]
    """What is to be done with the answer."""
    error: str = ""


class DriverGone(msgspec.Struct, frozen=True):
    """The driver has closed its pipe."""


class ClusterLostError(RuntimeError):
    """Ray does not answer any more, or its client has lost its server."""


class Link:
    """Everything happens in one thread; others only put what they hear into its queue."""

    def __init__(
        self,
        say: Callable[[News], None],
        *,
        requirements: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``requirements`` are what every machine must have installed before it is one; None asks for nothing."""
        import ray

        # Its types say neither what an actor's methods are nor what they return.
        self._ray: Any = ray
        self._say = say
        self._now = now
        self._heard: queue.SimpleQueue[Command | _Came | DriverGone] = queue.SimpleQueue()
        self._nodes: dict[str, Node] = {}
        self._by_name: dict[str, Node] = {}
        self._names = MachineNames()
        self._requirements = requirements
        self._machine: Any = self._ray.remote(Machine)
        self._preparer: Any = self._ray.remote(Preparer)
        self._niceness = os.nice(0)
        """The driver's own: what is measured runs as urgently as it would at home."""
        self._next_look = 0.0

    def hear(self, command: Command | DriverGone) -> None:
        """From any thread."""
        self._heard.put(command)

    def serve(self) -> None:
        """Until the driver has gone. Raises ClusterLostError."""
        while True:
            now = self._now()
            if now >= self._next_look:
                # To say something waits for a driver that does not read. Nobody has been silent whose answer came
                # meanwhile: what had been heard by now is taken in first.
                for _ in range(self._heard.qsize()):
                    if not self._take_in(self._heard.get()):
                        return
                self._look(now)
                self._next_look = self._now() + _STANDING_SECONDS
            try:
                heard = self._heard.get(timeout=max(0.0, self._next_look - self._now()))
            except queue.Empty:
                continue
            if not self._take_in(heard):
                return

    def _take_in(self, heard: Command | _Came | DriverGone) -> bool:
        """Returns whether there is a driver still."""
        match heard:
            case DriverGone():
                return False
            case Begin(number, machine, do):
                self._begin(number, machine, do)
            case StopAll():
                self._stop_all()
            case GiveBack():
                self._give_back()
            case _Came():
                self._take(heard)
        return True

    def _look(self, now: float) -> None:
        """Which nodes are here, which are new, which have gone, and which had fallen silent by ``now``."""
        try:
            found_now = self._ray.nodes()
        except Exception as error:  # noqa: BLE001 - Ray raises errors of many kinds where it has lost its cluster
            raise ClusterLostError(f"the cluster is lost: {reason_of(error)}") from None
        alive = {node["NodeID"]: node for node in found_now if node["Alive"]}
        for node_id in self._nodes.keys() - alive.keys():
            self._lose(self._nodes[node_id], "the machine has left the cluster")
            del self._nodes[node_id]
        for node_id, found in alive.items():
            if node_id not in self._nodes and (node := node_of(found)) is not None:
                self._nodes[node_id] = node
        for node in self._nodes.values():
            if node.actor is None and not node.refused and now >= node.retry_at:
                self._occupy(node)
            elif now - node.asked_at > _silence_seconds(node):
                self._lose(node, f"the machine has given no sign for {now - node.asked_at:.0f} s")
        refused = [node for node in self._nodes.values() if node.refused]
        absent = [node for node in self._nodes.values() if not node.name and not node.refused]
        self._say(
            Standing(
                tuple(absence(node, now) for node in absent),
                tuple(sorted({device for node in absent for device in node.devices})),
                is_awaited=any(may_answer(node) for node in absent),
                refused=tuple(absence(node, now) for node in refused),
                is_installing=any(node.installs for node in absent),
            )
        )

    def _occupy(self, node: Node) -> None:
        """Take the whole of the node, and see first that it has what it needs."""
        node.generation += 1
        if self._requirements is None:
            self._begin_machine(node)
            return
        node.actor = self._preparer.options(**self._placement(node)).remote(ends_with_parent=True)
        self._ask(node, node.actor.missing, dict(self._requirements), take=self._take_missing)

    def _take_missing(self, node: Node, told: tuple[list[str], str]) -> None:
        missing, why = told
        if why:
            self._lose(node, why)
        elif missing:
            node.installs = first_of([without_secrets(one) for one in missing], _MOST_NAMED)
            self._say(Told(f"{node.place}: installs {node.installs}"))
            self._ask(node, node.actor.install, missing, take=self._take_environment)
        else:
            self._end(node)
            self._begin_machine(node)

    def _take_environment(self, node: Node, told: tuple[str, str]) -> None:
        python, why = told
        if why:
            self._lose(node, why)
            return
        self._say(Told(f"{node.place}: has installed {node.installs}, in {self._now() - node.asked_at:.0f} s"))
        node.installs, node.installed = "", node.installs
        self._end(node)
        # Ray makes it a word of a shell's command line.
        self._begin_machine(node, runtime_env={"py_executable": shlex.quote(python)})

    def _begin_machine(self, node: Node, **environment: Any) -> None:
        actor = self._machine.options(**self._placement(node), **environment)
        node.actor = actor.remote(self._niceness, ends_with_parent=True)
        self._give(node, _DESCRIBING, Do(DESCRIBE, b""))

    def _placement(self, node: Node) -> dict[str, Any]:
        """The whole of the node; Ray waits where another job holds a part of it."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        resources = node.resources
        return {
            "num_cpus": resources.get("CPU", 0),
            "num_gpus": resources.get("GPU", 0),
            "resources": {name: resources[name] for name in ("TPU", EXCLUSIVE) if resources.get(name)},
            "scheduling_strategy": NodeAffinitySchedulingStrategy(node.node_id, soft=False),
            "max_restarts": 0,
        }

    def _begin(self, number: int, machine: str, do: Do) -> None:
        node = self._by_name.get(machine)
        if node is None or node.number is not None:
            self._say(Signed(number, Broke("the machine had gone before it was asked")))
        else:
            self._give(node, number, do)

    def _give(self, node: Node, number: int, do: Do) -> None:
        node.number = number
        # An error of it comes with the answer to the question that follows.
        begun = node.actor.begin.remote(do.entry, do.request, keeps_log=do.keeps_log)
        self._ask(node, node.actor.next_signs, begun, take=self._take_signs)

    def _ask(self, node: Node, method: Any, *about: Any, take: Callable[[Node, Any], None]) -> None:
        node.asked_at = self._now()
        node_id, generation = node.node_id, node.generation

        def put(future: Any) -> None:
            error = future.exception()
            answer = None if error is not None else future.result()
            self._heard.put(_Came(node_id, generation, answer, take, reason_of(error) if error is not None else ""))

        method.remote(*about).future().add_done_callback(put)

    def _take(self, came: _Came) -> None:
        node = self._nodes.get(came.node_id)
        if node is None or node.generation != came.generation:
            return
        if came.error:
            self._lose(node, came.error)
        else:
            came.take(node, came.answer)

    def _take_signs(self, node: Node, signs: list[bytes]) -> None:
        for line in signs:
            self._pass_on(node, decode_sign(line))
            if node.actor is None:
                return
        if node.number is not None:
            self._ask(node, node.actor.next_signs, take=self._take_signs)

    def _pass_on(self, node: Node, sign: Sign) -> None:
        number = node.number
        if number is None:
            return
        if isinstance(sign, Done | Raised | Broke):
            node.number = None
        if number != _DESCRIBING:
            self._say(Signed(number, sign))
        elif isinstance(sign, Done):
            self._welcome(node, decode_description(sign.answer))
        elif isinstance(sign, Raised | Broke):
            self._lose(node, sign.reason)

    def _welcome(self, node: Node, description: Description) -> None:
        node.failures, node.trouble, node.failed_installations, node.installed = 0, "", 0, ""
        resources = ",".join(f"{name}={node.resources.get(name, 0)}" for name in ("CPU", "GPU", "TPU"))
        node.name = self._names.take(description.host or node.host, known_by=(node.address, resources))
        self._by_name[node.name] = node
        self._say(Joined(node.name, description.environment, node.devices, description.packages))

    def _lose(self, node: Node, reason: str) -> None:
        """Whatever stands on it is ended; it is taken anew where it is still here, and packages can be installed on
        it."""
        self._end(node)
        node.trouble = reason
        node.retry_at = self._now() + _RETRY_SECONDS * 2 ** min(node.failures, _MOST_DOUBLINGS)
        node.failures += 1
        if asked := node.installs or node.installed:
            node.failed_installations += 1
            if node.failed_installations >= _MOST_INSTALLATIONS:
                node.refused = f"{asked} cannot be installed there: {reason}"
                self._say(Told(absence(node, self._now())))
            node.installs = node.installed = ""
        if node.name:
            del self._by_name[node.name]
            self._names.give_back(node.name)
            self._say(Left(node.name, reason))
            node.name = ""

    def _end(self, node: Node) -> None:
        actor, node.actor, node.number = node.actor, None, None
        node.generation += 1
        if actor is not None:
            with contextlib.suppress(Exception):  # it has gone already
                self._ray.kill(actor)

    def _stop_all(self) -> None:
        for node in list(self._by_name.values()):
            if node.number is not None:
                self._lose(node, "it was stopped")
                node.failures, node.retry_at = 0, 0.0
        self._next_look = 0.0
        self._say(Stopped())

    def _give_back(self) -> None:
        """Questions that are open stay so: who asked first has a machine first."""
        for node in list(self._by_name.values()):
            self._lose(node, "it was given back for a moment, as another job may wait for it")
            node.failures, node.retry_at = 0, self._now() + _GIVEN_BACK_SECONDS

    def close(self) -> None:
        for node in self._nodes.values():
            if node.actor is not None:
                with contextlib.suppress(Exception):
                    self._ray.kill(node.actor)


def reach(address: str, travelling: str) -> Callable[[], None]:
    """Connect to the cluster there, whose machines are given the folder of what travels. Returns what ends it."""
    with settings_of_a_driver():
        import ray
    return connect(ray, address, travelling)


def _silence_seconds(node: Node) -> float:
    """How long what stands there may say nothing before it is given up. One that was never there yet may be waiting for
    another job to leave."""
    if node.installs:
        return MOST_SECONDS + HUNG_SECONDS
    return HUNG_SECONDS + LOOK_SECONDS if node.name and node.number is not None else math.inf


def reason_of(error: BaseException) -> str:
    """In one line, and no more than is read."""
    # Ray Client passes on errors of gRPC, whose text is a dump of the call.
    details = getattr(error, "details", None)
    said = (details() if callable(details) else "") or error
    return one_line(f"{type(error).__name__}: {said}")[:_MOST_REASON_CHARACTERS]
