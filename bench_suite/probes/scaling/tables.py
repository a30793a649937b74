"""What the probes of scaling came to, as tables made of saved answers; nothing is computed but ratios of medians."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from speedscore.bench_suite.probes.columns import list_answered, middle
from speedscore.bench_suite.probes.scaling.cases import COUNTS, PROCESSES
from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.record.probe_result import ProbeResult
from speedscore.text.numbers import duration, first_line, percent


def scaling_tables(probes: Sequence[ProbeResult]) -> Sequence[Table]:
    """Whether the shared step is the step of one device; and how long it takes where there really are several."""
    answered = list_answered(probes, "scaling")
    timed = [probe for probe in answered if probe.find("seconds_per_step") is not None]
    tables = [_proofs(answered)] if answered else []
    return (*tables, _times(timed)) if timed else tables


def _proofs(answered: Sequence[ProbeResult]) -> Table:
    keys = list(dict.fromkeys((probe.framework, probe.subject, probe.device) for probe in answered))
    rows = []
    for framework, subject, device in keys:
        found = {
            probe.target: probe
            for probe in answered
            if (probe.framework, probe.subject, probe.device) == (framework, subject, device)
        }
        outcomes = (found[str(count)].outcome if str(count) in found else NOTHING for count in COUNTS)
        largest = found[max(found, key=int)]
        rows.append((framework, device, *_way(subject), *outcomes, *_shares(largest), _worst(found.values())))
    return Table(
        headers=(
            "",
            "device",
            "shared by",
            "started by",
            *(f"over {count}" for count in COUNTS),
            "parameters",
            "batch",
            "of the tolerance, or reason",
        ),
        rows=tuple(rows),
        title="The step of gpt shared over several devices, against the reference",
        notes=(
            "Parameters, batch: the part of it on each device, over the most devices that were asked. Of the "
            "tolerance: what the check used that came nearest to its limit. On the host one processor stands for all "
            "devices: that proves correctness, and nothing of speed.",
        ),
    )


def _way(subject: str) -> tuple[str, str]:
    _, way, *rest = subject.split("-")
    return way, "its launcher" if rest == [PROCESSES] else "the suite"


def _shares(probe: ProbeResult) -> tuple[str, str]:
    shares = (probe.observations.get(f"{what}_on_a_device") for what in ("parameters", "batch"))
    first, second = (percent(share) if isinstance(share, float) else NOTHING for share in shares)
    return first, second


def _worst(probes: Collection[ProbeResult]) -> str:
    if reason := next((probe.reason for probe in probes if probe.reason), ""):
        return first_line(reason)
    shares = (probe.observations.get("worst_share_of_tolerance") for probe in probes)
    worst = max((share for share in shares if isinstance(share, float)), default=None)
    return NOTHING if worst is None else percent(worst)


def _times(timed: Sequence[ProbeResult]) -> Table:
    rows = []
    for probe in timed:
        several, one = (middle(probe, name) for name in ("seconds_per_step", "one_device_seconds_per_step"))
        efficiency = percent(one / several / int(probe.target)) if several and one else NOTHING
        rows.append(
            (
                probe.framework,
                probe.device,
                _way(probe.subject)[0],
                probe.target,
                duration(several) if several else NOTHING,
                duration(one) if one else NOTHING,
                efficiency,
            )
        )
    return Table(
        headers=("", "device", "shared by", "devices", "a step", "on one", "efficiency"),
        rows=tuple(rows),
        title="The time of a step on real devices",
        notes=(
            "The whole batch is the same over one device and over several. Efficiency: the time on one over the time "
            "on n, over n.",
        ),
    )
