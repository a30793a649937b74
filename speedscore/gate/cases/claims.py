"""Claims about a change, from the text of ``--gate-claim`` to the cases that they are about.

It reads text and compares names. Whether a claim holds is said in ``verdicts.change_claim``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from speedscore.gate.errors import GateError
from speedscore.verdicts.change_claim import ChangeClaim, Direction
from speedscore.verdicts.settings import CaseTable, SettingsError

_SIZE = r"(?:by\s+|within\s+)?(?P<{0}least>at\s+least\s+)?(?P<{0}number>\d+(?:\.\d+)?)\s*(?P<{0}unit>%|x|×)"
_CLAIM = re.compile(
    rf"\s*(?P<name>\S.*?)(?:\s+is)?(?:\s+{_SIZE.format('before_')})?\s+(?P<direction>faster|slower|unchanged)"
    rf"(?:\s+{_SIZE.format('after_')})?\s*"
)
_EXPECTED = (
    'expected "BENCHMARK faster", "BENCHMARK faster 10%", "BENCHMARK faster at least 1.3x", and so with slower, or '
    '"BENCHMARK unchanged"'
)


def read_claim(text: str) -> ChangeClaim:
    """Raises SettingsError for what is no claim.

    ``10%`` is a share of base's time, as in the report: 10 % faster is a ratio of 0.9, 10 % slower one of 1.1. ``1.3x``
    is a factor: 1.3 times as fast, or as long.
    """
    read = _CLAIM.fullmatch(text)
    if read is None:
        raise SettingsError(f"--gate-claim: {_EXPECTED}, found {text!r}")
    sizes = [side for side in ("before_", "after_") if read[f"{side}number"]]
    if len(sizes) > 1:
        raise SettingsError(f"--gate-claim: expected one size, found two in {text!r}")
    direction: Direction = read["direction"]  # type: ignore[assignment]  # the pattern has no other
    at_least = bool(sizes and read[f"{sizes[0]}least"])
    if at_least and direction == "unchanged":
        raise SettingsError(f'--gate-claim: "at least" says nothing of what is unchanged, found {text!r}')
    return ChangeClaim(
        text=text.strip(),
        name=read["name"],
        direction=direction,
        log_size=_log_size(text, direction, read[f"{sizes[0]}number"], read[f"{sizes[0]}unit"]) if sizes else None,
        at_least=at_least,
    )


def _log_size(text: str, direction: Direction, number: str, unit: str) -> float:
    value = float(number)
    if unit != "%":
        if not 1.0 < value <= 1e6:
            raise SettingsError(f"--gate-claim: expected a factor above 1 such as 1.3x, found {text!r}")
        return math.log(value)
    if value <= 0 or value > 1e6:
        raise SettingsError(f"--gate-claim: expected a size above 0, found {text!r}")
    if direction != "faster":
        return math.log1p(value / 100)
    if value >= 100:
        raise SettingsError(
            f"--gate-claim: {number} % faster would be no time at all; write a factor such as 2x, found {text!r}"
        )
    return -math.log1p(-value / 100)


def claims_by_case(claims: Sequence[ChangeClaim], groups: Mapping[str, str]) -> dict[str, list[ChangeClaim]]:
    """The claims about each of the cases; ``groups`` has the benchmark group of each.

    Raises GateError where a claim is about none of them.
    """
    by_case: dict[str, list[ChangeClaim]] = {case: [] for case in groups}
    for claim in claims:
        about = _about(claim, groups)
        if not about:
            raise GateError(
                f"the claim {claim.text!r} is about no benchmark that both sides have: expected a part of one of "
                f"{_some(list(groups))}"
            )
        for case in about:
            by_case[case].append(claim)
    return by_case


def _about(claim: ChangeClaim, groups: Mapping[str, str]) -> list[str]:
    """Those whose node id, test or group has the very name; else those of which it is a part, ``*`` being anything."""
    exact = [case for case, group in groups.items() if claim.name in (case, group, *_test_names(case))]
    pattern = CaseTable(match=f"*{claim.name}*")
    return exact or [case for case, group in groups.items() if pattern.fits(case=case, group=group)]


def _test_names(case: str) -> tuple[str, ...]:
    """``test_it.py::TestA::test_b[1]`` is called ``test_b[1]``, and ``test_b`` with its other parameters."""
    before, bracket, parameters = case.partition("[")
    test = before.rpartition("::")[2]
    return test, before, f"{test}{bracket}{parameters}"


def _some(cases: Sequence[str]) -> str:
    return ", ".join(cases[:5]) + (f" and {len(cases) - 5} more" if len(cases) > 5 else "") if cases else "none"
