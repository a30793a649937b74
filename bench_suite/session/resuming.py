"""Taking up a session that was cut off: which of its cases stand, and whether they may stand beside new ones.

A run measured under other circumstances is refused, never mended: two halves of a run are read as one.
"""

from __future__ import annotations

from collections.abc import Mapping

from speedscore.bench_suite.workloads.presets import Preset
from speedscore.host.fields import Scalar
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import CaseResult, RunRecord

_NO_PART = ("git.dirty", "memory.", "package.pytest")
"""What has no part in a measurement. A checkout is dirty as soon as a run is saved in it; its commit must agree."""
_OF_THE_MOMENT = (".sm_clock_mhz", ".throttle_reasons", ".utilisation_percent")
"""Readings of a GPU that are never twice alike."""


def carry_over(
    earlier: RunRecord | None, *, preset: Preset, environment: Mapping[str, Scalar]
) -> dict[str, CaseResult]:
    """By node id the cases that were measured and need not be measured again; none where no session is taken up.

    Raises RunFileError naming the first thing that differs between then and now.
    """
    if earlier is None:
        return {}
    if earlier.preset != preset.name:
        raise _differs("preset", earlier.preset, preset.name)
    if earlier.in_process:
        raise RunFileError("a run made in one process with pytest (--in-process) cannot be taken up again")
    for name in sorted(earlier.environment.keys() | environment.keys()):
        if _must_agree(name) and earlier.environment.get(name) != environment.get(name):
            raise _differs(name, earlier.environment.get(name), environment.get(name))
    return {case.nodeid: case for case in earlier.cases if case.status == "measured"}


def _must_agree(name: str) -> bool:
    return not name.startswith(_NO_PART) and not name.endswith(_OF_THE_MOMENT)


def _differs(name: str, then: Scalar, now: Scalar) -> RunFileError:
    return RunFileError(
        f"{name} was {then!r} and is {now!r}: the two halves of a session must be measured alike; restore it, or "
        "measure the whole anew without --resume"
    )
