"""Taking up a session that was cut off: which of its cases stand, and whether they may stand beside new ones.

A run measured under other circumstances is refused, never mended: two halves of a run are read as one. A case that does
not stand, or that was cut off in the middle, is measured again.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import msgspec

from speedscore.bench_suite.workloads.presets import Preset
from speedscore.host.fields import Scalar
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import CaseResult, RunRecord

_NO_PART = ("git.dirty", "memory.", "package.pytest")
"""What has no part in a measurement. A checkout is dirty as soon as a run is saved in it; its commit must agree."""
_OF_THE_MOMENT = (".sm_clock_mhz", ".throttle_reasons", ".utilisation_percent")
"""Readings of a GPU that are never twice alike."""
_LATER = ("process.niceness", "cpu.generation", "cpu.vector_instructions")
"""Fields that older sessions say nothing of."""


class CarriedOver(msgspec.Struct, frozen=True):
    """What an earlier session leaves to this one, each by node id."""

    complete: dict[str, CaseResult] = {}
    """Need not be measured again."""
    interrupted: dict[str, CaseResult] = {}
    """Have a figure of fewer processes or rounds than were asked for: it stays where this session comes to none."""
    refused: dict[str, str] = {}
    """Why a case does not stand."""


NOTHING_LEFT_OUT: Mapping[str, str] = MappingProxyType({})
Objection = Callable[[CaseResult], str]
"""Why a measured case does not stand; empty where it does."""


def carry_over(
    earlier: RunRecord | None,
    *,
    preset: Preset,
    environment: Mapping[str, Scalar],
    objection: Objection,
    machines: Mapping[str, Mapping[str, Scalar]] | None = None,
    measures: bool = True,
    left_out: Mapping[str, str] = NOTHING_LEFT_OUT,
) -> CarriedOver:
    """The cases that were measured, each looked at by ``objection``; none where no session is taken up.

    ``machines`` are those of the fleet that this session is measured on, by name; None without a fleet. What began on
    a fleet is completed on one, and a name that both have must be the same machine, for a run describes it once. A
    session that asks probes alone ``measures`` nothing, and may be anywhere. ``left_out`` are cases of the file that it
    was read from, by node id, with the reason why the run is without them.
    Raises RunFileError naming the first thing that differs between then and now.
    """
    if earlier is None:
        return CarriedOver()
    if earlier.preset != preset.name:
        raise _refusal(f"preset was {earlier.preset!r} and is {preset.name!r}")
    if earlier.in_process:
        raise RunFileError("a run made in one process with pytest (--in-process) cannot be taken up again")
    if measures:
        _require_the_same_places(earlier, on_fleet=machines is not None)
    _require_agreement(earlier.environment, environment)
    for machine in sorted(earlier.machines.keys() & (machines or {}).keys()):
        _require_agreement(earlier.machines[machine], (machines or {})[machine], whose=f"{machine}: ")
    measured = {case.nodeid: case for case in earlier.cases if case.status == "measured"}
    refused = {nodeid: reason for nodeid, case in measured.items() if (reason := objection(case))}
    standing = {nodeid: case for nodeid, case in measured.items() if nodeid not in refused}
    return CarriedOver(
        complete={nodeid: case for nodeid, case in standing.items() if case.stopped != "interrupted"},
        interrupted={nodeid: case for nodeid, case in standing.items() if case.stopped == "interrupted"},
        refused={**left_out, **refused},
    )


def take_up(path: Path) -> str:
    """What to do with the file of a session that was cut off."""
    return f"take it up with {option(path)}, or remove it"


def option(path: Path) -> str:
    """The option that takes up a file, as it can be typed: in one word.

    pytest looks for its rootdir before it knows the option, and would take a path that stands alone for one of tests.
    """
    return f"--resume={shlex.quote(str(path))}"


def first_words(earlier: CarriedOver, *, left_over: Sequence[Path], taken_up: Path | None) -> list[str]:
    """What a session says before it measures: which cases do not stand, and what another one left behind."""
    by_reason: dict[str, list[str]] = {}
    for nodeid, reason in earlier.refused.items():
        by_reason.setdefault(reason, []).append(nodeid)
    lines = [
        f"speedscore: --resume: {nodeids[0]}{f' and {len(nodeids) - 1} more' if nodeids[1:] else ''} must be measured "
        f"again: {reason}"
        for reason, nodeids in by_reason.items()
    ]
    others = [path for path in left_over if taken_up is None or path.resolve() != taken_up.resolve()]
    if others:
        more = f" ({len(others) - 1} more beside it)" if others[1:] else ""
        lines.append(f"speedscore: a session that was cut off left {others[-1]}{more}: {take_up(others[-1])}")
    return lines


def _require_the_same_places(earlier: RunRecord, *, on_fleet: bool) -> None:
    for case in earlier.cases:
        if case.status == "measured" and bool(case.machine) != on_fleet:
            where, remedy = (
                ("without a fleet", "leave out --fleet")
                if on_fleet
                else (f"on {case.machine}, a machine of a fleet", "add --fleet ADDRESS")
            )
            raise RunFileError(
                f"{case.nodeid} was measured {where}: {remedy}, or measure the whole anew without --resume"
            )


def difference(then: Mapping[str, Scalar], now: Mapping[str, Scalar]) -> str:
    """The first field that must agree and does not, with both values; empty where two environments are alike."""
    for name in sorted(then.keys() | now.keys()):
        is_later = name in _LATER and name not in then
        if _must_agree(name) and not is_later and then.get(name) != now.get(name):
            return f"{name} was {then.get(name)!r} and is {now.get(name)!r}"
    return ""


def _require_agreement(then: Mapping[str, Scalar], now: Mapping[str, Scalar], *, whose: str = "") -> None:
    if differing := difference(then, now):
        raise _refusal(f"{whose}{differing}")


def _must_agree(name: str) -> bool:
    return not name.startswith(_NO_PART) and not name.endswith(_OF_THE_MOMENT)


def _refusal(differing: str) -> RunFileError:
    return RunFileError(
        f"{differing}: the two halves of a session must be measured alike; restore it, or measure the whole anew "
        "without --resume"
    )
