"""A throughput that others publish of one accelerator, and how near a run comes to it there.

It is no claim about two frameworks: it says what a model does where it is run well, so a run at under half of it has a
defect, in the suite or on the machine. It is held against cases of the published size alone, on the same kind of device
and in the same precision; on other hardware of the kind the judgement says so. Nothing here enters a score.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.machines import machine_of
from speedscore.record.phases import DeviceName
from speedscore.record.rounds import figure_of_rounds
from speedscore.record.run_record import CaseResult
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.facts.fact import FactError, first_day
from speedscore.scoring.facts.snapshots import fixtures_folder
from speedscore.scoring.facts.toml_file import TomlError, read_toml
from speedscore.text.cleaning import is_name, one_line

DEFECT_BELOW = 0.5
"""A run that reaches less than this fraction of a published figure has a defect to find."""


class PublishedFigure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much of a model's training one accelerator does in a second."""

    id: str
    framework: str
    """Fixture folder, as in ``pytorch``."""
    text: str
    """What was run, in our words."""
    model: str
    """A model of the matrix."""
    value: float
    unit: Literal["examples/s", "tokens/s"]
    hardware: str
    device: DeviceName
    precision: str
    """Written as a case has it, as in ``bfloat16``."""
    by: str
    as_of: str
    """``YYYY-MM`` or ``YYYY-MM-DD``."""
    source: str
    url: str = ""
    shape: dict[str, Scalar] = {}
    """Fields of the workload that must be the same."""

    def __post_init__(self) -> None:
        for name in ("id", "framework", "text", "model", "hardware", "precision", "by", "source"):
            text = getattr(self, name)
            if not text.strip() or not is_name(text):
                raise ValueError(f"{name} is not one line of plain text: {one_line(text)!r}")
        first_day(self.as_of)
        if not 0.0 < self.value < float("inf"):
            raise ValueError(f"value is {self.value:g}; expected a throughput above 0")
        if self.url and not self.url.startswith("https://"):
            raise ValueError(f"url {one_line(self.url)!r} does not begin with https://")


class HeldFigure(msgspec.Struct, frozen=True):
    """A published figure and the fastest case that can be held against it."""

    figure: PublishedFigure
    reason: str = ""
    """Why none can; empty where one is."""
    run: str = ""
    machine: str = ""
    line: str = ""
    nodeid: str = ""
    value: float | None = None
    """Measured, in the figure's unit."""

    @property
    def fraction(self) -> float | None:
        """Measured over published; None where nothing is held against it."""
        return None if self.value is None else self.value / self.figure.value


class _FiguresFile(msgspec.Struct, forbid_unknown_fields=True):
    figures: list[PublishedFigure]


def shipped_figures() -> tuple[PublishedFigure, ...]:
    """All that come with the package. Raises FactError."""
    return tuple(
        figure
        for path in sorted((fixtures_folder() / "claims" / "published").glob("*.toml"))
        for figure in load_figures(path)
    )


def load_figures(path: Path) -> tuple[PublishedFigure, ...]:
    """The figures of one file. Raises FactError."""
    try:
        return tuple(msgspec.convert(read_toml(path), type=_FiguresFile).figures)
    except TomlError as error:
        raise FactError(str(error)) from error
    except msgspec.ValidationError as error:
        raise FactError(f"{path}: {one_line(str(error))}") from error


def hold_figures(figures: Sequence[PublishedFigure], evidence: Evidence) -> tuple[HeldFigure, ...]:
    """Each figure beside the fastest case of its framework, those furthest below first."""
    held = [_hold(figure, evidence) for figure in figures]
    return tuple(sorted(held, key=lambda each: (each.fraction is None, each.fraction or 0.0)))


def _hold(figure: PublishedFigure, evidence: Evidence) -> HeldFigure:
    trained = [
        measured
        for measured in evidence.timed.get(figure.device, ())
        if (measured.case.ecosystem, measured.case.model, measured.case.phase)
        == (figure.framework, figure.model, "training")
    ]
    if not trained:
        return HeldFigure(figure=figure, reason=f"{figure.model} was not trained on a {figure.device.upper()}")
    alike = [measured for measured in trained if measured.case.precision == figure.precision]
    if not alike:
        others = " and ".join(sorted({measured.case.precision for measured in trained}))
        return HeldFigure(figure=figure, reason=f"of {figure.precision}, and measured in {others}")
    whole = [measured for measured in alike if not any(_differing(figure, measured.case))]
    if not whole:
        return HeldFigure(figure=figure, reason=next(_differing(figure, alike[0].case)))
    rates = {_rate(figure, measured.case): measured for measured in whole}
    best = rates[max(rates)]
    run = next(run for run in evidence.runs if run.name == best.run)
    return HeldFigure(
        figure=figure,
        run=best.run,
        machine=machine_of(run.record.environment_of(best.case)),
        line=best.case.framework,
        nodeid=best.case.nodeid,
        value=max(rates),
    )


def _differing(figure: PublishedFigure, case: CaseResult) -> Iterator[str]:
    """Each way in which the case is not what the figure is about."""
    cut = case.workload.get("cut", "")
    if cut != "none":
        yield f"measured at preset {case.workload.get('preset', 'unknown')}, which cuts {cut or 'nobody knows what'}"
    for name, value in figure.shape.items():
        if case.workload.get(name) != value:
            yield f"{name} is {value}, and was measured with {case.workload.get(name)}"
    for name in _counted(figure):
        if not isinstance(case.workload.get(name), int):
            yield f"the case does not say its {name}"


def _counted(figure: PublishedFigure) -> tuple[str, ...]:
    """Fields of a workload whose product is what the figure counts, in one step."""
    return ("batch", "context") if figure.unit == "tokens/s" else ("batch",)


def _rate(figure: PublishedFigure, case: CaseResult) -> float:
    """Examples or tokens a second, of a case that says how many a step has."""
    counts = [count for name in _counted(figure) if isinstance(count := case.workload[name], int)]
    return math.prod(counts) / figure_of_rounds(case.rounds)
