"""The link to a Ray cluster: a process of its own between the driver and Ray, and the only module that knows Ray.

It takes every machine of the cluster whole, says which have answered and which have gone, hands pieces over, and passes
on what comes of them. Which machine has which piece is decided in the driver. It stands in a process of its own so that
Ray's native code and its threads stay out of pytest's, and so that all of it ends with the driver, however that ends.

Questions to machines stay open until there is something to tell (``Machine.next_signs``): Ray's streaming generators
would do the same, but not through Ray Client (``ray://``).
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import IO, Any

import msgspec

from speedscore.fleet.address import ADVICE
from speedscore.fleet.describing import ENTRY as DESCRIBE
from speedscore.fleet.machine import HUNG_SECONDS, LOOK_SECONDS, Machine
from speedscore.fleet.naming import MachineNames
from speedscore.fleet.nodes import EXCLUSIVE, Node, absence, may_answer, node_of
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
    Unreachable,
    decode_command,
    decode_description,
    decode_sign,
    encode,
)
from speedscore.fleet.work import LOCAL
from speedscore.host.scratch import make_scratch
from speedscore.host.variables import PIPES
from speedscore.text.cleaning import one_line

_DESCRIBING = 0
"""The number of what a machine does first: say what it is. Pieces are numbered from 1."""
_STANDING_SECONDS = 2.0
_RETRY_SECONDS, _MOST_DOUBLINGS = 2.0, 5
"""Before a machine that was lost is asked again; twice as long each time that it is lost before it has answered, up to
a minute."""
_GIVEN_BACK_SECONDS = 20.0
_MOST_REASON_CHARACTERS = 500
_MOST_FOLDER_CHARACTERS = 12
_MOST_CONNECTIONS = 3
_LOCAL_STORE_BYTES = 128 << 20


class _Came(msgspec.Struct, frozen=True):
    """An answer of an actor, or the error in its place."""

    node_id: str
    generation: int
    signs: list[bytes]
    error: str = ""


class _DriverGone(msgspec.Struct, frozen=True):
    """The driver has closed its pipe."""


class ClusterLostError(RuntimeError):
    """Ray does not answer any more, or its client has lost its server."""


class Link:
    """Everything happens in one thread; others only put what they hear into its queue."""

    def __init__(self, say: Callable[[News], None], *, now: Callable[[], float] = time.monotonic) -> None:
        import ray

        # Its types say neither what an actor's methods are nor what they return.
        self._ray: Any = ray
        self._say = say
        self._now = now
        self._heard: queue.SimpleQueue[Command | _Came | _DriverGone] = queue.SimpleQueue()
        self._nodes: dict[str, Node] = {}
        self._by_name: dict[str, Node] = {}
        self._names = MachineNames()
        self._remote: Any = self._ray.remote(Machine)
        self._niceness = os.nice(0)
        """The driver's own: what is measured runs as urgently as it would at home."""
        self._next_look = 0.0

    def hear(self, command: Command | _DriverGone) -> None:
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

    def _take_in(self, heard: Command | _Came | _DriverGone) -> bool:
        """Returns whether there is a driver still."""
        match heard:
            case _DriverGone():
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
            raise ClusterLostError(f"the cluster is lost: {_why(error)}") from None
        alive = {node["NodeID"]: node for node in found_now if node["Alive"]}
        for node_id in self._nodes.keys() - alive.keys():
            self._lose(self._nodes[node_id], "the machine has left the cluster")
            del self._nodes[node_id]
        for node_id, found in alive.items():
            if node_id not in self._nodes and (node := node_of(found)) is not None:
                self._nodes[node_id] = node
        for node in self._nodes.values():
            if node.actor is None and now >= node.retry_at:
                self._occupy(node)
            elif node.name and now - node.asked_at > HUNG_SECONDS + LOOK_SECONDS and node.number is not None:
                self._lose(node, f"the machine has given no sign for {now - node.asked_at:.0f} s")
        absent = [node for node in self._nodes.values() if not node.name]
        self._say(
            Standing(
                tuple(absence(node, now) for node in absent),
                tuple(sorted({device for node in absent for device in node.devices})),
                is_awaited=any(may_answer(node) for node in absent),
            )
        )

    def _occupy(self, node: Node) -> None:
        """Take the whole of the node; Ray waits where another job holds a part of it."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        resources = node.resources
        node.generation += 1
        node.actor = self._remote.options(
            num_cpus=resources.get("CPU", 0),
            num_gpus=resources.get("GPU", 0),
            resources={name: resources[name] for name in ("TPU", EXCLUSIVE) if resources.get(name)},
            scheduling_strategy=NodeAffinitySchedulingStrategy(node.node_id, soft=False),
            max_restarts=0,
        ).remote(self._niceness, ends_with_parent=True)
        self._give(node, _DESCRIBING, Do(DESCRIBE, b""))

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
        self._ask(node, node.actor.next_signs, begun)

    def _ask(self, node: Node, next_signs: Any, *first: Any) -> None:
        node.asked_at = self._now()
        node_id, generation = node.node_id, node.generation

        def put(future: Any) -> None:
            error = future.exception()
            if error is not None:
                self._heard.put(_Came(node_id, generation, [], _why(error)))
            else:
                self._heard.put(_Came(node_id, generation, future.result()))

        next_signs.remote(*first).future().add_done_callback(put)

    def _take(self, came: _Came) -> None:
        node = self._nodes.get(came.node_id)
        if node is None or node.generation != came.generation or node.number is None:
            return
        if came.error:
            self._lose(node, came.error)
            return
        for line in came.signs:
            self._pass_on(node, decode_sign(line))
            if node.actor is None:
                return
        if node.number is not None:
            self._ask(node, node.actor.next_signs)

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
        node.failures, node.trouble = 0, ""
        resources = ",".join(f"{name}={node.resources.get(name, 0)}" for name in ("CPU", "GPU", "TPU"))
        node.name = self._names.take(description.host or node.host, known_by=(node.address, resources))
        self._by_name[node.name] = node
        self._say(Joined(node.name, description.environment, node.devices, description.packages))

    def _lose(self, node: Node, reason: str) -> None:
        """Whatever stands on it is ended; it is taken anew where it is still here."""
        actor, node.actor, node.number = node.actor, None, None
        node.generation += 1
        node.trouble = reason
        node.retry_at = self._now() + _RETRY_SECONDS * 2 ** min(node.failures, _MOST_DOUBLINGS)
        node.failures += 1
        if actor is not None:
            with contextlib.suppress(Exception):  # it has gone already
                self._ray.kill(actor)
        if node.name:
            del self._by_name[node.name]
            self._names.give_back(node.name)
            self._say(Left(node.name, reason))
            node.name = ""

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


def main() -> None:
    address, travelling = sys.argv[1:]
    reads, writes = map(int, os.environ.pop(PIPES).split(","))
    os.set_inheritable(reads, False)
    os.set_inheritable(writes, False)
    with os.fdopen(reads, "rb") as commands, os.fdopen(writes, "wb") as news, contextlib.ExitStack() as ending:

        def say(said: News) -> None:
            news.write(encode(said) + b"\n")
            news.flush()

        try:
            ending.callback(_connect(address, travelling))
            link = Link(say)
        except Exception as error:  # noqa: BLE001 - Ray raises errors of many kinds where it reaches nothing
            # Those of its kinds (aborted, reset) come from a cluster that was reached.
            hint = f": {ADVICE}" if type(error) is ConnectionError and address != LOCAL else ""
            say(Unreachable(_why(error) + hint))
            return
        ending.callback(link.close)
        threading.Thread(target=_listen, args=(commands, link), daemon=True).start()
        with contextlib.suppress(BrokenPipeError):  # the driver has gone
            try:
                link.serve()
            except ClusterLostError as error:
                say(Unreachable(str(error)))


def _listen(commands: IO[bytes], link: Link) -> None:
    for line in commands:
        link.hear(decode_command(line))
    link.hear(_DriverGone())


def _connect(address: str, travelling: str) -> Callable[[], None]:
    """Connect, or start a cluster of this machine. Returns what ends it."""
    # Read when Ray is imported. Its workers would run at 15, which only root could take back.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0", "RAY_OVERRIDE_JOB_RUNTIME_ENV": "1"}
    # Read likewise. Once Ray Client had lost its cluster, the next question would start another one on this machine.
    # What is measured may rely on it, so that it does not stay.
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
    import ray

    del os.environ["RAY_ENABLE_AUTO_CONNECT"]
    settings: dict[str, Any] = {
        "address": address,
        "runtime_env": {"working_dir": travelling},
        "log_to_driver": False,
        "namespace": f"speedscore-{os.getpid()}",
    }
    folder = ""
    if address == LOCAL:
        folder = _short_folder()
        settings |= {
            "include_dashboard": False,
            "object_store_memory": _LOCAL_STORE_BYTES,
            "_temp_dir": folder,
        }
    init_ray(ray, settings)

    def end() -> None:
        ray.shutdown()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)

    return end


def init_ray(ray: Any, settings: dict[str, Any]) -> None:
    """Connect, with another try where the connection is aborted.

    Ray Client has a process of its own on the head for each of its clients. One of eleven died there as it was forked
    (Ray 2.60, gRPC 1.85), of which the client hears no more than that; the next one is another process.
    """
    for _ in range(_MOST_CONNECTIONS - 1):
        with contextlib.suppress(ConnectionAbortedError):
            ray.init(**settings)
            return
    ray.init(**settings)


def _short_folder() -> str:
    """For Ray's sockets, whose names have 107 characters at most; if it can be, one that the next run removes."""
    if len(tempfile.gettempdir()) <= _MOST_FOLDER_CHARACTERS:
        return str(make_scratch("r"))
    return tempfile.mkdtemp(prefix="ss-", dir="/tmp")


def _why(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}")[:_MOST_REASON_CHARACTERS]


if __name__ == "__main__":
    main()
