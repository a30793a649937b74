"""What pytest's side and a worker say to each other: requests and replies, one JSON line each, over two pipes.

The pipes carry nothing else: whatever a framework prints goes to the worker's log. Numbers cross, tensors never do.
Each request has a number and the worker's secret, which the reply repeats: what a program writes to the pipe is not
taken for the worker. That guards against accidents and plain forgery; code in the worker's own process that searches
its memory could still find the secret.
"""

from __future__ import annotations

from typing import BinaryIO, Literal

import msgspec

from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.matrix.cases import Cell
from speedscore.bench_suite.workloads.presets import STANDARD_GAUGING, STANDARD_WARM_UP, Gauging, WarmUp
from speedscore.host.fields import Scalar
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.phases import Role
from speedscore.record.run_record import Certificate, Check

Elements = dict[str, tuple[float, ...]]
"""Some elements of each tensor, by its name."""


class RoundPlan(msgspec.Struct, frozen=True):
    """What one round did, so that it can be done again."""

    batch: int
    """The number of its batch."""
    settling: int
    """Steps before the timed ones."""
    steps: int


class Setting(msgspec.Struct, frozen=True):
    """All that a worker must know before it imports anything heavy."""

    cell: Cell
    framework: Framework
    """The whole line of the table: a worker must not depend on who added it."""
    implementation: str
    """The module that writes the model in the framework."""
    workload_module: str
    preset: str
    affinity: tuple[int, ...]
    """Processors that it may use; one thread runs on each."""
    scratch: str
    """An empty folder of its own, for its log and whatever else it writes."""
    caches: str
    """Where every compilation cache is put: empty for a cold start, else as an earlier worker of the cell left it."""
    task_options: dict[str, Scalar] | None = None
    """What ``make`` of a task's workload takes beside preset and name; None where the cell holds a model."""


class Build(msgspec.Struct, frozen=True, tag=True):
    """Isolate yourself, import the framework, make the workload."""

    setting: Setting


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Build the program of a role, compile it, take its first step, warm up, read memory, certify."""

    role: Role
    round_seconds: float
    warm_up: WarmUp = STANDARD_WARM_UP


class LoadWeights(msgspec.Struct, frozen=True, tag=True):
    """Go back to the canonical weights, before the batch of the next round is known."""

    role: Role


class DrawBatch(msgspec.Struct, frozen=True, tag=True):
    """Make the batch, or the arguments, of a number on the host; the program is not given them yet."""

    role: Role
    batch: int


class Settle(msgspec.Struct, frozen=True, tag=True):
    """Give the program what was drawn, and run steps that the worker does not time.

    pytest's side times the request as a whole: nothing is in it but the program's own copy and its steps.
    """

    role: Role
    steps: int


class TimeRound(msgspec.Struct, frozen=True, tag=True):
    """Time one round, and do nothing else: pytest's side times the request as a whole."""

    role: Role
    steps: int


class Show(msgspec.Struct, frozen=True, tag=True):
    """Tell what the last round of a role has left: some elements of its logits, or of its weights."""

    role: Role
    draw: int
    """Says which elements; drawn when the round is over."""


class Repeat(msgspec.Struct, frozen=True, tag=True):
    """Do rounds of a role over again without timing them, and tell what they leave; the program stays there.

    Training begins at the canonical weights.
    """

    role: Role
    rounds: tuple[RoundPlan, ...]
    draw: int
    looked_at: int = 0
    """The step of the last round before which training is asked for its loss and gradients; counts from 0."""


class CertifyAgain(msgspec.Struct, frozen=True, tag=True):
    """Compare what the rounds have left of a role's program with its workload; no round of it follows."""

    role: Role
    limit_seconds: float
    """Where training is near its canonical weights yet, so long may it go on first."""


class Gauge(msgspec.Struct, frozen=True, tag=True):
    """Measure what the figures are held against: a matrix product on this processor, an empty step of the program."""

    gauging: Gauging = STANDARD_GAUGING


class Profile(msgspec.Struct, frozen=True, tag=True):
    """Run a few more steps of a role under its framework's own profiler; no round of any role follows."""

    role: Role


class Describe(msgspec.Struct, frozen=True, tag=True):
    """Say what ran."""

    role: Role


Request = (
    Build
    | Prepare
    | LoadWeights
    | DrawBatch
    | Settle
    | TimeRound
    | Show
    | Repeat
    | CertifyAgain
    | Gauge
    | Profile
    | Describe
)


class Built(msgspec.Struct, frozen=True, tag=True):
    workload: dict[str, Scalar]
    flops: dict[Role, int]
    """Model FLOPs of one step or pass."""


class Prepared(msgspec.Struct, frozen=True, tag=True):
    stages_seconds: dict[str, float]
    """By stage, where the framework has any ahead of the first step: making the optimizer, compiling."""
    first_step_seconds: float
    time_to_first_step_seconds: float
    """The stages and the first step together."""
    memory_bytes: dict[str, int]
    """By definition; what cannot be told from the programs that the process built before is left out."""
    certificate: Certificate
    steps_per_round: int
    counts: dict[str, int]
    """Of the program, the same in every process: no clock is needed to compare them. By name, as ``Program.counts``."""
    from_cache: bool | None = None
    """Whether the compiler's work came from the caches; None where the framework does not tell, or keeps none."""
    compiles: bool = True
    """False of a program that says of itself that no part of it is compiled."""


class Done(msgspec.Struct, frozen=True, tag=True):
    """What was asked is done, and there is nothing to tell of it."""


class Settled(msgspec.Struct, frozen=True, tag=True):
    loss: float | None
    """Of the last step of training."""


class TimedRound(msgspec.Struct, frozen=True, tag=True):
    seconds: float
    """Of the whole round, over its steps."""
    loss: float | None = None
    """Of the last step of training."""


class Shown(msgspec.Struct, frozen=True, tag=True):
    elements: Elements
    loss: float | None = None
    """Of the last step of training."""
    size: int = 0
    """Elements that there are of logits or results."""


class Repeated(msgspec.Struct, frozen=True, tag=True):
    elements: tuple[Elements, ...]
    """After the last round; of passes and tasks after each."""
    losses: tuple[float, ...] = ()
    """Of each step of the last round of training."""
    wanted_loss: float | None = None
    """What the loss of the step that was looked at must be, by the weights before it."""
    stuck: str = ""
    """A tensor that has a gradient and that this step did not move."""


class CertifiedAgain(msgspec.Struct, frozen=True, tag=True):
    checks: tuple[Check, ...]
    """All passed."""


class Gauged(msgspec.Struct, frozen=True, tag=True):
    gemm_flops_per_second: float | None
    """None on an accelerator, which has a peak of its own."""
    dispatch_seconds: tuple[float, ...]
    """Of one empty step, by sample; empty where the framework cannot empty a step or nothing was trained."""


class Profiled(msgspec.Struct, frozen=True, tag=True):
    paths: tuple[str, ...] = ()
    """The files of the profile, each named for its form, in the worker's scratch folder: they go when it is closed."""
    reason: str = ""
    """Why there are none."""


class Described(msgspec.Struct, frozen=True, tag=True):
    program: ProgramDescription
    worker: WorkerDescription


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The request could not be done."""

    kind: Literal["unavailable", "failed"]
    """``unavailable``: the framework cannot use the device, which is a skip. ``failed``: anything else."""
    message: str


Reply = (
    Built
    | Prepared
    | Done
    | Settled
    | TimedRound
    | Shown
    | Repeated
    | CertifiedAgain
    | Gauged
    | Profiled
    | Described
    | Refused
)


class Asked(msgspec.Struct, frozen=True):
    """A request on its way."""

    number: int
    """Counts up from 1; the reply repeats it."""
    secret: str
    """The worker's own, which its reply repeats, so that nothing else that writes to the pipe passes for the worker."""
    request: Request


class Answered(msgspec.Struct, frozen=True):
    """A reply on its way."""

    number: int
    secret: str
    reply: Reply


_ENCODER = msgspec.json.Encoder()
_ASKED: msgspec.json.Decoder[Asked] = msgspec.json.Decoder(Asked)
_ANSWERED: msgspec.json.Decoder[Answered] = msgspec.json.Decoder(Answered)


def encode(message: Asked | Answered) -> bytes:
    """One line, without its end."""
    return _ENCODER.encode(message)


def send(stream: BinaryIO, message: Asked | Answered) -> None:
    """Write one message as one line. Raises OSError (a broken pipe) when the other side has gone."""
    stream.write(encode(message) + b"\n")
    stream.flush()


def decode_asked(line: bytes) -> Asked:
    return _ASKED.decode(line)


def decode_answered(line: bytes) -> Answered | None:
    """None for what no worker writes."""
    try:
        return _ANSWERED.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
