"""What the verdicts of a gate mean for whoever waits for it: the exit code and the one sentence, for each combination
of what can happen."""

from __future__ import annotations

from itertools import product

import pytest

from speedscore.gate.reporting.report import GateExit, conclude, conclude_canary, count
from speedscore.verdicts.verdict import Outcome, Verdict

OUTCOMES: tuple[Outcome, ...] = ("regressed", "improved", "unchanged", "inconclusive", "not comparable")


def verdict(outcome: Outcome, *, case: str = "test_a", metric: str = "time") -> Verdict:
    return Verdict(case=case, metric=metric, outcome=outcome)


def concluded(
    *verdicts: Verdict, missing: int = 0, passes: bool = False, cut_off: str = "", nothing: str = ""
) -> tuple[GateExit, str]:
    gone = {f"test_gone_{number}": "head has no such case" for number in range(missing)}
    return conclude(verdicts, gone, inconclusive_passes=passes, cut_off=cut_off, nothing=nothing)


def test_the_codes_are_those_of_the_documentation_and_clear_of_those_of_pytest() -> None:
    assert {each.name: each.value for each in GateExit} == {
        "PASSED": 0,
        "REGRESSED": 10,
        "INCONCLUSIVE": 11,
        "COVERAGE_MISSING": 12,
        "CANNOT_RUN": 13,
        "CLAIM_NOT_SUPPORTED": 14,
    }
    assert set(GateExit) & {int(code) for code in pytest.ExitCode} == {0}


@pytest.mark.parametrize("missing", [0, 1])
@pytest.mark.parametrize("passes", [False, True])
@pytest.mark.parametrize("cut_off", ["", "interrupted"])
@pytest.mark.parametrize("found", list(product([False, True], repeat=len(OUTCOMES))))
def test_what_is_worse_comes_first(found: tuple[bool, ...], missing: int, passes: bool, cut_off: str) -> None:
    present = {outcome for outcome, there in zip(OUTCOMES, found, strict=True) if there}
    verdicts = [verdict(outcome, case=f"test_{outcome}") for outcome in OUTCOMES if outcome in present]
    code, _ = concluded(*verdicts, missing=missing, passes=passes, cut_off=cut_off)
    if "regressed" in present:
        assert code == 10
    elif missing:
        assert code == 12
    elif "inconclusive" in present:
        # What was cut off was not looked at, so that leave to pass does not cover it.
        assert code == (0 if passes and not cut_off else 11)
    else:
        assert code == 0


@pytest.mark.parametrize("passes", [False, True])
def test_where_nothing_was_compared_nothing_passes(passes: bool) -> None:
    code, headline = concluded(verdict("not comparable"), passes=passes, nothing="no benchmark was selected")
    assert (code, headline) == (13, "nothing was compared: no benchmark was selected")


def test_what_was_interrupted_before_anything_was_compared_is_inconclusive() -> None:
    code, headline = concluded(cut_off="interrupted", nothing="interrupted")
    assert (code, headline) == (11, "nothing was compared: interrupted")


def test_missing_coverage_says_more_than_that_nothing_was_compared() -> None:
    assert concluded(missing=1, nothing="neither side measured any of 1 case")[0] == 12


def test_a_regressed_count_is_a_regression_where_no_time_is() -> None:
    code, headline = concluded(verdict("unchanged"), verdict("regressed", metric="queries"))
    assert (code, headline) == (10, "regressed: queries of 1 case")


def test_the_headline_counts_the_cases_of_each_metric() -> None:
    _, headline = concluded(
        verdict("regressed", case="test_a"),
        verdict("regressed", case="test_b"),
        verdict("regressed", case="test_a", metric="memory"),
        verdict("inconclusive", case="test_c"),
    )
    assert headline == "regressed: time of 2 cases, memory of 1 case"


@pytest.mark.parametrize(("missing", "said"), [(1, "1 case"), (2, "2 cases")])
def test_the_headline_counts_what_is_missing(missing: int, said: str) -> None:
    _, headline = concluded(missing=missing)
    assert headline == f"coverage missing: head lacks what base measures in {said}"


def test_the_headline_of_what_is_inconclusive_names_it_whether_or_not_it_passes() -> None:
    undecided = verdict("inconclusive"), verdict("inconclusive", metric="memory")
    assert concluded(*undecided)[1] == "inconclusive: time of 1 case, memory of 1 case"
    assert concluded(*undecided, passes=True)[1] == (
        "passed: nothing regressed (time of 1 case, memory of 1 case inconclusive)"
    )


def test_a_pass_says_so() -> None:
    assert concluded(verdict("improved"), verdict("unchanged", case="test_b")) == (0, "passed: nothing regressed")


def test_count_counts_one_outcome() -> None:
    verdicts = [verdict("regressed"), verdict("regressed", metric="memory"), verdict("improved")]
    assert [count(verdicts, outcome) for outcome in ("regressed", "improved", "unchanged")] == [2, 1, 0]


@pytest.mark.parametrize(
    ("outcomes", "code", "found"),
    [
        (["regressed"], 0, "1 of 1 case"),
        (["regressed", "regressed"], 0, "2 of 2 cases"),
        (["regressed", "inconclusive"], 11, "1 of 2 cases"),
        (["unchanged"], 11, "0 of 1 case"),
        (["regressed", "not comparable"], 0, "1 of 1 case"),
    ],
)
def test_a_canary_passes_where_it_is_found_in_every_case_that_took_it(
    outcomes: list[Outcome], code: int, found: str
) -> None:
    verdicts = tuple(verdict(outcome, case=f"test_{index}") for index, outcome in enumerate(outcomes))
    assert conclude_canary(verdicts, 0.05) == (code, f"canary: 5 % of extra work was found in {found}")


def test_a_canary_is_looked_for_in_the_time_alone() -> None:
    verdicts = (verdict("regressed"), verdict("unchanged", metric="memory"), verdict("unchanged", metric="queries"))
    assert conclude_canary(verdicts, 0.125) == (0, "canary: 12.5 % of extra work was found in 1 of 1 case")


@pytest.mark.parametrize("verdicts", [(), (verdict("not comparable"),), (verdict("regressed", metric="memory"),)])
def test_a_canary_that_no_case_took_shows_nothing(verdicts: tuple[Verdict, ...]) -> None:
    assert conclude_canary(verdicts, 0.05) == (13, "canary: no case could be given extra work")
