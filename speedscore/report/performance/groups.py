"""The cases that stand side by side in one block of the performance tab: of one run, machine, device, precision, phase
and model.

Cases of two runs, or of two machines of one, were no neighbours, so each has groups of its own. Nothing is measured or
judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.bench_suite.session.group_ratios import GroupRatios, compiles_nothing, middle
from speedscore.record.machines import OWN, measured_by_machine
from speedscore.record.phases import PHASES, DeviceName, Phase, PhaseSpec, named_place
from speedscore.record.run_record import CaseResult
from speedscore.report.blocks import Cell
from speedscore.report.content import Content
from speedscore.report.identifiers import block_id, case_id
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import duration


class Group(msgspec.Struct, frozen=True):
    """At least one selected case; perhaps none that was measured."""

    run: NamedRun
    run_title: str
    """The run's short name where the report has several, and the machine where the run's figures are of several; else
    empty."""
    device: DeviceName
    precision: str
    phase: Phase
    model: str
    measured: tuple[CaseResult, ...]
    """The fastest first, and last those that compile nothing where compiling is measured."""
    unmeasured: tuple[CaseResult, ...]

    @property
    def place(self) -> str:
        """As in ``CaseResult.place``."""
        return named_place(self.device, self.precision)

    @property
    def spec(self) -> PhaseSpec:
        return PHASES[self.phase]

    @property
    def fastest(self) -> CaseResult:
        """Raises IndexError where nothing was measured."""
        return self.measured[0]

    @property
    def frameworks(self) -> list[str]:
        """Of the measured cases, in their order."""
        return [case.framework for case in self.measured]

    @property
    def ratios(self) -> GroupRatios:
        return GroupRatios(self.run.record.ratios, self.measured[0])

    @property
    def title(self) -> str:
        """As in ``training of gpt on cpu``."""
        of_run = f", {self.run_title}" if self.run_title else ""
        return f"{self.spec.title} of {self.model} on {self.place}{of_run}"

    @property
    def tags(self) -> dict[str, str]:
        own = {"device": self.place, "phase": self.spec.title, "model": self.model}
        return {"run": self.run_title} | own if self.run_title else own

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.run.name,)

    def id(self, kind: str) -> str:
        """The id of one of its blocks."""
        return block_id(kind, self.place, self.phase, self.model, *([self.run_title] if self.run_title else []))

    def name_cell(self, case: CaseResult) -> Cell:
        """The framework with its mark, which leads to the case."""
        return Cell(case.framework, series=case.framework, detail=case_id(self.run, case))

    def figure_cell(self, case: CaseResult) -> Cell:
        """The case's own figure, which leads to the case."""
        return Cell(duration(middle(case)), value=middle(case), detail=case_id(self.run, case))


def find_groups(content: Content) -> tuple[Group, ...]:
    """Every group of every run, in the order of runs, devices, phases and models; what was measured before what was not
    even tried, so that a reader meets figures first."""
    titles = run_titles(content.runs)
    machines = {run.name: len(measured_by_machine(run.record)) for run in content.runs}
    members: dict[tuple[str, str, Phase, str], dict[str, list[tuple[NamedRun, CaseResult]]]] = {}
    # What was measured first, for it says of which machines there are groups.
    for run, case in sorted(content.cases, key=lambda pair: pair[1].status != "measured"):
        places = members.setdefault((run.name, case.place, case.phase, case.model), {})
        machine = case.machine if case.status == "measured" else next(iter(places), case.machine)
        places.setdefault(machine, []).append((run, case))
    groups = [
        _group(pairs, _title(titles[pairs[0][0].name], machine if machines[pairs[0][0].name] > 1 else None))
        for places in members.values()
        for machine, pairs in sorted(places.items())
    ]
    order = {run.name: place for place, run in enumerate(content.runs)}
    return tuple(sorted(groups, key=lambda group: (not group.measured, order[group.run.name])))


def run_titles(runs: Sequence[NamedRun]) -> dict[str, str]:
    """A short name for each run that holds cases, by its whole name; empty for the only one."""
    names = [run.name for run in runs if run.record.cases]
    if len(names) < 2:
        return dict.fromkeys(names, "")
    stems = [Path(name).stem for name in names]
    if len({block_id(stem) for stem in stems}) < len(stems):
        stems = [f"{stem} ({place})" for place, stem in enumerate(stems, start=1)]
    return dict(zip(names, stems, strict=True))


def _title(run_title: str, machine: str | None) -> str:
    """Of a run and one of its machines, which are None where it has one only."""
    return ", ".join(filter(None, (run_title, "" if machine is None else one_line(machine) or OWN)))


def _group(pairs: Sequence[tuple[NamedRun, CaseResult]], title: str) -> Group:
    run, first = pairs[0]
    cases = [case for _, case in pairs]
    measured = [case for case in cases if case.status == "measured"]
    return Group(
        run=run,
        run_title=title,
        device=first.device,
        precision=first.precision,
        phase=first.phase,
        model=first.model,
        measured=tuple(sorted(measured, key=lambda case: (compiles_nothing(case), middle(case)))),
        unmeasured=tuple(case for case in cases if case.status != "measured"),
    )
