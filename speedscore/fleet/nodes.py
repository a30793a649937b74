"""A node of a Ray cluster, as the link to it keeps track of it. It asks nobody and does not know Ray."""

from __future__ import annotations

from typing import Any

from speedscore.record.phases import DeviceName
from speedscore.text.cleaning import one_line

EXCLUSIVE = "speedscore"
"""A resource that a cluster may give its machines: a fleet takes all of it, beside processors and accelerators."""
_ANSWER_SECONDS = 20.0
"""A machine that has not answered by then is said to be absent."""


class Node:
    """A node of the cluster, and what stands on it."""

    def __init__(self, node_id: str, *, host: str, address: str, resources: dict[str, float]) -> None:
        self.node_id, self.host, self.address, self.resources = node_id, host, address, resources
        self.devices = _devices(resources)
        self.actor: Any = None
        self.generation = 0
        """Of the actor: an answer of an earlier one counts no more."""
        self.name = ""
        """Empty until it has answered."""
        self.number: int | None = None
        self.asked_at = 0.0
        self.failures = 0
        self.retry_at = 0.0
        self.trouble = ""
        self.installs = ""
        """What is being installed on it, as people read it; empty where nothing is."""
        self.installed = ""
        """The same, from then until it has answered."""
        self.failed_installations = 0
        self.refused = ""
        """Why it is not asked again; empty where it is."""

    @property
    def place(self) -> str:
        """What it is called before it has a name."""
        return one_line(self.host or self.address)


def node_of(found: dict[str, Any]) -> Node | None:
    """The node as a machine; None for one that does no work, as the head of a cluster often."""
    resources: dict[str, float] = found["Resources"]
    if not resources.get("CPU") and not resources.get(EXCLUSIVE):
        return None
    return Node(
        found["NodeID"],
        host=found.get("NodeManagerHostname", ""),
        address=found["NodeManagerAddress"],
        resources=resources,
    )


def _devices(resources: dict[str, float]) -> tuple[DeviceName, ...]:
    """What pieces may ask for that the node has."""
    devices: list[DeviceName] = ["cpu"]
    if resources.get("GPU"):
        devices.append("gpu")
    if resources.get("TPU"):
        devices.append("tpu")
    return tuple(devices)


def absence(node: Node, now: float) -> str:
    """Why the node is not among the machines, as far as can be told from here."""
    host = node.place
    if node.refused:
        return f"{host} is not used: {node.refused}"
    if node.installs:
        return f"{host}: installs {node.installs}, for {now - node.asked_at:.0f} s so far"
    if node.actor is None:
        return f"{host}: asked again in {max(0.0, node.retry_at - now):.0f} s: {node.trouble}"
    if now - node.asked_at < _ANSWER_SECONDS:
        return f"{host}: has just been asked"
    return (
        f"{host}: no answer for {now - node.asked_at:.0f} s: another job holds a part of it (ray status), or it is "
        "slow to start"
    )


def may_answer(node: Node) -> bool:
    """Whether the node has been asked, or has only not been asked yet; not where it failed and is given time, or
    packages are being installed on it, which no other job holds then."""
    return not node.installs and (node.actor is not None or not node.failures)
