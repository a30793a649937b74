"""Fixtures are read as they stand, and refused with one line that names file, fact and reason."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.scoring.facts.fact import Fact, FactError, FactKey, months_between
from speedscore.scoring.facts.snapshots import Snapshot, load_snapshot, load_snapshots
from tests.scoring.sample_facts import RUBRIC, make_fact, shipped

KEYS = {
    "stars": FactKey(unit="stars"),
    "level": FactKey(unit="level", allowed=(0, 5, 10)),
    "share": FactKey(unit="%", most=100),
}
TODAY = datetime.date(2024, 6, 15)

GOOD = """
name = "Alpha"
role = "framework"

[[facts.stars]]
value = 28_000
low = 20_000
high = 30_000
unit = "stars"
as_of = "2024-01-25"
kind = "published"
source = "a ranking, page 3"
method = "read"
"""


def load(folder: Path, text: str, *, month: str = "2024-01") -> Snapshot:
    path = folder / "alpha" / f"{month}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_snapshot(path, keys=KEYS, today=TODAY)


def test_a_good_file_is_read_as_it_stands(tmp_path: Path) -> None:
    snapshot = load(tmp_path, GOOD)
    assert (snapshot.framework, snapshot.month, snapshot.name) == ("alpha", "2024-01", "Alpha")
    (fact,) = snapshot.facts
    assert (fact.key, fact.value, fact.low, fact.high, fact.kind) == ("stars", 28_000, 20_000, 30_000, "published")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('source = "a ranking, page 3"\n', "", "source is missing"),
        ("a ranking, page 3", "  ", "source is empty"),
        ('"read"', '""', "method is empty"),
        ("2024-01-25", "2024-13-25", "is no date"),
        ("2024-01-25", "2024-02-30", "is no date"),
        ("2024-01-25", "January", "is not YYYY-MM"),
        ("2024-01-25", "2024-02-01", "after the snapshot's month 2024-01"),
        ("28_000\n", '"28K"\n', "Expected `float`, got `str`"),
        ("28_000\n", "true\n", "Expected `float`, got `bool`"),
        ("28_000\n", "nan\n", "finite"),
        ("low = 20_000", "low = -1", "-1 lies outside 0 and more"),
        ("low = 20_000", "low = 29_000", "low 29000 lies above the value"),
        ("high = 30_000", "high = 20_000", "high 20000 lies below the value"),
        ('"stars"', '"star"', "unit 'star' where the key has 'stars'"),
        ("facts.stars", "facts.strs", "unknown key"),
        ('"published"', '"hearsay"', "Invalid enum value 'hearsay'"),
        ("method =", "note = 1\nmethod =", "unknown field `note`"),
        ("method =", 'framework = "beta"\nmethod =', "'framework' must not be given"),
    ],
)
def test_a_bad_fact_is_refused_with_file_fact_and_reason(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(FactError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    message = str(caught.value)
    assert reason in message
    assert f"2024-01.toml: fact '{'strs' if 'strs' in new else 'stars'}', entry 1" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "not valid TOML"),
        ('name = "Alpha"\nrole = "framework"\n', "missing required field `facts`"),
        ('name = "Alpha"\nrole = "toy"\n[facts]\n', "Invalid enum value 'toy'"),
        (GOOD + GOOD.partition("\n\n")[2], "entry 2: stands twice"),
        (GOOD.replace('"Alpha"', '" "'), "name is empty"),
        (GOOD.replace('"Alpha"', f'"{"w" * 41}"'), "name has 41 characters; expected at most 40"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(FactError, match=reason):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "spelled", ["a  ranking, page 3 ", "A Ranking, Page 3", "a\u00a0ranking, page\u200b 3", "ａ ranking, page ３"]
)
def test_a_source_in_another_spelling_is_the_same_source(tmp_path: Path, spelled: str) -> None:
    again = GOOD.partition("\n\n")[2].replace("a ranking, page 3", spelled)
    with pytest.raises(FactError, match="entry 2: stands twice"):
        load(tmp_path, GOOD + again)


def test_what_is_dated_after_today_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("2024-01-25", "2024-06-20")
    with pytest.raises(FactError, match=r"as_of 2024-06-20 is after today, 2024-06-15 \(UTC\); expected a day"):
        load(tmp_path, text, month="2024-06")


@pytest.mark.parametrize(
    ("value", "reason"), [("1e300", "1e[+]300 lies outside 0 to 100"), ("-1.0", "-1 lies outside"), ("inf", "finite")]
)
def test_a_value_beyond_the_range_of_its_key_is_refused(tmp_path: Path, value: str, reason: str) -> None:
    entry = f"""[[facts.share]]\nvalue = {value}\nunit = "%"\nas_of = "2024-01"\nkind = "published"\n"""
    with pytest.raises(FactError, match=f"fact 'share', entry 1: .*{reason}"):
        load(tmp_path, f'{GOOD}{entry}source = "a page"\nmethod = "read"\n')


def test_every_key_of_the_rubric_has_a_most() -> None:
    """Without it one zero too many, or 1e300 stars, would be taken for a fact."""
    assert [key for key, known in RUBRIC.facts.items() if known.most is None and not known.allowed] == []


LAYER = GOOD.replace('"framework"', '"layer"\nlayer_of = "beta"\npurpose = "Optimizers"')


def test_a_layer_says_what_it_stands_on_and_what_for(tmp_path: Path) -> None:
    snapshot = load(tmp_path, LAYER)
    assert (snapshot.role, snapshot.layer_of, snapshot.purpose) == ("layer", ("beta",), "Optimizers")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LAYER.replace('"beta"', '" "'), "a layer needs layer_of; found none"),
        (LAYER.replace('purpose = "Optimizers"', ""), "a layer needs purpose; found none"),
        (LAYER.replace('"layer"', '"framework"'), "layer_of is for a layer; found it in a framework"),
        (GOOD.replace('"framework"', '"framework"\npurpose = "Arrays"'), "purpose is for a layer"),
    ],
)
def test_a_layer_needs_both_and_a_framework_neither(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(FactError, match=f"2024-01.toml: {reason}"):
        load(tmp_path, text)


def test_facts_of_several_folders_stand_beside_each_other(tmp_path: Path) -> None:
    own, shipped_folder = tmp_path / "own", tmp_path / "shipped"
    for folder in (own, shipped_folder):
        folder.mkdir()
    load(shipped_folder, GOOD)
    load(own, GOOD, month="2024-02")
    loaded = load_snapshots(shipped_folder, own, keys=KEYS, today=TODAY)
    assert [(snapshot.framework, snapshot.month) for snapshot in loaded] == [("alpha", "2024-01"), ("alpha", "2024-02")]


def test_two_folders_with_a_snapshot_of_one_time_are_refused(tmp_path: Path) -> None:
    own, shipped_folder = tmp_path / "own", tmp_path / "shipped"
    for folder in (own, shipped_folder):
        folder.mkdir()
        load(folder, GOOD)
    with pytest.raises(FactError, match=r"is of the same time; name it after a day, as in 2024-01-15.toml"):
        load_snapshots(shipped_folder, own, keys=KEYS, today=TODAY)
    with pytest.raises(FactError, match="holds no snapshot"):
        load_snapshots(shipped_folder, tmp_path / "nowhere", keys=KEYS, today=TODAY)


def test_a_layer_of_what_is_no_framework_is_refused(tmp_path: Path) -> None:
    load(tmp_path, LAYER)
    with pytest.raises(FactError, match=r"2024-01.toml: layer_of is 'beta', which has no snapshot .*there are none"):
        load_snapshots(tmp_path, keys=KEYS, today=TODAY)
    (tmp_path / "beta").mkdir()
    (tmp_path / "beta" / "2024-01.toml").write_text(GOOD, encoding="utf-8")
    assert len(load_snapshots(tmp_path, keys=KEYS, today=TODAY)) == 2


def test_a_value_between_two_levels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FactError, match="7 is none of 0, 5, 10"):
        load(
            tmp_path,
            GOOD.replace("facts.stars", "facts.level")
            .replace('"stars"', '"level"')
            .replace("28_000", "7")
            .replace("low = 20_000\nhigh = 30_000\n", ""),
        )


@pytest.mark.parametrize("name", ["2024-07", "2024-06-16", "2025-01-01"])
def test_a_snapshot_of_the_future_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FactError, match="snapshot of the future"):
        load(tmp_path, GOOD, month=name)


def test_a_snapshot_of_a_day_belongs_to_its_month_and_holds_nothing_younger(tmp_path: Path) -> None:
    snapshot = load(tmp_path, GOOD, month="2024-01-25")
    assert (snapshot.month, snapshot.day) == ("2024-01", "2024-01-25")
    with pytest.raises(FactError, match="as_of 2024-01-25 is after the snapshot's day 2024-01-24"):
        load(tmp_path, GOOD, month="2024-01-24")
    assert load(tmp_path, GOOD.replace("2024-01-25", "2024-01"), month="2024-01-24").facts


def test_what_adds_to_a_month_stands_behind_it(tmp_path: Path) -> None:
    for name in ("2024-02-03", "2024-02", "2024-01", "2024-02-01"):
        load(tmp_path, GOOD, month=name)
    loaded = load_snapshots(tmp_path, keys=KEYS, today=TODAY)
    assert [snapshot.day or snapshot.month for snapshot in loaded] == ["2024-01", "2024-02", "2024-02-01", "2024-02-03"]


def test_a_name_that_is_no_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FactError, match="not a month"):
        load(tmp_path, GOOD, month="latest")


def test_a_missing_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FactError, match="cannot be read"):
        load_snapshot(tmp_path / "2024-01.toml", keys=KEYS, today=TODAY)
    with pytest.raises(FactError, match="holds no snapshot"):
        load_snapshots(tmp_path, keys=KEYS)


def test_facts_that_contradict_each_other_stand_side_by_side(tmp_path: Path) -> None:
    other = GOOD.partition("\n\n")[2].replace("page 3", "page 4").replace("28_000", "26_000")
    assert [fact.value for fact in load(tmp_path, GOOD + other).facts] == [28_000, 26_000]


def test_months_are_counted_from_either_form_of_date() -> None:
    assert months_between("2023-11-08", "2024-01") == 2
    assert months_between("2024-01", "2023-11-30") == -2


def test_every_shipped_fact_says_where_it_comes_from() -> None:
    for snapshot in shipped():
        for fact in snapshot.facts:
            assert fact.source
            assert fact.method
            assert fact.month <= snapshot.month
            assert fact.framework == snapshot.framework


def test_a_shipped_fact_stands_twice_only_beside_a_newer_one_that_would_hide_it() -> None:
    seen: set[Fact] = set()
    for snapshot in shipped():
        new = {fact.key for fact in snapshot.facts if fact not in seen}
        assert {fact.key for fact in snapshot.facts} == new, (snapshot.framework, snapshot.month)
        seen |= set(snapshot.facts)


@given(text=st.text())
def test_garbage_is_refused_and_nothing_else_is_raised(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "2024-01.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(FactError):
        load_snapshot(path, keys=KEYS, today=TODAY)


@given(
    entry=st.dictionaries(
        st.sampled_from(["value", "low", "high", "unit", "as_of", "kind", "source", "method", "extra"]),
        st.one_of(
            st.booleans(),
            st.integers(),
            st.floats(),
            st.sampled_from(["stars", "2024-01", "2024-99", "published", ""]),
            st.text(st.characters(codec="ascii", exclude_characters='"\\', min_codepoint=32), max_size=8),
            st.just([1]),
        ),
    )
)
def test_a_fact_of_any_shape_is_read_or_refused(
    entry: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = ['name = "Alpha"', 'role = "framework"', "[[facts.stars]]"]
    for name, value in entry.items():
        text = f'"{value}"' if isinstance(value, str) else str(value).lower()
        lines.append(f"{name} = {text}")
    path = tmp_path_factory.getbasetemp() / "2024-01.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        (fact,) = load_snapshot(path, keys=KEYS, today=TODAY).facts
    except FactError:
        return
    assert fact.source.strip()
    assert fact.value >= 0


def test_a_fact_made_in_code_is_checked_like_one_that_was_read() -> None:
    with pytest.raises(ValueError, match="source is empty"):
        make_fact("github_stars", 1.0, source="")
    assert make_fact("github_stars", 1.0).unit == RUBRIC.facts["github_stars"].unit
