"""What pytest's side and a worker say to each other: requests and replies, one JSON line each, over two pipes.

The pipes carry nothing else: whatever a framework prints goes to the worker's log. Numbers cross, tensors never do.
"""

from __future__ import annotations

from typing import BinaryIO, Literal

import msgspec

from bench_suite.cases import Case
from bench_suite.frameworks.table import Framework
from bench_suite.record import Certificate, Scalar


class Setting(msgspec.Struct, frozen=True):
    """All that a worker must know before it imports anything heavy."""

    case: Case
    framework: Framework
    """The whole line of the table: a worker must not depend on who added it."""
    workload_module: str
    preset: str
    affinity: tuple[int, ...]
    """Processors that it may use; one thread runs on each."""
    scratch: str
    """An empty folder of its own, where every compilation cache is put."""


class Build(msgspec.Struct, frozen=True, tag=True):
    """Isolate yourself, import the framework, build the program."""

    setting: Setting


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Compile, take the first step, warm up, read memory and, if asked to, certify."""

    certify: bool
    round_seconds: float


class Measure(msgspec.Struct, frozen=True, tag=True):
    """Settle, then time one round."""

    steps: int


class Describe(msgspec.Struct, frozen=True, tag=True):
    """Say what ran."""


Request = Build | Prepare | Measure | Describe


class Built(msgspec.Struct, frozen=True, tag=True):
    workload: dict[str, Scalar]


class Prepared(msgspec.Struct, frozen=True, tag=True):
    stages_seconds: dict[str, float]
    """Seconds by compile stage, where the framework has stages ahead of the first step."""
    first_step_seconds: float
    time_to_first_step_seconds: float
    """The stages and the first step together."""
    memory_bytes: dict[str, int]
    """By definition."""
    certificate: Certificate | None
    steps_per_round: int


class Measured(msgspec.Struct, frozen=True, tag=True):
    seconds: float
    """Of the whole round, over its steps."""


class Described(msgspec.Struct, frozen=True, tag=True):
    program: dict[str, Scalar]
    worker: dict[str, Scalar]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The request could not be done."""

    kind: Literal["unavailable", "failed"]
    """``unavailable``: the framework cannot use the device, which is a skip. ``failed``: anything else."""
    message: str


Reply = Built | Prepared | Measured | Described | Refused

_ENCODER = msgspec.json.Encoder()
_REQUESTS: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_REPLIES: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def send(stream: BinaryIO, message: Request | Reply) -> None:
    """Write one message as one line. Raises OSError (a broken pipe) when the other side has gone."""
    stream.write(_ENCODER.encode(message) + b"\n")
    stream.flush()


def decode_request(line: bytes) -> Request:
    return _REQUESTS.decode(line)


def decode_reply(line: bytes) -> Reply:
    return _REPLIES.decode(line)
