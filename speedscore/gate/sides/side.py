"""One side of a gate as the gate sees it: what it is started with, the verbs it obeys, and what it answers.

A side is a pytest process (``side_process``), or whatever else obeys the same verbs. Nothing is started here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from speedscore.gate.checkouts.import_roots import ImportRoots
from speedscore.host.fields import Scalar
from speedscore.host.piped import ProcessLostError


class Trace(msgspec.Struct, frozen=True):
    """What a side is asked about what its tests depend on."""

    only: str = ""
    """A test file, relative to pytest's rootdir: it is collected alone, and all that it opens and imports is told.
    Empty for a guess about each test file, from the names in its module."""


class SideSpec(msgspec.Struct, frozen=True):
    """The code of one side, as it lies on the disk, and what runs it."""

    label: str
    """``base`` or ``head``."""
    description: str
    """As a person names it: ``origin/main (1a2b3c4)``."""
    root: Path
    """Where the repository, or the project that is none, begins."""
    project: Path
    """pytest's rootdir within it."""
    folder: Path
    """Where pytest is started."""
    python: str
    import_paths: tuple[Path, ...] = ()
    """Folders that stand first on the import path, before anything that is installed."""
    late_paths: tuple[Path, ...] = ()
    """Folders that stand last on it."""
    code: ImportRoots = ImportRoots()
    """From where the side's own code is imported: folders of its checkout, or of what was built from it."""
    distributions: tuple[str, ...] = ()
    """Names of the projects in its checkout, as they are installed."""
    is_built: bool = False
    """True where ``code`` is what was built from the checkout, and not the checkout itself."""
    own_environment: bool = False
    """True where all that is installed is this side's alone."""
    variables: Mapping[str, str] = {}
    """Of its environment, beside those that it inherits."""
    arguments: tuple[str, ...] = ()
    """Of the command line, without the gate's own, as they stand for this checkout."""
    trace: Trace | None = None
    """None where nothing is asked."""


class CollectedCase(msgspec.Struct, frozen=True):
    """A test that uses the benchmark fixture."""

    id: str
    group: str
    source: str
    """A digest of the test function's own source; empty where it has none."""


class SideCollection(msgspec.Struct, frozen=True, tag_field="event", tag="collected"):
    """What a side has collected."""

    cases: tuple[CollectedCase, ...]
    errors: tuple[str, ...]
    python: str
    """Version of its interpreter."""
    import_seconds: float | None = None
    """What it took to load plugins, conftest files and test modules; None where that was not asked for."""
    tests: int = 0
    """All tests that were selected, benchmarks or not."""
    left_out: int = 0
    """Benchmarks that the command line deselects, as by ``-k``."""
    reaches: dict[str, tuple[str, ...]] = {}
    """Where a guess is asked: by test file the files of the checkout, relative to its root, that its names and its
    fixtures' modules lead to; ``*/pkg/mod.*`` is a module that was built, from a file of that name somewhere."""
    fixture_users: dict[str, tuple[int, ...]] = {}
    """By ``FixtureSetUp.fixture`` the places in ``cases`` of those that use it, as far as their signatures say."""


class FixtureSetUp(msgspec.Struct, frozen=True, tag_field="event", tag="fixture"):
    """Which fixture is being made."""

    name: str
    """Empty where that is over."""
    fixture: str = ""
    """Where it is defined, and its name: several may have that."""


class Ready(msgspec.Struct, frozen=True, tag_field="event", tag="ready"):
    """The test has reached its benchmark and is warm."""

    iterations: int
    most_rounds: int


class Timed(msgspec.Struct, frozen=True, tag_field="event", tag="round"):
    """One round."""

    seconds: float
    """Of one iteration."""
    cpu_seconds: float
    """Processor time of the same, over all threads of the process."""
    preempted_seconds: float = 0.0
    """Part of ``seconds`` in which others had the processor that it wanted; 0 where that cannot be told."""
    involuntary_switches: int | None = None
    """How often in the round a thread of the process lost its processor to another; None where that is not known, as
    where child processes do the work."""

    @property
    def own_seconds(self) -> float:
        """What an iteration took without what others took from it; 0 where the timer stood still."""
        return max(0.0, self.seconds - self.preempted_seconds)


class SampledFunction(msgspec.Struct, frozen=True):
    """A Python function in which a sample found the benchmark."""

    name: str
    """Qualified, as ``Parser.parse``."""
    file: str
    """As the interpreter has it; ``source_places`` makes of it what both sides call it."""
    line: int
    """Where it begins."""
    own: bool = False
    """Whether its file is of the side's own code; known once it is placed."""


class Observed(msgspec.Struct, frozen=True, tag_field="event", tag="observed"):
    """Where the time of rounds went that were looked into, and not timed for a verdict."""

    calls: int
    """Of the benchmark's function."""
    seconds: float
    """Of all of them."""
    functions: tuple[SampledFunction, ...] = ()
    stacks: tuple[tuple[tuple[int, ...], float], ...] = ()
    """The functions that called one another, from the outermost, by their place in ``functions``; and the seconds."""
    operators: Mapping[str, tuple[float, float]] = {}
    """By operator of a framework's own profiler how often a call runs it, and the seconds that it takes itself."""
    failed: str = ""
    """Why there is no more to tell, where something was tried in vain."""


class Finished(msgspec.Struct, frozen=True, tag_field="event", tag="finished"):
    """The test has ended."""

    outcome: str
    """``passed``, ``failed``, ``skipped``, or ``absent`` where this process has no test of that id."""
    reason: str
    not_comparable: str = ""
    """Why its rounds say nothing, although the test passed."""
    conditions: Mapping[str, str] = {}
    """What must be equal on both sides for their times to be of the same thing: clock, garbage collection, and the
    test's parameters, as far as they have a text that is the same in every process."""
    peak_bytes: int | None = None
    """Largest resident size of the process during the test."""
    identity: Mapping[str, Scalar] | None = None
    """What must be equal on both sides for the case to be the same one."""
    memory_bytes: float | None = None
    """The case's own memory figure, where the process's resident size says nothing about it."""
    counts: Mapping[str, float] | None = None
    """What was counted and not measured, by name."""
    higher_is_better: tuple[str, ...] = ()
    """Names of counts of which a fall is a regression, not a rise."""
    stages_seconds: Mapping[str, float] | None = None
    """By stage, before the rounds; None where that was not asked for."""
    round_stages_seconds: Mapping[str, float] | None = None
    """By stage, of one iteration of a round."""
    shared_seconds: float = 0.0
    """What it took to make fixtures that other tests use, too, and that this test was the first to ask for."""


class Dependencies(msgspec.Struct, frozen=True):
    """What the benchmarks of one test file depend on in their checkout; paths are relative to its root."""

    files: tuple[str, ...]
    """That were imported or opened, those that are not there included."""
    folders: tuple[str, ...] = ()
    """That were listed."""
    doubt: str = ""
    """Why there may be others; empty where there is no reason to think so."""


class Ended(msgspec.Struct, frozen=True, tag_field="event", tag="ended"):
    """The side will run no further case."""

    foreign: Mapping[str, str]
    """Modules that its checkout holds and that came from elsewhere, each with the file."""
    extensions: tuple[str, ...] = ()
    """Compiled modules that were built beside the sources of its checkout."""
    unbuilt: tuple[str, ...] = ()
    """Compiled modules that its code looked for, that its checkout has not been built for, and without which it ran."""
    dependencies: Dependencies | None = None
    """Of the one test file that was collected, where that was asked."""
    accelerators: tuple[str, ...] = ()
    """Devices that its process holds open, of which a machine has few: two benchmarks at once would share one."""


class CaseRequest(msgspec.Struct, frozen=True):
    """A test that a side is to run."""

    case: str
    next: str | None
    """The test after this one, so that fixtures of a wider scope live as long as they would in an ordinary session."""
    processors: tuple[int, ...] | None
    """None leaves them as they are."""
    iterations: int | None
    """Of a round; None where this has yet to be found out."""


class SideWaitsError(ProcessLostError):
    """The side waits for something that does not come."""

    def __init__(self, message: str, *, fixture: str) -> None:
        super().__init__(message)
        self.fixture = fixture
        """``FixtureSetUp.fixture`` of the one that it was making; empty where that was none."""


class Side(Protocol):
    """A living side. Whatever it does not do as agreed raises ProcessLostError."""

    @property
    def spec(self) -> SideSpec: ...

    @property
    def process_id(self) -> int | None:
        """None where it is no process that could be looked into."""

    def collected(self) -> SideCollection:
        """Wait for what it has collected."""

    def begin(self, request: CaseRequest, *, extra_work: float) -> None:
        """Let it run a test, up to its benchmark; ``extra_work`` is added to each round, as a share of its time."""

    def ready(self) -> Ready | Finished:
        """Wait until the test is warm, or has ended without coming to a benchmark. Raises SideWaitsError where it
        waits itself, for what the other side may hold."""

    def agree(self, iterations: int) -> None:
        """Tell it how many iterations a round has on both sides."""

    def round(self) -> Timed | Finished:
        """One round, or the end of a test that failed in it; the side is frozen again when the round is over."""

    def observe(self, iterations: int, *, most_rounds: int, seconds: float, sampled: bool) -> Observed | Finished:
        """Instead of ``agree`` and rounds: rounds for about so long that are looked into, or the end of a test that
        failed in one. ``sampled`` says whether the side is to take samples of its own."""

    def enough(self) -> None:
        """Let the test go on to its end."""

    def finished(self) -> Finished:
        """Wait for the end of the test."""

    def end(self) -> Ended:
        """Let it run no further case."""

    def freeze(self) -> None:
        """Stop it until it is spoken to."""

    def kill(self) -> None:
        """End it, and all that it started, at once: any thread may. Whoever waits for it hears that it is lost."""

    def close(self) -> None:
        """End it, and all that it started, and give back what it held. For the thread that speaks to it."""


class StartSide(Protocol):
    """The way in which a gate starts a side."""

    def __call__(self, spec: SideSpec, *, other: SideSpec, hash_seed: int, most_seconds: float | None) -> Side:
        """``hash_seed`` is the same on both sides of a pair, so that the layout of sets and dictionaries is, too.

        A side that has not answered after ``most_seconds`` of its life raises BudgetSpentError; None is without limit.
        """
