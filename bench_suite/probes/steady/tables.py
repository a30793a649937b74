"""What the families about the steady state have to tell, as tables: a row an answer. It asks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from speedscore.bench_suite.probes.steady.hiccups import METRIC_OF
from speedscore.bench_suite.probes.steady.stalls import CAUSES, Cause
from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.record.measurement import Measurement
from speedscore.record.probe_result import ProbeResult
from speedscore.text.numbers import duration

Cell = Callable[[ProbeResult], str]


def hiccup_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """The spread of the steps, and how many stalled by what, with the seconds that it cost."""
    columns: dict[str, Cell] = {
        "model": lambda probe: probe.subject,
        "answer": lambda probe: probe.outcome,
        "steps": _steps,
        "median": _seconds("steady_p50_seconds"),
        "p99": _seconds("steady_p99_seconds"),
        "p99 / median": lambda probe: _ratio(probe, "steady_p99_seconds", "steady_p50_seconds"),
        "worst": _seconds("steady_worst_seconds"),
        **{cause: _stalls(cause) for cause in CAUSES},
        "withheld": _withheld,
    }
    notes = (
        "Stalls by what accounts for at least half of each, and the seconds that they took over the median. Withheld: "
        "the share of the run in which the process was ready and not let run. Fewer than 1,000 steps have no p99.",
    )
    return _table(probes, "hiccups", "What interrupts a long steady run", columns, notes=notes)


def shape_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """What each size cost until its first result, and when that has paid."""
    columns: dict[str, Cell] = {
        "shapes": lambda probe: probe.target or NOTHING,
        "model": lambda probe: probe.subject,
        "examples": _observation("examples"),
        "first size": _seconds("first_size_seconds"),
        "second": _seconds("new_size_seconds"),
        "of it withheld": _withheld,
        "third": _seconds("third_size_seconds"),
        "compilations": _compilations,
        "step": _seconds("new_size_step_seconds"),
        "eager step": _seconds("eager_new_size_step_seconds"),
        "answer": lambda probe: probe.outcome,
        "from step": _count("break_even_steps"),
    }
    notes = (
        "Seconds to the first result at each size, one compilation each (n = 1), and for how much of the second the "
        "process was ready and not let run; of compilers that run as processes of their own that is not known. "
        "Compilations at the second and third, as the framework counts them. Steps "
        "are at the second size, medians of nine rounds in turns with eager PyTorch. From step: where the compiled "
        "program is ahead of eager PyTorch, its first result included.",
    )
    return _table(probes, "shapes", "A new batch size after the steady state", columns, notes=notes)


def _table(
    probes: Iterable[ProbeResult], family: str, title: str, columns: Mapping[str, Cell], *, notes: tuple[str, ...]
) -> Sequence[Table]:
    """One table of what was answered; none where nothing was."""
    answered = [probe for probe in probes if probe.family == family and probe.status == "answered"]
    rows = tuple((probe.framework, *(cell(probe) for cell in columns.values())) for probe in answered)
    return (Table(("", *columns), rows, title=title, notes=notes),) if rows else ()


def _samples(probe: ProbeResult, name: str) -> tuple[float, ...]:
    measurement: Measurement | None = probe.find(name)
    return () if measurement is None else measurement.samples


def _seconds(name: str) -> Cell:
    """The median of a metric."""

    def cell(probe: ProbeResult) -> str:
        samples = _samples(probe, name)
        return duration(median(samples)) if samples else NOTHING

    return cell


def _count(name: str) -> Cell:
    def cell(probe: ProbeResult) -> str:
        samples = _samples(probe, name)
        return f"{median(samples):,.0f}" if samples else NOTHING

    return cell


def _observation(name: str) -> Cell:
    return lambda probe: str(probe.observations.get(name) or NOTHING)


def _compilations(probe: ProbeResult) -> str:
    counts = [probe.observations.get(f"compiled_at_{place}_size") for place in ("second", "third")]
    return ", ".join(NOTHING if count is None else str(count) for count in counts)


def _steps(probe: ProbeResult) -> str:
    steps = len(_samples(probe, "steady_step_seconds"))
    return f"{steps:,}" if steps else NOTHING


def _stalls(cause: Cause) -> Cell:
    """How many had the cause, and what they took; of what nobody watched, and of a run that is not known, no number."""

    def cell(probe: ProbeResult) -> str:
        if excesses := _samples(probe, METRIC_OF[cause]):
            return f"{len(excesses):,} ({duration(sum(excesses))})"
        watched = cause != "recompilation" or probe.observations.get("compilations_watched") is True
        return "0" if watched and _samples(probe, "steady_step_seconds") else NOTHING

    return cell


def _withheld(probe: ProbeResult) -> str:
    share = probe.observations.get("withheld_share")
    return f"{100 * share:.1f} %" if isinstance(share, float) else NOTHING


def _ratio(probe: ProbeResult, name: str, base: str) -> str:
    above, below = _samples(probe, name), _samples(probe, base)
    return f"{median(above) / median(below):.2f} ×" if above and below and median(below) else NOTHING
