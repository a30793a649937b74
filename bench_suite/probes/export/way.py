"""One way from a framework to a target, walked: the two processes at its ends, and what is carried between them.

It says where the way ended, and judges nothing.
"""

from __future__ import annotations

import pkgutil
import shutil
from pathlib import Path
from typing import Any, Literal

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.export import native, parity, running
from speedscore.bench_suite.probes.export.refusals import first_words, kind_of
from speedscore.bench_suite.probes.export.targets import TARGETS, Route, Target, find_route
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.probes.process import Lost, ProbeProcess, Raised
from speedscore.bench_suite.probes.tools import Tools

ROUNDS = 5
CALLS_PER_ROUND = 10
"""Calls of one side before the other takes its turn."""
_NATIVE = native.__name__
_RUNNING = running.__name__


_CONVERTED = "converted.json"
"""What the converter said, beside its artefact."""


class Stopped(Exception):
    """The way ended here."""

    def __init__(self, outcome: Literal["not converted", "does not run"], error: Raised | Lost) -> None:
        super().__init__(first_words(error))
        self.outcome = "crashed" if isinstance(error, Lost) else outcome
        self.kind = kind_of(error)


class Converted(msgspec.Struct, frozen=True):
    """What the converter says of the artefact."""

    artefact: str
    tool: str
    seconds: float


class LoadTest(msgspec.Struct, frozen=True):
    """What a served model did while several clients asked it; see ``serving.clients``."""

    latency_seconds: list[float]
    """Of each request that was answered."""
    failures: list[str]
    """What came instead of an answer, one a request."""
    seconds: float
    """From the first request to the last answer."""
    largest_relative_error: float | None
    """Over all answers; None where it is infinite, or where there was none."""


class Way:
    """One way from a framework to a target, with the two processes at its ends."""

    def __init__(self, case: ProbeCase, tools: Tools) -> None:
        self.case = case
        self.route: Route = find_route(case.framework, case.target)
        self.target: Target = TARGETS[case.target]
        self.tools = tools
        self._needed: dict[str, Any] = {}
        if self.target.needs:
            self._needed = tools.wait_for(pkgutil.resolve_name(self.target.needs))
        if self.target.hosts:
            self._needed["opener"] = TARGETS[self.route.takes].load
        self._opened: dict[str, str] = {}
        environment = self.route.environment
        self._python = tools.environment(environment) if environment else None
        self._built: tuple[str, ...] = ()
        """Framework, model and flipped weights, and where they were built."""
        # Importing and building take longer than most conversions: the targets of one model share the process.
        self.framework, _ = tools.start_shared(f"framework{environment}", python=self._python)

    def build(self, *, model: str, flipped: str = "") -> None:
        """A model that the suite certifies elsewhere: what goes wrong here is no answer."""
        self._built = (self.case.framework, model, flipped, self.route.environment)
        self.framework.call(
            f"{_NATIVE}:build", framework=self.case.framework, model=model, preset=self.tools.preset, flipped=flipped
        )

    def convert(self, folder: Path) -> Converted:
        """Convert what was built into ``folder``, which gets the framework's own answers, too.

        An artefact that several targets take is converted once a session.
        """
        shutil.copytree(self.tools.kept.folder(*self._built, self.route.convert, make=self._convert_into), folder)
        return msgspec.json.decode((folder / _CONVERTED).read_bytes(), type=Converted)

    def _convert_into(self, folder: Path) -> None:
        # Once and for all targets, before any converter has had the model in its hands.
        answers = self.tools.kept.folder(
            *self._built, make=lambda path: self.framework.call(f"{_NATIVE}:answer", folder=str(path))
        )
        shutil.copytree(answers, folder, dirs_exist_ok=True)
        try:
            converted = self.framework.call(f"{_NATIVE}:convert", converter=self.route.convert, folder=str(folder))
        except (Raised, Lost) as error:
            raise Stopped("not converted", error) from None
        (folder / _CONVERTED).write_bytes(msgspec.json.encode(msgspec.convert(converted, Converted)))

    def start_runtime(self) -> ProbeProcess:
        self.framework.freeze()
        return self.tools.start(python=self._python if self.route.runs_there else None)

    def run(self, runtime: ProbeProcess, folder: Path, converted: Converted) -> float:
        """Open the artefact and run one example. Returns the relative error."""
        try:
            opened = runtime.call(self.target.load, folder=str(folder), artefact=converted.artefact, **self._needed)
            self._opened = opened or {}
            return self.run_batch(runtime, folder, size=native.BATCHES[0])
        except (Raised, Lost) as error:
            raise Stopped("does not run", error) from None

    def run_batch(self, runtime: ProbeProcess, folder: Path, *, size: int) -> float:
        """Run a batch through the open artefact. Returns the relative error; raises Raised and Lost."""
        answers = folder / f"answers-{size}.npy"
        runtime.call(f"{_RUNNING}:run", examples=str(folder / f"examples-{size}.npy"), answers=str(answers))
        return parity.read_error(answers, folder / f"native-{size}.npy")

    def try_other_batch(self, runtime: ProbeProcess, folder: Path) -> float | None:
        """The relative error of a batch of another size; None where the artefact is made for one size alone.

        Raises Stopped where the runtime does not refuse it, but dies or hangs.
        """
        try:
            error = self.run_batch(runtime, folder, size=native.BATCHES[1])
        except Raised:
            return None
        except Lost as lost:
            raise Stopped("does not run", lost) from None
        # What comes back in another shape was cut to the size that it was made for.
        return None if error == float("inf") else error

    def time_both(self, runtime: ProbeProcess, folder: Path) -> dict[str, list[float]]:
        """Seconds of single calls on one example, in the runtime and in the framework, by turns.

        Raises Stopped where the runtime does not last so many calls.
        """
        size = native.BATCHES[0]
        there, here = str(folder / f"examples-{size}.npy"), str(folder / f"canonical-{size}.npy")
        seconds: dict[str, list[float]] = {"runtime_latency_seconds": [], "native_latency_seconds": []}
        for round_ in range(ROUNDS + 1):
            try:
                in_runtime = runtime.call(f"{_RUNNING}:time_calls", examples=there, calls=CALLS_PER_ROUND)
            except (Raised, Lost) as error:
                raise Stopped("does not run", error) from None
            runtime.freeze()
            in_framework = self.framework.call(f"{_NATIVE}:time_calls", examples=here, calls=CALLS_PER_ROUND)
            self.framework.freeze()
            if round_:  # the first warms up
                seconds["runtime_latency_seconds"] += in_runtime
                seconds["native_latency_seconds"] += in_framework
        return seconds

    def versions(self, runtime: ProbeProcess | None = None) -> dict[str, str]:
        distributions = FRAMEWORKS[self.case.framework].distributions
        versions = self.framework.versions(*distributions, *self.route.distributions)
        if runtime is None:
            return versions
        hosted = TARGETS[self.route.takes].distributions if self.target.hosts else ()
        return versions | runtime.versions(*self.target.distributions, *hosted) | self._opened


def ask_at_once(target: Target, runtime: ProbeProcess, *, folder: Path, measurements: dict[str, list[float]]) -> float:
    """Let several clients ask at once, and note what that came to. Returns the largest relative error of an answer.

    Raises Stopped where a request failed.
    """
    try:
        served = msgspec.convert(runtime.call(target.load_test, folder=str(folder)), LoadTest)
    except (Raised, Lost) as error:
        raise Stopped("does not run", error) from None
    measurements |= {
        "served_requests": [float(len(served.latency_seconds))],
        "failed_requests": [float(len(served.failures))],
        "serving_seconds": [served.seconds],
    }
    if served.latency_seconds:
        measurements["request_latency_seconds"] = served.latency_seconds
    if served.failures:
        asked = len(served.latency_seconds) + len(served.failures)
        words = f"{len(served.failures)} of {asked} requests failed, the first so: {served.failures[0]}"
        raise Stopped("does not run", Raised(type_name="HTTP", module="", message=words, traceback=""))
    return served.largest_relative_error if served.largest_relative_error is not None else float("inf")
