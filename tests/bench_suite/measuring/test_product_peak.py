"""A product that was timed while processors were withheld refuses nobody, and one that stays too slow does."""

from __future__ import annotations

from collections.abc import Callable

from speedscore.bench_suite.measuring.product_peak import MOST_AGAIN, ProductPeak, unknown_product


def of(*rates: float | None) -> tuple[ProductPeak, list[float | None]]:
    """A peak whose products come one after the other, the last again and again, and those that were measured."""
    measured: list[float | None] = []

    def measure() -> float | None:
        measured.append(rates[min(len(measured), len(rates) - 1)])
        return measured[-1]

    peak = ProductPeak(measure)
    peak.measure()
    return peak, measured


def test_the_fastest_product_counts() -> None:
    peak, _ = of(3.0, 1.0)
    peak.measure()
    assert peak.at_least(2.0) == 3.0


def test_a_product_is_timed_again_until_it_is_fast_enough() -> None:
    peak, measured = of(1.0, 1.0, 5.0, 9.0)
    assert peak.at_least(4.0) == 5.0
    assert measured == [1.0, 1.0, 5.0]


def test_it_is_not_timed_for_ever() -> None:
    peak, measured = of(1.0)
    assert [peak.at_least(4.0), peak.at_least(4.0)] == [1.0, 1.0]
    assert len(measured) == 1 + MOST_AGAIN


def test_where_nothing_is_known_nothing_is_timed_again() -> None:
    unknown: Callable[[], float | None] = unknown_product
    assert ProductPeak(unknown).at_least(4.0) is None
