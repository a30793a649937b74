"""Durations, sizes and fractions read as a person expects: few digits, the unit that fits, and the value itself."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from speedscore.text.numbers import duration, first_line, percent, short_percent, size

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
SIZE_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

quick = settings(deadline=None)


def significant_digits(number: str) -> int:
    return len(number.replace(".", "").lstrip("0"))


def half_a_last_digit(number: str) -> float:
    decimals = len(number.partition(".")[2])
    # A rounding error of the division by the unit comes on top.
    return 0.5 * 10.0**-decimals * (1 + 1e-6)


@quick
@given(st.floats(min_value=1e-9, max_value=999.4))
@example(0.9996e-3)
@example(0.99949999e-3)
@example(0.9995)
@example(9.995e-6)
@example(99.95)
def test_a_duration_has_three_digits_and_reads_back(seconds: float) -> None:
    number, _, unit = duration(seconds).partition(" ")
    assert significant_digits(number) == 3
    assert abs(float(number) - seconds / TIME_UNITS[unit]) <= half_a_last_digit(number)


@quick
@given(st.floats(min_value=0.0, max_value=1e-9))
def test_a_duration_below_a_nanosecond_stays_in_nanoseconds(seconds: float) -> None:
    number, _, unit = duration(seconds).partition(" ")
    assert unit == "ns"
    assert significant_digits(number) <= 3
    assert abs(float(number) - seconds / 1e-9) <= half_a_last_digit(number)


@quick
@given(st.floats(min_value=1000.0, max_value=1e7))
def test_a_long_duration_is_whole_seconds(seconds: float) -> None:
    assert duration(seconds) == f"{seconds:.0f} s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0.0, "0.00 ns", id="zero"),
        pytest.param(1.0, "1.00 s", id="second"),
        pytest.param(0.9996e-3, "1.00 ms", id="rounds up into the next unit"),
        pytest.param(0.9994e-3, "999 µs", id="just under the next unit"),
        pytest.param(1.2345e-3, "1.23 ms", id="milliseconds"),
        pytest.param(12.345e-3, "12.3 ms", id="tens"),
        pytest.param(123.45e-3, "123 ms", id="hundreds"),
        pytest.param(9.996e-3, "10.0 ms", id="rounds up to tens"),
        pytest.param(99.96e-3, "100 ms", id="rounds up to hundreds"),
        pytest.param(83e-9, "83.0 ns", id="nanoseconds"),
    ],
)
def test_a_duration_takes_the_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@quick
@given(st.integers(min_value=0, max_value=999 << 30))
@example(1023)
@example((1 << 20) - 1)
@example((1 << 30) - 1)
def test_a_size_has_at_most_three_digits_and_reads_back(count_bytes: int) -> None:
    number, _, unit = size(count_bytes).partition(" ")
    value = count_bytes / SIZE_UNITS[unit]
    assert significant_digits(number) <= 3
    assert abs(float(number) - value) <= half_a_last_digit(number)


@pytest.mark.parametrize(
    ("count_bytes", "text"),
    [
        pytest.param(0, "0 B", id="nothing"),
        pytest.param(1, "1 B", id="one byte"),
        pytest.param(1 << 10, "1.00 KiB", id="kibibyte"),
        pytest.param((1 << 20) - 1, "1.00 MiB", id="rounds up into the next unit"),
        pytest.param(123 * (1 << 20), "123 MiB", id="hundreds"),
        pytest.param(1 << 30, "1.00 GiB", id="gibibyte"),
        pytest.param(80 * (1 << 30), "80.0 GiB", id="a large card"),
    ],
)
def test_a_size_takes_the_unit_that_fits(count_bytes: int, text: str) -> None:
    assert size(count_bytes) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        pytest.param(0.0, "0.0 %", id="nothing"),
        pytest.param(0.0123, "1.2 %", id="small"),
        pytest.param(0.00095, "0.1 %", id="smallest with one decimal"),
        pytest.param(0.0002, "<0.1 %", id="too small for a digit"),
        pytest.param(1.5, "150.0 %", id="more than all"),
    ],
)
def test_a_fraction_reads_in_per_cent(fraction: float, text: str) -> None:
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.05, "5 %"), (0.125, "12.5 %"), (1.0, "100 %"), (0.0123456, "1.23 %")]
)
def test_a_chosen_size_reads_as_it_was_written(fraction: float, text: str) -> None:
    assert short_percent(fraction) == text


def test_only_the_first_line_is_taken() -> None:
    assert [first_line(text) for text in ("one\ntwo", "one", "")] == ["one", "one", ""]
