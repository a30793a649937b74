"""The tables of exports: a table a target with a line a model and a column a framework, and what it took in figures.

They are made from a run's saved answers. A column whose control did not hold, or was not asked, is withheld, and said
to be. Nothing is asked or judged here.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from statistics import geometric_mean, median, quantiles

import msgspec

from speedscore.bench_suite.probes.export.targets import TARGETS
from speedscore.bench_suite.probes.probe import probed_frameworks
from speedscore.bench_suite.probes.summary import NO_CONTROL, proved
from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.bench_suite.workloads.table import MODELS
from speedscore.record.probe_result import ProbeResult
from speedscore.text.numbers import duration, factor, first_line, size, three_digits

UNKNOWN = "?"
_LONGEST_REASON = 320
_PERCENTILES = (50, 90, 99)
_KINDS = {
    "unsupported operator": "operator",
    "crash": "crashed",
    "hang": "hung",
}
"""Kind of a refusal → its word in a cell, where that is another one."""
_LEGEND = (
    "yes: converted, run without the framework, and right for batches of two sizes; fixed batch: right for the one "
    "size that it was made for; wrong: the numbers differ by more than the target's limit; no: not converted, with "
    "the kind of the reason; does not run: converted, and then refused by what was to run it; no route: there is no "
    f"tool; {UNKNOWN}: not answered; {NO_CONTROL}: its control did not hold, so nothing is published."
)


def export_tables(probes: Sequence[ProbeResult]) -> Sequence[Table]:
    """The tables of the answers to ``export`` among ``probes``; none where there are none."""
    exports = [probe for probe in probes if probe.family == "export"]
    if not any(probe.status == "answered" for probe in exports):
        return ()
    asked = {probe.framework for probe in exports}
    frameworks = [line.id for line in probed_frameworks() if line.id in asked]
    targets = [target for target in TARGETS if any(probe.target == target for probe in exports)]
    controls = {(probe.framework, probe.target): probe for probe in probes if probe.family == "export_control"}
    published = [probe for probe in exports if probe.status == "answered" and proved(probe, probes)]
    of_targets = [_of_target(target, exports, frameworks, published=published, controls=controls) for target in targets]
    first = msgspec.structs.replace(of_targets[0], notes=(_LEGEND, *of_targets[0].notes))
    return first, *of_targets[1:], *_figures(published), *_served(published)


def _of_target(
    target: str,
    exports: Sequence[ProbeResult],
    frameworks: Sequence[str],
    *,
    published: Sequence[ProbeResult],
    controls: Mapping[tuple[str, str], ProbeResult],
) -> Table:
    here = [probe for probe in exports if probe.target == target]
    cells = {(probe.subject, probe.framework): _cell(probe, published) for probe in here}
    columns = [name for name in frameworks if any(probe.framework == name for probe in here)]
    rows = [
        (model, *(cells.get((model, name), NOTHING) for name in columns))
        for model in MODELS
        if any(probe.subject == model for probe in here)
    ]
    withheld = [
        _withheld(name, controls.get((name, target)))
        for name in columns
        if any(cells.get((model, name)) == NO_CONTROL for model in MODELS)
    ]
    return Table(
        headers=(target, *columns),
        rows=tuple(rows),
        title=f"Export to {target}: {TARGETS[target].title}",
        notes=(*withheld, *_reasons(probe for probe in here if probe in published)),
    )


def _cell(probe: ProbeResult, published: Sequence[ProbeResult]) -> str:
    if probe.status != "answered":
        return UNKNOWN
    if probe not in published:
        return NO_CONTROL
    kind = str(probe.observations.get("kind", ""))
    kind = _KINDS.get(kind, kind)
    match probe.outcome:
        case "passed":
            return "yes" if probe.observations.get("dynamic_batch") else "fixed batch"
        case "not converted":
            return f"no: {kind}"
        case "crashed":
            return kind
        case "wrong numbers":
            return "wrong"
    return probe.outcome


def _withheld(framework: str, control: ProbeResult | None) -> str:
    if control is None:
        return f"{framework}: withheld, for its control was not asked."
    return f"{framework}: withheld, for its control did not hold: {first_line(control.reason)}"


def _reasons(probes: Iterable[ProbeResult]) -> list[str]:
    """The framework's own words, once each, behind the cells that they are about."""
    about: dict[str, dict[str, list[str]]] = {}
    for probe in probes:
        if probe.reason:
            words = textwrap.shorten(first_line(probe.reason), _LONGEST_REASON, placeholder=" …")
            about.setdefault(words, {}).setdefault(probe.framework, []).append(probe.subject)
    notes = []
    for words, models in about.items():
        cells = (f"{framework} {', '.join(names)}" for framework, names in models.items())
        notes.append(f"{'; '.join(cells)}: {words}")
    return notes


def _figures(published: Sequence[ProbeResult]) -> Iterable[Table]:
    """A line a framework and target, over the models that passed."""
    rows = []
    for target in TARGETS:
        for line in probed_frameworks():
            passed = [
                probe
                for probe in published
                if (probe.framework, probe.target, probe.outcome) == (line.id, target, "passed")
            ]
            if passed:
                rows.append((f"{target} {line.id}", *_figure_cells(passed)))
    if rows:
        yield Table(
            headers=("", "models", "to convert", "artefact", "first answer", "latency", "error"),
            rows=tuple(rows),
            title="Exports in figures, over the models that passed",
            notes=(
                "To convert, artefact and first answer, the last from the start of a fresh process: the median of the "
                "models. Latency: from one example to its logits, arrays of NumPy's both, as a multiple of the "
                "framework's own, by turns; the geometric mean of the models. Error: the largest relative one. The "
                "machine does other things meanwhile; times are for orientation.",
            ),
        )


def _figure_cells(passed: Sequence[ProbeResult]) -> tuple[str, ...]:
    errors = [
        error
        for probe in passed
        if isinstance(error := probe.observations.get("largest_relative_error"), float) and math.isfinite(error)
    ]
    converting, bytes_, first = (
        [median(found.samples) for probe in passed if (found := probe.find(name)) is not None]
        for name in ("convert_seconds", "artefact_bytes", "first_answer_seconds")
    )
    ratios = [
        median(there.samples) / median(here.samples)
        for probe in passed
        if (there := probe.find("runtime_latency_seconds")) is not None
        and (here := probe.find("native_latency_seconds")) is not None
    ]
    return (
        str(len(passed)),
        duration(median(converting)) if converting else NOTHING,
        size(median(bytes_)) if bytes_ else NOTHING,
        duration(median(first)) if first else NOTHING,
        f"{factor(geometric_mean(ratios))} ×" if ratios else NOTHING,
        f"{max(errors):.0e}" if errors else NOTHING,
    )


def _served(published: Sequence[ProbeResult]) -> Iterable[Table]:
    """A line a framework and model that was served, with the latencies of the requests that came at once."""
    rows = []
    for probe in published:
        latency, seconds = probe.find("request_latency_seconds"), probe.find("serving_seconds")
        failed = probe.find("failed_requests")
        if latency is None or seconds is None or len(latency.samples) < 2:
            continue
        hundredths = quantiles(latency.samples, n=100, method="inclusive")
        rows.append(
            (
                f"{probe.framework} {probe.subject}",
                *(duration(hundredths[rank - 1]) for rank in _PERCENTILES),
                three_digits(len(latency.samples) / sum(seconds.samples)),
                UNKNOWN if failed is None else f"{sum(failed.samples):.0f}",
            )
        )
    if rows:
        yield Table(
            headers=("", *(f"{rank} %" for rank in _PERCENTILES), "a second", "failed"),
            rows=tuple(rows),
            title="Served to several clients at once",
            notes=(
                "The latency that so many of the requests kept within, the requests answered a second, and those that "
                "failed.",
            ),
        )
