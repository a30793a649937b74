"""Every text of a record is found and cleaned, and what is clean stays the same object."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from speedscore.text.cleaning import is_name
from speedscore.text.plain import plain, texts


class Record(msgspec.Struct, frozen=True):
    text: str
    values: tuple[object, ...] = ()
    table: dict[str, object] = {}


records = st.recursive(
    st.text() | st.floats(allow_nan=False) | st.none(),
    lambda inner: (
        st.builds(
            Record,
            text=st.text(),
            values=st.lists(inner, max_size=3).map(tuple),
            table=st.dictionaries(st.text(), inner, max_size=2),
        )
        | st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)


@given(records)
def test_no_text_is_left_that_a_terminal_would_obey(value: object) -> None:
    assert all(map(is_name, texts(plain(value))))


@given(records)
def test_what_is_clean_is_the_same_object(value: object) -> None:
    cleaned = plain(value)
    assert plain(cleaned) is cleaned


def test_only_the_text_that_needs_it_is_changed() -> None:
    record = Record("a\nb", values=(1.5, "c\x1b[1m"), table={"d\te": None, "f": "g"})
    assert plain(record) == Record("a b", values=(1.5, "c\\u001b[1m"), table={"d e": None, "f": "g"})
    assert list(texts(record)) == ["a\nb", "c\x1b[1m", "d\te", "f", "g"]
