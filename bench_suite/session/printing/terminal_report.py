"""What a session measured, and what it did not, as text on the terminal. It reads a record and computes no score."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

import pytest

from speedscore.bench_suite.measuring.load_watch import is_disturbed
from speedscore.bench_suite.probes.summary import summary_lines
from speedscore.bench_suite.session.printing.capability_lines import capability_lines
from speedscore.bench_suite.session.printing.overview import overview_lines, unlike_attention
from speedscore.bench_suite.session.printing.tables import group_lines, shape_lines
from speedscore.host.fingerprint import BUSY_FROM
from speedscore.record.machines import by_machine, measured_by_machine, named_machine
from speedscore.record.phases import PHASES
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.text.numbers import first_line

_LEGEND = (
    "Median: over processes the mean of each one's median. × fastest: how many times as long, from rounds that were "
    "neighbours in time, with its 95 % interval over processes. "
)
_LEGEND_BY_COLUMN = {
    "±95 %": "±95 %: how far the figure's 95 % interval reaches, over processes (Student's t). ",
    "apart": "Apart: how far the medians of the processes lie apart; fewer than three give no interval. ",
    "GEMM": "GFLOP/s: the model's own operations by formula. GEMM: in per cent of a large float32 matrix product on "
    "the same threads in the same run ({gemm} GFLOP/s in NumPy). ",
    "MFU": "GFLOP/s: the model's own operations by formula. MFU: in per cent of the datasheet's dense peak in the "
    "case's precision (worker.peak_source in the record). ",
    "allocated": "allocated: the highest that the framework's own allocator held. ",
    "peak RSS": "peak RSS: highest resident memory while stepping, above what was resident after importing; what "
    "compiling left behind is in it, which of a small model is most. ",
    "with compile": "peak RSS with compile: the same from building the program to the end of its first step, with all "
    "that compiling took. ",
}


def write_report(terminal: pytest.TerminalReporter, run: RunRecord) -> None:
    """Print the overview, with ``--full`` every table; where nothing was measured, all reasons why.

    What the probes came to stands below.
    """
    width = min(terminal.config.get_terminal_writer().fullwidth, 100)
    if run.cases:
        _write_cases(terminal, run, width=width)
    if run.probes:
        terminal.section("speedscore: asked", sep="=")
        for line in summary_lines(run.probes, width=width):
            terminal.write_line(line)


def _write_cases(terminal: pytest.TerminalReporter, run: RunRecord, *, width: int) -> None:
    measured = [case for case in run.cases if case.status == "measured"]
    if measured and not terminal.config.getoption("full"):
        terminal.section("speedscore: measured", sep="=")
        lines = [*overview_lines(run, width=width), *_capability_lines(run), *busy_lines(measured, width=width)]
        for line in lines:
            terminal.write_line(line)
        return
    if measured:
        terminal.section("speedscore: measured", sep="=")
        for line in [*measured_lines(run, measured, width=width), *_capability_lines(run)]:
            terminal.write_line(line)
        for line in busy_lines(measured, width=width):
            terminal.write_line(line, yellow=True)
    for line in missing_lines(run, width=width):
        terminal.write_line(line)


def _capability_lines(run: RunRecord) -> list[str]:
    """One block of lines per machine."""
    machines = measured_by_machine(run)
    lines = []
    for machine, cases in machines.items():
        if of_machine := capability_lines(cases):
            lines += ["", f"On {named_machine(run, machine)}"] if len(machines) > 1 else []
            lines += of_machine
    return lines


def measured_lines(run: RunRecord, measured: list[CaseResult], *, width: int) -> list[str]:
    """For each machine a table for each phase, model, device and precision, and the shape of each model; then what the
    columns mean."""
    machines = by_machine(measured)
    gemm = {
        machine: max((rate for case in cases if (rate := case.worker.gemm_flops_per_second) is not None), default=None)
        for machine, cases in machines.items()
    }
    lines: list[str] = []
    for machine, cases in machines.items():
        lines += [f"On {named_machine(run, machine)}", ""] if len(machines) > 1 else []
        lines += _machine_lines(run, cases, gemm_flops_per_second=gemm[machine])
    worst = max(measured, key=lambda case: case.certificate.worst_ratio if case.certificate else 0.0)
    if worst.certificate is not None:
        lines += textwrap.wrap(
            f"Certificates: all {len(measured)} passed; the largest error is {100 * worst.certificate.worst_ratio:.0f} "
            f"% of its tolerance ({PHASES[worst.phase].title} {worst.id}).",
            width,
        )
    if unlike := unlike_attention(measured):
        lines += textwrap.wrap(f"Attention, which is not the same work everywhere: {unlike}.", width)
    text = "\n".join(lines)
    legend = _LEGEND + "".join(note for column, note in _LEGEND_BY_COLUMN.items() if column in text)
    # In the order of the machines above.
    known = ", ".join(f"{rate / 1e9:.0f}" for rate in gemm.values() if rate is not None)
    return [*lines, *textwrap.wrap(legend.format(gemm=known), width)]


def _machine_lines(
    run: RunRecord, measured: Sequence[CaseResult], *, gemm_flops_per_second: float | None
) -> Iterator[str]:
    for (model, place), block in groupby(sorted(measured, key=_place), key=lambda case: (case.model, case.place)):
        cases = list(block)
        yield from (f"{model} on {place}, {run.preset}", *shape_lines(cases[0]), "")
        for _, group in groupby(cases, key=lambda case: case.phase):
            yield from group_lines(
                list(group), run.ratios, preset=run.preset, gemm_flops_per_second=gemm_flops_per_second
            )


def busy_lines(measured: list[CaseResult], *, width: int) -> list[str]:
    """Warnings where others were using the processors or a quota stopped us; no lines where all was quiet."""
    before = [case for case in measured if (case.worker.processors_busy_before or 0.0) >= BUSY_FROM]
    during = [case for case in measured if _was_disturbed(case)]
    throttled = _throttled_lines(measured, width=width)
    if not before and not during:
        return throttled
    again = sum(case.worker.processes_measured_again is not None for case in measured)
    when = " and ".join(f"{word} {len(cases)}" for word, cases in (("before", before), ("during", during)) if cases)
    busy = textwrap.wrap(
        f"Busy machine: {when} of {len(measured)} cases other processes were using the processors"
        f"{f'; {again} were measured again for it' if again else ''}. Threads that wait for each other suffer most "
        "from that, and not in every framework alike: measure again when it is quiet.",
        width,
    )
    return [*busy, *throttled]


def _throttled_lines(measured: list[CaseResult], *, width: int) -> list[str]:
    """A warning where a container's quota stopped the workers; no lines where it did not."""
    throttled = [case for case in measured if case.worker.throttled_periods]
    if not throttled:
        return []
    worst = max(throttled, key=lambda case: (case.worker.throttled_periods or 0) / (case.worker.quota_periods or 1))
    return textwrap.wrap(
        f"Throttled: the quota of this container was spent while {len(throttled)} of {len(measured)} cases were "
        f"measured, at worst in {worst.worker.throttled_periods} of {worst.worker.quota_periods} periods. Their times "
        "are partly those of standing still: give the container more processors.",
        width,
    )


def _was_disturbed(case: CaseResult) -> bool:
    """True where others used much of the processors during rounds that are its figure."""
    processors = len((case.worker.affinity or "0").split(","))
    return is_disturbed(case.worker.processors_busy_during, processors_used=processors)


def missing_lines(run: RunRecord, *, width: int) -> list[str]:
    """How many cases were asked for and not measured, and why."""
    missing = [case for case in run.cases if case.status != "measured"]
    if not missing:
        return []
    places = Counter(case.place for case in missing)
    by_place = ", ".join(f"{count} {place}" for place, count in places.items())
    lines = [f"{len(missing)} of {len(run.cases)} cases were asked for and not measured ({by_place}):"]
    reasons = Counter((case.status, first_line(case.reason)) for case in missing)
    for (status, reason), count in reasons.items():
        lines += textwrap.wrap(
            f"{count} {status}: {reason}",
            width,
            initial_indent="  ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )
    return lines


def _place(case: CaseResult) -> tuple[str, str, str, int]:
    # float32 first.
    return case.model, case.device, case.place, list(PHASES).index(case.phase)
