"""Which framework is asked to share the step of ``gpt`` out, in which way, over how many devices. Text alone.

Adding a framework: its ways below, and a module ``scaling`` in its folder that answers ``frameworks.sharding.Scaling``.
One of an ecosystem that has no line here is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import ProbeCase, probed_frameworks
from speedscore.record.phases import DEVICES, DeviceName

MODEL = "gpt"
COUNTS = (1, 2, 4, 8)
DATA, FSDP, TENSOR, BY_MODEL = "data", "fsdp", "tensor", "model"
"""The ways, by what a device has: of ``data`` all parameters and a part of the batch, of ``fsdp`` a part of both, of
``tensor`` and ``model`` some heads, hidden units and tokens of the vocabulary, and the whole batch. These two are the
same split, under the name that the framework's users give it."""
_OF_ECOSYSTEM = {"jax": (DATA, BY_MODEL), "pytorch": (DATA, FSDP, TENSOR), "tensorflow": (DATA,)}
_ON_EVERY_COUNT = ("jax", "flax-nnx", "torch", "tensorflow")
"""The other libraries stand on JAX, whose partitioner is the same for all, and are asked at the largest count alone."""
_REAL = {"gpu": ("jax", "flax-nnx", "torch"), "tpu": ("jax", "flax-nnx")}
"""Who is asked on devices that there really are several of."""
PROCESSES = "processes"
"""At the end of a subject: the processes are started as on several hosts, by what the framework has for that."""
_STARTED = {("jax", DATA): (2,), ("jax", BY_MODEL): (2,), ("torch", DATA): (2, 4)}
DECLINED = {
    ("tensorflow", BY_MODEL): (
        "tf.distribute's strategies for one host copy every variable to every device; tf.experimental.dtensor, which "
        "splits them, is experimental"
    )
}
"""Framework and way → why it is not asked."""


class Sharing(msgspec.Struct, frozen=True):
    """What a case asks."""

    way: str
    devices: int
    in_processes: bool = False
    """Whether each device has a process of its own that the framework's launcher started."""

    @property
    def subject(self) -> str:
        return "-".join((MODEL, self.way, *((PROCESSES,) if self.in_processes else ())))


def sharing_of(case: ProbeCase) -> Sharing:
    """What the case asks, from its subject and target."""
    _, way, *rest = case.subject.split("-")
    return Sharing(way, int(case.target), in_processes=rest == [PROCESSES])


def list_cases() -> Sequence[ProbeCase]:
    """On the host all; on accelerators from two on, for the time on one is taken beside them."""
    return [
        *(_case(line.id, sharing, "cpu") for line in probed_frameworks() for sharing in _on_the_host(line.id)),
        *(
            _case(framework, Sharing(way, devices), device)
            for device in DEVICES
            for framework in _REAL.get(device, ())
            if framework in FRAMEWORKS
            for way in _ways(framework)
            for devices in COUNTS[1:]
        ),
    ]


def _ways(framework: str) -> Sequence[str]:
    return _OF_ECOSYSTEM.get(FRAMEWORKS[framework].ecosystem, ())


def _on_the_host(framework: str) -> Iterator[Sharing]:
    counts = COUNTS if framework in _ON_EVERY_COUNT else COUNTS[-1:]
    for way in _ways(framework):
        yield from (Sharing(way, devices) for devices in counts)
        yield from (Sharing(way, count, in_processes=True) for count in _STARTED.get((framework, way), ()))
    yield from (Sharing(way, COUNTS[-1]) for of, way in DECLINED if of == framework)


def _case(framework: str, sharing: Sharing, device: DeviceName) -> ProbeCase:
    apart = f" in {PROCESSES}" if sharing.in_processes else ""
    return ProbeCase(
        "scaling",
        framework=framework,
        subject=sharing.subject,
        target=str(sharing.devices),
        device=device,
        # What is timed has nothing of its family beside it.
        block=f"scaling {framework}{apart}" if device == "cpu" else f"scaling on {device}",
    )
