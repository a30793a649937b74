"""What ``--require-device`` asks of a session that has ended: was all measured on the device that it was there for?

A cell that its line declines everywhere, whose package is not installed, or whose precision the device does not have
says nothing about the device, and counts only where nothing was measured on it at all. Nothing is looked for here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from speedscore.bench_suite.matrix.cases import Case, declined, no_precision
from speedscore.bench_suite.measuring.outcomes import CACHES_UNTOLD
from speedscore.record.phases import DeviceName
from speedscore.record.run_record import CaseResult
from speedscore.text.numbers import first_line


def unmet(device: DeviceName, cases: Sequence[CaseResult]) -> str:
    """What a session lacks on a device that was required, with the first case and its reason; empty where nothing."""
    asked = [case for case in cases if case.device == device]
    if not asked:
        return "no case was selected"
    expected = [case for case in asked if case.status == "measured" or not _has_another_reason(case)]
    missing = [case for case in expected if case.status != "measured"]
    if missing:
        return f"{len(missing)} of {len(expected)} cases were not measured; the first, {_told(missing[0])}"
    return "" if expected else f"none of {len(asked)} cases was measured; the first, {_told(asked[0])}"


def _has_another_reason(case: CaseResult) -> bool:
    """Whether a case that was not measured would have been on no such device of this installation."""
    if case.status == "failed":
        return False
    with contextlib.suppress(LookupError):  # its line is wrong, which nobody has noticed yet where no device is
        line = Case(case.framework, case.model, case.device, case.phase, case.precision)  # type: ignore[arg-type]
        return bool(declined(line)) or case.reason.startswith(no_precision(line)) or case.reason == CACHES_UNTOLD
    return False


def _told(case: CaseResult) -> str:
    return f"{case.nodeid.rpartition('::')[2]}: {first_line(case.reason)}"
