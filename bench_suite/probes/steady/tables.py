"""What the families about the steady state have to tell, as tables: a row an answer. It asks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from speedscore.bench_suite.probes.columns import (
    Cell,
    answers_table,
    count,
    observation,
    outcome,
    quantity,
    ratio,
    samples,
    subject,
    target,
)
from speedscore.bench_suite.probes.steady.hiccups import METRIC_OF
from speedscore.bench_suite.probes.steady.stalls import CAUSES, Cause
from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.record.probe_result import ProbeResult
from speedscore.text.numbers import duration, percent


def hiccup_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """The spread of the steps, and how many stalled by what, with the seconds that it cost."""
    columns: dict[str, Cell] = {
        "model": subject,
        "answer": outcome,
        "steps": _steps,
        "median": quantity("steady_p50_seconds", duration),
        "p99": quantity("steady_p99_seconds", duration),
        "p99 / median": ratio("steady_p99_seconds", "steady_p50_seconds"),
        "worst": quantity("steady_worst_seconds", duration),
        **{cause: _stalls(cause) for cause in CAUSES},
        "withheld": _withheld,
    }
    notes = (
        "Stalls by what accounts for at least half of each, and the seconds that they took over the median. Withheld: "
        "the share of the run in which the process was ready and not let run. Fewer than 1,000 steps have no p99.",
    )
    return answers_table(probes, "hiccups", "What interrupts a long steady run", columns, notes=notes)


def shape_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """What each size cost until its first result, and when that has paid."""
    columns: dict[str, Cell] = {
        "shapes": target,
        "model": subject,
        "examples": observation("examples"),
        "first size": quantity("first_size_seconds", duration),
        "second": quantity("new_size_seconds", duration),
        "of it withheld": _withheld,
        "third": quantity("third_size_seconds", duration),
        "compilations": _compilations,
        "step": quantity("new_size_step_seconds", duration),
        "eager step": quantity("eager_new_size_step_seconds", duration),
        "answer": outcome,
        "from step": count("break_even_steps"),
    }
    notes = (
        "Seconds to the first result at each size, one compilation each (n = 1), and for how much of the second the "
        "process was ready and not let run; of compilers that run as processes of their own that is not known. "
        "Compilations at the second and third, as the framework counts them. Steps "
        "are at the second size, medians of nine rounds in turns with eager PyTorch. From step: where the compiled "
        "program is ahead of eager PyTorch, its first result included.",
    )
    return answers_table(probes, "shapes", "A new batch size after the steady state", columns, notes=notes)


def _compilations(probe: ProbeResult) -> str:
    counts = [probe.observations.get(f"compiled_at_{place}_size") for place in ("second", "third")]
    return ", ".join(NOTHING if compiled is None else str(compiled) for compiled in counts)


def _steps(probe: ProbeResult) -> str:
    steps = len(samples(probe, "steady_step_seconds"))
    return f"{steps:,}" if steps else NOTHING


def _stalls(cause: Cause) -> Cell:
    """How many had the cause, and what they took; of what nobody watched, and of a run that is not known, no number."""

    def cell(probe: ProbeResult) -> str:
        if excesses := samples(probe, METRIC_OF[cause]):
            return f"{len(excesses):,} ({duration(sum(excesses))})"
        watched = cause != "recompilation" or probe.observations.get("compilations_watched") is True
        return "0" if watched and samples(probe, "steady_step_seconds") else NOTHING

    return cell


def _withheld(probe: ProbeResult) -> str:
    share = probe.observations.get("withheld_share")
    return percent(share) if isinstance(share, float) else NOTHING
