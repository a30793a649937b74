"""What the session that leads a fleet and a machine that measures a block say to each other.

Frozen records, encoded as JSON. A machine is told all that it needs, with the lines of the tables that other packages
brought, for it asks no plugins.
"""

from __future__ import annotations

import msgspec

from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.bench_suite.workloads.table import Model, Task
from speedscore.host.fields import Scalar
from speedscore.record.run_record import CaseResult


class Request(msgspec.Struct, frozen=True):
    """One block, and how it is to be measured."""

    cases: dict[str, Case]
    """Node id → case; all are of one block."""
    preset: Preset
    processes: int
    seed: int
    environment: dict[str, Scalar]
    """That of the session that leads, which every machine must match."""
    allow: tuple[str, ...] = ()
    """Fields of the environment that may differ all the same."""
    budget_seconds: float | None = None
    """The block's own share of the session's budget."""
    frameworks: tuple[Framework, ...] = ()
    models: tuple[Model, ...] = ()
    tasks: tuple[Task, ...] = ()


class Said(msgspec.Struct, frozen=True, tag=True):
    """One line of progress."""

    line: str


class Known(msgspec.Struct, frozen=True, tag=True):
    """What became of cases; a later word on a case takes the place of an earlier one."""

    cases: tuple[CaseResult, ...]


Message = Said | Known
_message: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(message: Request | Message) -> bytes:
    return msgspec.json.encode(message)


def decode_request(content: bytes) -> Request:
    """Raises msgspec.DecodeError where it is none of this release."""
    return msgspec.json.decode(content, type=Request)


def decode_message(content: bytes) -> Message:
    """Raises msgspec.DecodeError where it is none of this release."""
    return _message.decode(content)
