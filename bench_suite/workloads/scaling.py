"""The workload whose step is shared out over several devices: ``gpt`` in a shape that two, four and eight divide.

It says which axis of which parameter is split where a model is sharded by itself, and makes its reference on the spot,
for no file holds this shape. It knows no framework and no device.
"""

from __future__ import annotations

import msgspec

from speedscore.bench_suite.workloads import gpt, gpt_reference
from speedscore.bench_suite.workloads.gpt import Gpt
from speedscore.bench_suite.workloads.reference import Reference
from speedscore.bench_suite.workloads.reference_steps import make_reference

MODEL = "gpt"
MOST_DEVICES = 8
"""Batch, heads, width, vocabulary and context of the workload are multiples of it."""
_SPLIT_BY_COLUMNS = ("attn.query", "attn.key", "attn.value", "mlp.fc")
_SPLIT_BY_ROWS = ("attn.proj", "mlp.proj")


def make_workload() -> Gpt:
    """Smoke's sizes with one layer, and with as many examples and heads as there may be devices."""
    smoke = gpt.make("smoke")
    return msgspec.structs.replace(
        smoke,
        preset="scaling",
        batch=MOST_DEVICES,
        heads=MOST_DEVICES,
        layers=1,
        cut=f"{smoke.cut}; {MOST_DEVICES} examples and {MOST_DEVICES} heads, which the devices share",
    )


def make_timed_workload(preset: str) -> Gpt:
    """``gpt`` at ``preset`` in a shape that any number of devices divides: what real devices are timed on.

    The vocabulary is rounded up, as users of several devices pad it; examples and heads are at least as many as devices
    may be. Other heads of the same width together have the same FLOPs.
    """
    workload = gpt.make(preset)
    return msgspec.structs.replace(
        workload,
        batch=max(workload.batch, MOST_DEVICES),
        heads=max(workload.heads // MOST_DEVICES, 1) * MOST_DEVICES,
        vocabulary=-(-workload.vocabulary // MOST_DEVICES) * MOST_DEVICES,
        cut=f"{workload.cut}; examples, heads and vocabulary in multiples of {MOST_DEVICES}, which the devices share",
    )


def make_scaling_reference() -> Reference:
    """The float64 answer of ``make_workload``, in about a second."""
    workload = make_workload()
    return make_reference(workload, gpt_reference.method(layers=workload.layers, heads=workload.heads))


def split_axis(name: str) -> int | None:
    """The axis of a canonical parameter that devices share where the model is sharded; None where each has all of it.

    As in Shoeybi et al. 2019 (Megatron-LM, section 3): of attention and MLP the first products by columns, which are
    heads and hidden units, the second by rows; the embedding, which is the head too, by vocabulary.
    """
    layer, _, part = name.rpartition(".")
    if name == "wte.embedding":
        return 0
    if layer.endswith(_SPLIT_BY_COLUMNS):
        return 1 if part == "kernel" else 0
    if layer.endswith(_SPLIT_BY_ROWS):
        return 0 if part == "kernel" else None
    return None


def split_share(devices: int) -> float:
    """The part of the elements of all parameters that each device has where the model is sharded by ``split_axis``."""
    elements = {name: values.size for name, values in make_workload().parameters().items()}
    held = sum(size if split_axis(name) is None else size / devices for name, size in elements.items())
    return held / sum(elements.values())
