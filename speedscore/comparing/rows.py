"""What a comparison says: a row for each metric of each case, and all of them together. Nothing is decided here."""

from __future__ import annotations

import msgspec

from speedscore.comparing.fields import Difference
from speedscore.comparing.saved_run import CaseFigures
from speedscore.record.metrics import Better, Unit
from speedscore.verdicts.unpaired import NoiseSource
from speedscore.verdicts.verdict import Verdict


class Values(msgspec.Struct, frozen=True):
    """One side of a row."""

    figure: float
    """In the row's unit: the geometric mean over runs of that over processes."""
    runs: int
    processes: int
    """In all runs together."""


class Row(msgspec.Struct, frozen=True):
    """One metric of one case. Its verdict's ``pairs`` are 0: processes of two runs are no pairs."""

    verdict: Verdict
    framework: str
    model: str
    device: str
    unit: Unit | None = None
    """None where it was not compared."""
    better: Better | None = None
    """None where it was not compared."""
    base: Values | None = None
    """None where it was not compared."""
    head: Values | None = None
    noise: NoiseSource | None = None
    """Where the noise between runs was taken from; None for what was counted or not compared."""
    spread: float | None = None
    """From run to run, of the logarithm, as it was used."""
    past_runs: int = 0
    """How many earlier runs taught it; where it is the noise between machines, how many stints on one machine each."""
    is_between_machines: bool = False
    """Whether the sides were measured on different machines of one kind, whose difference its noise has to cover; the
    verdict names them."""
    is_by_host_names: bool = False
    """Whether they count as different machines because hosts have different names, and a host can be renamed; a fleet
    tells its machines apart itself."""
    log_error: float | None = None
    """Standard error of the logarithm of the ratio; None for what was counted or not compared."""
    is_measured_nowhere: bool = False
    """Whether neither side measured the case."""


class RunComparison(msgspec.Struct, frozen=True):
    """Head against base."""

    differences: tuple[Difference, ...]
    """Of fields: what is warned of, and what was allowed to differ."""
    warnings: tuple[str, ...]
    rows: tuple[Row, ...]
    together: Verdict | None = None
    """On all times together; None where fewer than two were compared."""


def row_of(case: CaseFigures, verdict: Verdict) -> Row:
    return Row(verdict=verdict, framework=case.framework, model=case.model, device=case.device)


def not_comparable(case: CaseFigures, metric: str, reason: str) -> Row:
    return row_of(case, Verdict(case=case.case, metric=metric, outcome="not comparable", reason=reason))
