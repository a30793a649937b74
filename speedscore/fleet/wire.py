"""What the parts of a fleet say to each other, in lines of JSON: driver, link to the cluster, processes of a machine.

Frozen records and their encoding; who sends them, and what they lead to, is decided elsewhere.
"""

from __future__ import annotations

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

MOST_MESSAGE_BYTES = 10 << 20
"""Of a report or an answer. In a line it is a third longer, and no line may have more than 16 MiB."""


class Do(msgspec.Struct, frozen=True):
    """For the process on a machine that does a piece, or tells what the machine is."""

    entry: str
    request: bytes
    keeps_log: bool = False
    """Whether the machine is to send what was printed, as a ``Log`` before the end."""


class Beat(msgspec.Struct, frozen=True, tag=True):
    """A sign of life."""


class Message(msgspec.Struct, frozen=True, tag=True):
    """What a piece tells before its end."""

    message: bytes


class Log(msgspec.Struct, frozen=True, tag=True):
    """What was printed where a piece was done; its end comes next."""

    content: bytes


class Done(msgspec.Struct, frozen=True, tag=True):
    """A piece has come to its end."""

    answer: bytes


class Raised(msgspec.Struct, frozen=True, tag=True):
    """A piece has raised an error."""

    reason: str


class Broke(msgspec.Struct, frozen=True, tag=True):
    """The process that did a piece has died or hangs; its machine has not."""

    reason: str


Sign = Beat | Message | Log | Done | Raised | Broke


class Description(msgspec.Struct, frozen=True):
    """What a machine says of itself."""

    host: str
    environment: dict[str, Scalar]
    packages: dict[str, str] = {}


class Begin(msgspec.Struct, frozen=True, tag=True):
    """Give the machine this piece; ``number`` names the placing."""

    number: int
    machine: str
    do: Do


class StopAll(msgspec.Struct, frozen=True, tag=True):
    """End what is being done, on all machines; they come back with another ``Joined``."""


class GiveBack(msgspec.Struct, frozen=True, tag=True):
    """Let another job have the machines that have answered, if one waits for them; each is asked for again."""


Command = Begin | StopAll | GiveBack


class Joined(msgspec.Struct, frozen=True, tag=True):
    """A machine has answered, and is free."""

    machine: str
    environment: dict[str, Scalar]
    devices: tuple[DeviceName, ...]
    packages: dict[str, str] = {}


class Left(msgspec.Struct, frozen=True, tag=True):
    """A machine has gone, and what it was doing."""

    machine: str
    reason: str


class Signed(msgspec.Struct, frozen=True, tag=True):
    """What came of the placing with that number."""

    number: int
    sign: Sign


class Standing(msgspec.Struct, frozen=True, tag=True):
    """How the cluster stands, said every few seconds."""

    absent: tuple[str, ...] = ()
    """Of the machines that do not answer, a sentence each."""
    absent_devices: tuple[DeviceName, ...] = ()
    """What those would have."""
    is_awaited: bool = False
    """Whether one of them may still answer, and has not just failed to start."""
    refused: tuple[str, ...] = ()
    """Of the machines that will not answer any more, a sentence each."""
    is_installing: bool = False
    """Whether packages are being installed on one of the absent."""


class Told(msgspec.Struct, frozen=True, tag=True):
    """What is being done on a machine before it answers."""

    line: str


class Stopped(msgspec.Struct, frozen=True, tag=True):
    """What was being done has been told to end, and nothing more will be heard of it."""


class Unreachable(msgspec.Struct, frozen=True, tag=True):
    """There is no cluster."""

    reason: str


News = Joined | Left | Signed | Standing | Told | Stopped | Unreachable

_do = msgspec.json.Decoder(Do)
_sign = msgspec.json.Decoder(Sign)
_command = msgspec.json.Decoder(Command)
_news = msgspec.json.Decoder(News)


def encode(said: Do | Sign | Command | News | Description) -> bytes:
    return msgspec.json.encode(said)


def decode_do(line: bytes) -> Do:
    return _do.decode(line)


def decode_sign(line: bytes) -> Sign:
    decoded: Sign = _sign.decode(line)
    return decoded


def decode_command(line: bytes) -> Command:
    decoded: Command = _command.decode(line)
    return decoded


def decode_news(line: bytes) -> News:
    decoded: News = _news.decode(line)
    return decoded


def decode_description(content: bytes) -> Description:
    return msgspec.json.decode(content, type=Description)
