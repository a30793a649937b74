"""Which variant an ecosystem is scored as: one line of the matrix a device, from which all its measured figures come.

The rule must not reward having more variants: the best of six equal ones would lead the best of two by what chance
alone makes of it. So the rounds that choose a variant never give a figure of it (sample splitting; Cox 1975, A note on
data-splitting for the evaluation of significance levels): of each training case the first process chooses, and the
others are the figure. Candidates are the variants of the rubric's style. One process is some way from the next, so
those that are slower than the fastest by no more than the rubric's tie count as being as fast: of them the ecosystem's
base line is scored, else the one that the rubric names. The tie is a fixed one: a spread that was learned from the
rounds of the figure would tell how far the process that chooses is from them. Where cases have one process, the variant
that the rubric names is scored, and no timing has a say. Nothing is turned into points here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

import msgspec

from speedscore.record.phases import DeviceName
from speedscore.record.ratios import estimate_ratios
from speedscore.record.rounds import Process, figure_of_rounds, rounds_by_process
from speedscore.record.run_record import CaseResult, Style
from speedscore.scoring.evidence.evidence import Evidence, MeasuredCase
from speedscore.scoring.rubric.policy import Policy

Place = tuple[str, str, str, str]
"""Run, model, precision, machine: where cases of one phase and device were measured side by side."""

_Cells = Mapping[Place, Mapping[str, CaseResult]]
"""Training cases by line of the matrix."""


class VariantBeside(msgspec.Struct, frozen=True):
    """A variant that was measured and is not scored."""

    line: str = msgspec.field(name="framework")
    style: Style | None
    """None where the run is older than this field."""
    times_as_fast: float | None
    """As the scored one, in training: the geometric mean over the models that both completed, of rounds that chose
    nothing. None where there is no such model."""
    only_models: tuple[str, ...]
    """Those models, where the scored one completed others besides; empty where both completed the same."""
    choosing_seconds: float | None
    """As ``ScoredVariant.choosing_seconds``."""


class ScoredVariant(msgspec.Struct, frozen=True):
    """The variant that an ecosystem is scored as on one device, and why."""

    ecosystem: str
    device: DeviceName
    line: str = msgspec.field(name="framework")
    """As in ``torch-compile``."""
    style: Style | None
    """None where the run is older than this field."""
    reason: str
    choosing_seconds: float | None
    """Geometric mean over models of the median seconds a training step in the process that chose; None where no timing
    had a say."""
    beside: tuple[VariantBeside, ...]


class Variants(msgspec.Struct, frozen=True):
    """The variants that are scored on one device."""

    scored: dict[str, ScoredVariant]
    """Ecosystem → variant."""
    choosing: dict[Place, int]
    """Where training rounds had a say: the process that chose, of whose rounds no training figure is made."""


def choose_variants(policy: Policy, evidence: Evidence, *, device: DeviceName) -> Variants:
    """One variant for each ecosystem measured on ``device``.

    Of the candidates those that completed most of the training cases that every ecosystem has (common support), and
    of these the one with the least geometric mean of seconds a step, or one that is within the tie of it.
    """
    cells = _training_cells(evidence, device)
    styles = _styles(evidence, device)
    candidates = {
        ecosystem: _of_style(policy, names) for ecosystem, names in sorted(styles.items(), key=lambda entry: entry[0])
    }
    support = {
        place: cases
        for place, cases in cells.items()
        if all(any(name in cases for name in names) for names in candidates.values())
    }
    candidates = {ecosystem: _most_complete(names, support) for ecosystem, names in candidates.items()}
    several = [names for names in candidates.values() if len(names) > 1]
    all_candidates = [name for names in candidates.values() for name in names]
    choosing = {
        place: process
        for place, cases in support.items()
        if any(all(name in cases for name in names) for names in several)
        and (process := _choosing_process([cases[name] for name in all_candidates if name in cases])) is not None
    }
    scored = {
        ecosystem: _scored(
            ecosystem,
            names,
            policy=policy,
            device=device,
            styles=styles[ecosystem],
            cells=cells,
            choosing=choosing,
        )
        for ecosystem, names in candidates.items()
    }
    return Variants(scored=scored, choosing=choosing)


def scored_as(variants: Variants, ecosystem: str, line: str) -> Variants:
    """The same with an ecosystem scored as another line, which has nothing beside it."""
    other = msgspec.structs.replace(variants.scored[ecosystem], line=line, beside=())
    return msgspec.structs.replace(variants, scored={**variants.scored, ecosystem: other})


def place_of(measured: MeasuredCase) -> Place:
    case = measured.case
    return measured.run, case.model, case.precision, case.machine


def without_process(case: CaseResult, process: Process) -> CaseResult | None:
    """The case without the rounds of one process; None where there are no others."""
    rounds = tuple(round_ for round_ in case.rounds if round_.process != process)
    return msgspec.structs.replace(case, rounds=rounds) if rounds else None


def _training_cells(evidence: Evidence, device: DeviceName) -> _Cells:
    grouped: dict[Place, dict[str, CaseResult]] = {}
    for measured in evidence.measured.get(device, ()):
        case = measured.case
        if case.phase == "training":
            grouped.setdefault(place_of(measured), {})[case.framework] = case
    return dict(sorted(grouped.items()))


def _styles(evidence: Evidence, device: DeviceName) -> dict[str, dict[str, Style | None]]:
    """Ecosystem → each of its measured variants, by name → how it is written."""
    styles: dict[str, dict[str, Style | None]] = {}
    for measured in sorted(evidence.measured.get(device, ()), key=lambda measured: measured.case.framework):
        case = measured.case
        of_ecosystem = styles.setdefault(case.ecosystem, {})
        of_ecosystem[case.framework] = of_ecosystem.get(case.framework) or case.style
    return styles


def _of_style(policy: Policy, styles: Mapping[str, Style | None]) -> list[str]:
    """The candidates; all where an ecosystem has none of the style, for it was measured and must not drop out."""
    return [name for name, style in styles.items() if style in (None, policy.scored_style)] or list(styles)


def _most_complete(names: Sequence[str], support: _Cells) -> list[str]:
    """Nobody gains by failing: those that completed most of the support."""
    completed = {name: sum(name in cases for cases in support.values()) for name in names}
    return [name for name in names if completed[name] == max(completed.values())]


def _choosing_process(cases: Sequence[CaseResult]) -> int | None:
    """The first process that all of them shared, where there is another; None where none can be spared."""
    if len({case.occasion for case in cases}) > 1:
        return None
    shared = set.intersection(*({round_.process for round_ in case.rounds} for case in cases))
    numbers = sorted(process for process in shared if process is not None)
    return numbers[0] if len(numbers) > 1 else None


def _scored(
    ecosystem: str,
    names: Sequence[str],
    *,
    policy: Policy,
    device: DeviceName,
    styles: Mapping[str, Style | None],
    cells: _Cells,
    choosing: Mapping[Place, int],
) -> ScoredVariant:
    seconds = _choosing_seconds(names, cells=cells, choosing=choosing) if len(names) > 1 else {}
    chosen, reason = _choice(ecosystem, names, policy=policy, styles=styles, seconds=seconds)
    return ScoredVariant(
        ecosystem=ecosystem,
        device=device,
        line=chosen,
        style=styles[chosen],
        reason=reason,
        choosing_seconds=seconds.get(chosen),
        beside=tuple(
            VariantBeside(
                line=name,
                style=style_of_other,
                times_as_fast=_times_as_fast(name, chosen, cells=cells, choosing=choosing),
                only_models=_only_models(name, chosen, cells=cells),
                choosing_seconds=seconds.get(name),
            )
            for name, style_of_other in styles.items()
            if name != chosen
        ),
    )


def _choice(
    ecosystem: str,
    names: Sequence[str],
    *,
    policy: Policy,
    styles: Mapping[str, Style | None],
    seconds: Mapping[str, float],
) -> tuple[str, str]:
    """The variant among ``names`` and why; ``seconds`` are what chooses, empty where no rounds can."""
    named = policy.scored_variants.get(ecosystem)
    of_style = _of_style(policy, styles)
    style = f"{policy.scored_style} " if all(styles[name] == policy.scored_style for name in of_style) else ""
    if len(names) == 1:
        chosen = names[0]
        reason = (
            f"its only {style if len(styles) > 1 else ''}variant"
            if len(of_style) == 1
            else f"of its {len(of_style)} {style}variants the one that completed most models"
        )
    elif seconds:
        fastest = min(seconds, key=lambda name: (seconds[name], name))
        chosen, reason = fastest, f"the fastest of {len(names)} {style}variants in training"
        preferred = ((policy.base_variants.get(ecosystem), "the base line"), (named, "named by the rubric"))
        for name, why in preferred:
            if name is not None and name in seconds and seconds[name] <= seconds[fastest] * (1 + policy.variant_tie):
                chosen = name
                slower = f"{(seconds[name] / seconds[fastest] - 1) * 100:.3g} % slower than {reason}"
                counts = f"up to {policy.variant_tie * 100:g} % counts as none"
                reason = f"{why} and {reason}" if name == fastest else f"{why}, {slower}, where {counts}"
                break
        reason += ", by each case's first process alone"
    elif named is not None and named in names:
        chosen, reason = named, "named by the rubric, as one process a case leaves no rounds to choose by"
    else:
        chosen, reason = names[0], "the first by name, as one process a case leaves no rounds to choose by"
    return chosen, reason


def _choosing_seconds(names: Collection[str], *, cells: _Cells, choosing: Mapping[Place, int]) -> dict[str, float]:
    """Line → its seconds a training step in the choosing processes, over the places that all of them completed; empty
    where there is none."""
    places = [place for place in choosing if all(name in cells[place] for name in names)]
    if not places:
        return {}
    return {
        name: math.exp(fmean(math.log(_figure_of_process(cells[place][name], choosing[place])) for place in places))
        for name in names
    }


def _figure_of_process(case: CaseResult, process: int) -> float:
    return figure_of_rounds(rounds_by_process(case.rounds)[process])


def _times_as_fast(name: str, scored: str, *, cells: _Cells, choosing: Mapping[Place, int]) -> float | None:
    logs = []
    for place, cases in cells.items():
        both = [_figuring(case, choosing.get(place)) for case in (cases.get(name), cases.get(scored))]
        known = [case for case in both if case is not None]
        if len(known) == len(both):
            logs.append(estimate_ratios(known)[name, scored].log_ratio)
    return math.exp(fmean(logs)) if logs else None


def _only_models(name: str, scored: str, *, cells: _Cells) -> tuple[str, ...]:
    completed = {place: cases for place, cases in cells.items() if scored in cases}
    models = dict.fromkeys(model for _, model, _, _ in completed)
    both = dict.fromkeys(model for (_, model, _, _), cases in completed.items() if name in cases)
    return tuple(both) if len(both) < len(models) else ()


def _figuring(case: CaseResult | None, choosing: int | None) -> CaseResult | None:
    return case if case is None or choosing is None else without_process(case, choosing)
