"""A duration is read as it was meant or refused, and a session's time is shared out fairly over its blocks."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from speedscore.bench_suite.measuring.budget import Budget
from speedscore.text.durations import parse_duration
from tests.clocks import FakeClock

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}

quick = settings(deadline=None)
parts = st.tuples(st.decimals(min_value=0, max_value=10**6, places=2), st.sampled_from("smh"))


@quick
@given(st.lists(parts, min_size=1, max_size=4), st.sampled_from([str.lower, str.upper]), st.sampled_from(["", " "]))
def test_parts_with_units_add_up(given_parts: list[tuple[object, str]], case: object, space: str) -> None:
    text = space + case("".join(f"{number}{unit}" for number, unit in given_parts)) + space  # type: ignore[operator]
    wanted = math.fsum(float(str(number)) * UNIT_SECONDS[unit] for number, unit in given_parts)
    if wanted == 0:
        with pytest.raises(ValueError, match="expected some time"):
            parse_duration(text)
    else:
        assert parse_duration(text) == pytest.approx(wanted, rel=1e-12)


@quick
@given(st.integers(min_value=1, max_value=10**9))
def test_a_number_alone_is_seconds(seconds: int) -> None:
    assert parse_duration(str(seconds)) == parse_duration(f"{seconds}s") == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1.5h", 5400), ("1h30m", 5400), ("1h 30m".replace(" ", ""), 5400), ("0.5", 0.5)],
)
def test_what_the_help_says(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@quick
@given(st.text(max_size=12))
@example("")
@example("m")
@example("-5m")
@example("5 m")
@example("5d")
@example("1h30")
@example("1e3")
@example("nan")
@example("inf")
@example("5ms")
@example("1..5s")
@example("9" * 400)
def test_anything_else_is_refused_and_named(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        message = str(error)
    else:
        message = f"expected and found {text!r}"
        assert 0 < seconds < math.inf
        # What is read consists of digits, points and units alone, and ends in a unit or is one number.
        cleaned = text.strip().lower()
        assert all(letter.isdecimal() or letter in ".smh" for letter in cleaned)
        assert cleaned[-1] in "smh" or not set(cleaned) & set("smh")
    assert message.startswith("expected ")
    assert message.endswith(f"found {text!r}")


@pytest.mark.parametrize(
    "text", ["", "-5m", "5 m", "5d", "1h30", "1e3", "nan", "5ms", "1..5s", "0", "0h0m0s", "9" * 400]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected (a duration such as 90s, 10m or 1h30m|some time), found"):
        parse_duration(text)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(now=1000.0)


def test_without_a_limit_no_block_has_a_deadline() -> None:
    assert Budget(None, blocks=3).next_deadline_seconds() is None


def test_every_block_that_uses_its_time_gets_as_much_as_the_others(clock: FakeClock) -> None:
    shared = Budget(90.0, blocks=3, clock=clock)
    for end in (1030.0, 1060.0, 1090.0):
        deadline = shared.next_deadline_seconds()
        assert deadline == pytest.approx(end)
        clock.now = deadline or 0.0


def test_time_that_a_block_leaves_goes_to_the_later_ones(clock: FakeClock) -> None:
    shared = Budget(90.0, blocks=3, clock=clock)
    shared.next_deadline_seconds()
    clock.now = 1010.0
    assert shared.next_deadline_seconds() == pytest.approx(1050.0)
    clock.now = 1020.0
    assert shared.next_deadline_seconds() == pytest.approx(1090.0)


def test_a_block_that_overran_takes_from_the_later_ones_and_never_beyond_the_end(clock: FakeClock) -> None:
    shared = Budget(90.0, blocks=3, clock=clock)
    shared.next_deadline_seconds()
    clock.now = 1070.0
    assert shared.next_deadline_seconds() == pytest.approx(1080.0)
    clock.now = 1200.0
    assert shared.next_deadline_seconds() == 1200.0, "there is no time left, and none before now"


def test_time_runs_from_the_moment_that_it_was_promised(clock: FakeClock) -> None:
    shared = Budget(90.0, blocks=1, clock=clock)
    clock.now = 1060.0
    assert shared.next_deadline_seconds() == pytest.approx(1090.0)


def test_a_block_that_nobody_counted_gets_what_is_left(clock: FakeClock) -> None:
    shared = Budget(90.0, blocks=0, clock=clock)
    assert shared.next_deadline_seconds() == pytest.approx(1090.0)
    clock.now = 1030.0
    assert shared.next_deadline_seconds() == pytest.approx(1090.0)
