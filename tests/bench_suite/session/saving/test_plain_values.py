"""What a stranger put into a run can be written and read as JSON by anybody, and is named where it had to change."""

from __future__ import annotations

import json
import math
from collections import UserDict
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.bench_suite.session.saving.plain_values import LONGEST_TEXT, to_plain


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("do not look at me")


class Chatty:
    def __repr__(self) -> str:
        return "so much to say " * 1000


HOLDABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    # JSON has no way to hold half of a surrogate pair.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(HOLDABLE)
def test_what_json_can_hold_stays_as_it_is(value: Any) -> None:
    assert to_plain(value) == (value, [])


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(1.5), 1.5),
        (np.float64(0.1), 0.1),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (Fraction(1, 4), 0.25),
        ((1, 2), [1, 2]),
        ({2: "a", None: "b", True: "c", 1.5: "d"}, {"2": "a", "null": "b", "true": "c", "1.5": "d"}),
        (UserDict(a=1), {"a": 1}),
    ],
    ids=str,
)
def test_numbers_and_tables_of_other_kinds_are_numbers_and_tables(value: Any, plain: Any) -> None:
    assert to_plain({"x": value}) == ({"x": plain}, [])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(math.nan, "nan", id="nan"),
        pytest.param(-math.inf, "-inf", id="infinity"),
        pytest.param(np.float32("nan"), "nan", id="nan of NumPy"),
        pytest.param({1, 2}, "{1, 2}", id="set"),
        pytest.param(b"\xff", "b'\\xff'", id="bytes"),
        pytest.param(Path("a"), "PosixPath('a')", id="path"),
        pytest.param(1 + 2j, "(1+2j)", id="complex"),
        pytest.param(Rude(), "<Rude>", id="rude"),
        pytest.param(10**5000, "<int>", id="integer of 5,000 digits"),
        pytest.param(np.arange(3), "array([0, 1, 2])", id="array"),
    ],
)
def test_what_json_cannot_hold_becomes_text_and_is_named(value: Any, text: str) -> None:
    plain, replaced = to_plain({"benchmarks": [{"extra_info": {"score": value}}]})
    assert plain == {"benchmarks": [{"extra_info": {"score": text}}]}
    assert replaced == [("benchmarks.0.extra_info.score", text)]


def test_text_has_a_bound_and_no_half_characters() -> None:
    (chatty,), _ = to_plain([Chatty()])
    assert len(chatty) == LONGEST_TEXT
    assert to_plain("\ud800x") == ("\\ud800x", [])


def test_what_holds_itself_and_what_is_nested_without_end_are_written_too() -> None:
    ring: list[Any] = []
    ring.append(ring)
    deep: Any = "bottom"
    for _ in range(100_000):
        deep = [deep]
    plain, replaced = to_plain({"ring": ring, "deep": deep})
    assert len(replaced) == 2
    assert msgspec.json.decode(json.dumps(plain, allow_nan=False)) == plain
