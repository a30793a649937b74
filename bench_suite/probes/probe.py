"""What a probe is, what answers it, and the families that there are kinds of. Text alone: nothing is asked here.

A family says which cases it has, by tables of text, so that collecting them imports no framework, and which function
asks one of them. ``families`` is the list of them.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework, is_importable
from speedscore.bench_suite.workloads.table import MODELS, Model
from speedscore.host.extras import install_command
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

if TYPE_CHECKING:
    from speedscore.bench_suite.probes.table import Table
    from speedscore.bench_suite.probes.tools import Tools
    from speedscore.record.probe_result import ProbeResult


class ProbeUnavailable(Exception):
    """The probe cannot be asked here. The message says what is missing and how to get it; it becomes a skip."""


class ProbeCase(msgspec.Struct, frozen=True, order=True):
    """One question to one framework."""

    family: str
    framework: str
    """An id of the table of frameworks."""
    subject: str = ""
    """A model, also with what is done to it; a mistake; empty where the question is about the framework as a whole."""
    target: str = ""
    """Where a model is to go, or to how many devices; empty where nothing goes anywhere."""
    device: DeviceName = "cpu"
    packages: tuple[str, ...] = ()
    """Importable names that it needs beside the framework's own."""
    is_quick: bool = False
    """Whether the README's first command, which has ten minutes for all, asks it too: pytest's mark ``quick``."""
    block: str = ""
    """Probes of one block are asked one after the other on one processor, and may share a process (see
    ``Tools.start_shared``); empty for one that shares nothing."""
    extra: str = "probes"
    """``pip install "speedscore[extra]"`` brings them."""

    @property
    def id(self) -> str:
        """The pytest id."""
        return "-".join(filter(None, (self.framework, self.subject, self.target, self.device)))

    @property
    def group(self) -> str:
        """The probes that stand in one table of pytest-benchmark: only the framework differs."""
        return " ".join(filter(None, (self.family, self.subject, self.target, self.device)))

    def absence(self) -> str:
        """Why it cannot be asked on this installation, by the names of packages alone; empty when it can be tried."""
        framework = FRAMEWORKS[self.framework]
        if missing := framework.missing_packages():
            return f"{self.framework} needs {', '.join(missing)}, not installed here: {framework.remedy}"
        missing = tuple(name for name in self.packages if not is_importable(name))
        if missing:
            return f"{self.family} needs {', '.join(missing)}, not installed here: {install_command(self.extra)}"
        return ""


class Answer(msgspec.Struct, frozen=True):
    """What a framework did when it was asked."""

    outcome: str
    """One of the family's ``outcomes``."""
    seconds: tuple[float, ...]
    """At least one, above 0: what the family's page says that they are the time of."""
    versions: dict[str, str]
    """Distribution → version, of all that took part; at least one."""
    reason: str = ""
    """The framework's own words where it refused."""
    observations: Mapping[str, Scalar] = {}
    measurements: Mapping[str, Sequence[float]] = {}
    """Metric of ``speedscore.record.metrics`` → samples."""


class Ask(Protocol):
    """Asks one probe, in processes that ``tools`` starts.

    Runs in a thread of pytest's process, beside others: it keeps nothing between two calls. Raises ProbeUnavailable
    where the question cannot be asked here. Any other exception means that the probe itself went wrong; what the
    framework raises in its process is caught by the family, and is an answer.
    """

    def __call__(self, case: ProbeCase, tools: Tools) -> Answer: ...


class Family(msgspec.Struct, frozen=True):
    """One kind of question."""

    name: str
    """Its test is ``test_<name>``."""
    title: str
    """What is asked, in words."""
    short: str
    """The same at the head of a line of a table, at most 16 characters."""
    cases: str
    """``module:function`` that returns the cases, ``Sequence[ProbeCase]``; reads text and imports no framework."""
    ask: str
    """``module:function`` that answers ``Ask``; imported only when a probe is asked."""
    outcomes: tuple[str, ...]
    """All that an answer may be, the best first."""
    joint: str = ", "
    """What stands between ``short`` and a target at the head of a line."""
    good: int = 1
    """How many of them, from the first on, the summary counts as good."""
    figure: str = ""
    """The metric whose median over a framework's answers says most; empty where it is said how many came out good."""
    figure_of: tuple[str, ...] = ()
    """The metrics that together are all of which the figure counts a part; empty where it is no part of anything."""
    tables: str = ""
    """``module:function`` that makes ``Sequence[Table]`` of all answers of a run, ``Sequence[ProbeResult]``: what the
    family has to tell beyond the summary's line. Empty where that is all."""
    control: str = ""
    """The family that proves this one: where its best outcome is not there for a framework and target, no answer of
    this family about them is published or scored."""
    is_control: bool = False
    """Whether it proves another family and says nothing of a framework."""
    limit_seconds: float = 180.0
    """All the time that one probe has; one that needs more is answered with what is known of a hang."""

    def list_cases(self) -> Sequence[ProbeCase]:
        return tuple(_cases(self.cases).values())

    def find(self, case_id: str) -> ProbeCase:
        """The case of that id. Raises KeyError where there is none."""
        return _cases(self.cases)[case_id]

    def make_tables(self, probes: Sequence[ProbeResult]) -> Sequence[Table]:
        return cast("Sequence[Table]", _load(self.tables)(probes)) if self.tables else ()

    def load_ask(self) -> Ask:
        return cast(Ask, _load(self.ask))


_OURS = "speedscore.bench_suite."


def libraries() -> tuple[Framework, ...]:
    """A line for each library that there is: the first of its package, which is written as its documentation teaches.

    The others are ways of running the same models, are tuned for speed, or run on several frameworks: a probe asks each
    of these about itself.
    """
    first = {line.package: line for line in reversed(FRAMEWORKS.values()) if line.style == "idiomatic"}
    return tuple(line for line in FRAMEWORKS.values() if first.get(line.package) is line)


def probed_frameworks() -> tuple[Framework, ...]:
    """Those of them that the suite itself brings: what a probe has to know of a framework lies in its folder."""
    return tuple(line for line in libraries() if line.builder.startswith(_OURS))


def probed_models() -> tuple[Model, ...]:
    """The models that the suite itself brings. Those of other packages are measured, and not asked about."""
    return tuple(model for model in MODELS.values() if model.workload.startswith(_OURS))


@functools.cache
def _cases(name: str) -> dict[str, ProbeCase]:
    return {case.id: case for case in cast(Sequence[ProbeCase], _load(name)())}


def _load(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)
