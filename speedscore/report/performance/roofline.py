"""How much of the machine a program used: achieved FLOP/s, in per cent of a large matrix product, and the roofline.

Operations are the workload's own, by its formula, whatever a program executes; bytes are those of XLA's count, and a
program that XLA does not count has no intensity and no point.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from speedscore.bench_suite.session.group_ratios import middle
from speedscore.record.rounds import figure_of
from speedscore.record.run_record import CaseResult
from speedscore.report.blocks import Block, Cell, Column, Figure, Table
from speedscore.report.charts import roofline as chart
from speedscore.report.identifiers import block_id, case_id
from speedscore.report.performance.groups import Group
from speedscore.text.numbers import NO_FIGURE, three_digits

_BYTES = "xla_bytes_accessed"


class Use(msgspec.Struct, frozen=True):
    """What a case made of its device."""

    flops_per_second: float
    flops_per_byte: float | None
    """None where the bytes are not counted."""
    peak: float | None
    """FLOP/s of the datasheet, else of the matrix product in its worker; None where neither is known."""
    peak_is_measured: bool

    @property
    def share(self) -> float | None:
        """Of that peak."""
        return None if self.peak is None else self.flops_per_second / self.peak


def use_of(case: CaseResult) -> Use | None:
    """None of a case that is not about a model's operations."""
    if not case.flops:
        return None
    counted = figure_of(case, _BYTES)
    datasheet = case.worker.peak_flops_per_second
    return Use(
        flops_per_second=case.flops / middle(case),
        flops_per_byte=case.flops / counted if counted else None,
        # A damaged file may say 0, of which there is no share.
        peak=(case.worker.gemm_flops_per_second if datasheet is None else datasheet) or None,
        peak_is_measured=datasheet is None,
    )


def blocks(groups: Sequence[Group]) -> tuple[Block, ...]:
    """Of the groups of one run, place and phase: a chart of all their models where bytes are counted, and a table."""
    uses = [(group, case, use) for group in groups for case in group.measured if (use := use_of(case)) is not None]
    if not uses:
        return ()
    pointed = [(group, case, use) for group, case, use in uses if use.flops_per_byte is not None]
    return (*([_figure(uses, pointed)] if pointed else []), _table(uses, has_chart=bool(pointed)))


Uses = Sequence[tuple[Group, CaseResult, Use]]


def _tags(group: Group) -> dict[str, str]:
    return {name: value for name, value in group.tags.items() if name != "model"}


def _id(kind: str, group: Group) -> str:
    return block_id(kind, group.place, group.phase, *([group.run_title] if group.run_title else []))


def _title(group: Group) -> str:
    return f"{group.spec.title} on {group.place}{f', {group.run_title}' if group.run_title else ''}"


def _figure(uses: Uses, pointed: Uses) -> Figure:
    group = pointed[0][0]
    peak = _peak(uses)
    best = max(pointed, key=lambda each: each[2].flops_per_second)
    share = best[2].share
    return Figure(
        id=_id("roofline", group),
        title=f"Roofline: {_title(group)}",
        lead=f"The fastest use of the machine is {best[1].framework}'s {best[0].model}: "
        f"{three_digits(best[2].flops_per_second / 1e9)} GFLOP/s"
        f"{f', {100 * share:.0f} % of {_peak_name(uses)}' if share is not None else ''}.",
        spec=chart.spec(
            list(dict.fromkeys(case.framework for _, case, _ in pointed)),
            roof_flops_per_second=peak,
            roof="" if peak is None else f"{_peak_name(uses)}: {three_digits(peak / 1e9)} GFLOP/s",
            lowest_intensity=min(use.flops_per_byte or 0.0 for _, _, use in pointed),
        ),
        columns=(
            Column("framework"),
            Column("model"),
            Column("arithmetic intensity", unit="FLOP per byte", numeric=True),
            Column("achieved rate", unit="FLOP/s", numeric=True),
        ),
        fields=("framework", "model", "intensity", "rate"),
        rows=tuple(
            (case.framework, each.model, use.flops_per_byte, use.flops_per_second) for each, case, use in pointed
        ),
        notes=_notes(uses),
        sources=group.sources,
        tags=_tags(group),
    )


def _peak(uses: Uses) -> float | None:
    """The highest of the workers' own: they measured one after another on the same threads."""
    return max((use.peak for _, _, use in uses if use.peak is not None), default=None)


def _peak_name(uses: Uses) -> str:
    measured = all(use.peak_is_measured for _, _, use in uses if use.peak is not None)
    return "a large float32 matrix product" if measured else "the datasheet's float32 peak"


def _notes(uses: Uses) -> tuple[str, ...]:
    notes = [
        "Operations are the workload's, by its formula, over the figure of the phase; intensity is the same operations "
        "over the bytes that XLA counts of the program. XLA counts what each operation reads and writes, whether it "
        "comes from a cache or from memory, so that the true traffic to memory is less and the intensity higher.",
        "No sloped roof is drawn: the bandwidth of the memory was not measured in this run.",
    ]
    absent = list(dict.fromkeys(case.framework for _, case, use in uses if use.flops_per_byte is None))
    if absent:
        notes.append(f"No point, because nobody counts the bytes that they access: {', '.join(absent)}.")
    sources = dict.fromkeys(case.worker.peak_source for _, case, _ in uses if case.worker.peak_source)
    if sources:
        notes.append(f"Peak: {'; '.join(sources)}.")
    elif _peak(uses) is not None:
        notes.append("The matrix product was timed with NumPy in the workers themselves, on the same threads.")
    return tuple(notes)


def _table(uses: Uses, *, has_chart: bool) -> Table:
    group = uses[0][0]
    measured = all(use.peak_is_measured for _, _, use in uses)
    return Table(
        id=_id("achieved", group),
        title=f"Achieved FLOP/s: {_title(group)}",
        lead="" if has_chart else "No roofline: the bytes that these programs access are counted by nobody.",
        columns=(
            Column("Framework"),
            Column("Model"),
            Column("Achieved", unit="FLOP/s", numeric=True),
            Column(
                "Of the matrix product" if measured else "Of the peak (MFU)", numeric=True, meaning=_peak_name(uses)
            ),
            Column("Intensity", unit="FLOP per byte", numeric=True, meaning="over the bytes of XLA's count"),
        ),
        rows=tuple(_row(each, case, use) for each, case, use in uses),
        notes=_share_notes(uses),
        sources=group.sources,
        tags=_tags(group),
        folded=has_chart,
    )


def _share_notes(uses: Uses) -> tuple[str, ...]:
    own = "Each share is of what the case's own worker measured, or of its device's datasheet."
    if not any(use.peak_is_measured and use.share is not None and use.share > 1 for _, _, use in uses):
        return (own,)
    return own, (
        "The matrix product is a yardstick and no limit: where a share is above 100 %, the program's own products were "
        "faster than NumPy's, or the machine was slower when that was timed."
    )


def _row(group: Group, case: CaseResult, use: Use) -> tuple[Cell, ...]:
    detail = case_id(group.run, case)
    return (
        group.name_cell(case),
        Cell(group.model),
        Cell(f"{three_digits(use.flops_per_second / 1e9)} GFLOP/s", value=use.flops_per_second, detail=detail),
        Cell(NO_FIGURE) if use.share is None else Cell(f"{100 * use.share:.1f} %", value=use.share),
        Cell("not counted")
        if use.flops_per_byte is None
        else Cell(three_digits(use.flops_per_byte), value=use.flops_per_byte),
    )
