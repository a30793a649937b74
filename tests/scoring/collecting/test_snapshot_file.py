"""A snapshot is written whole, once, in a form that the loader takes; and never over another."""

from __future__ import annotations

import datetime
import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.scoring.collecting.collected import CollectedFact, CollectError
from speedscore.scoring.collecting.snapshot_file import Heading, snapshot_path, write_snapshot
from speedscore.scoring.facts.snapshots import fixtures_folder, load_snapshot
from tests.scoring.sample_facts import RUBRIC

TODAY = datetime.date(2024, 1, 31)
HEADING = Heading(framework="alpha", name="Alpha", role="layer", layer_of=("beta",), purpose="Neural networks")


def fact(key: str = "github_stars", value: float = 28_000, **fields: str) -> CollectedFact:
    known = {"unit": RUBRIC.facts[key].unit, "as_of": "2024-01-31", "source": "a page", "method": "counted"}
    return CollectedFact(key=key, value=value, **(known | fields))


FACTS = [
    fact("years_since_first_release", 6.2),
    fact("releases_per_year", 11),
    fact("commits_per_week", 9.5, source="google/flax, full git history at 1a2b3c4d5e"),
    fact(),
    fact(value=27_999, source="another page"),
]


def write(
    path: Path, facts: list[CollectedFact] = FACTS, *, heading: Heading = HEADING, today: datetime.date = TODAY
) -> None:
    write_snapshot(path, heading, facts, rubric=RUBRIC, today=today, command="speedscore facts collect alpha")


def below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_what_was_written_loads_as_it_was_given(tmp_path: Path) -> None:
    path = snapshot_path(tmp_path, "alpha", until=TODAY)
    write(path)
    assert below(tmp_path) == ["alpha", "alpha/2024-01-31.toml"]
    snapshot = load_snapshot(path, keys=RUBRIC.facts, today=TODAY)
    assert (snapshot.framework, snapshot.month, snapshot.name, snapshot.role) == ("alpha", "2024-01", "Alpha", "layer")
    assert (snapshot.layer_of, snapshot.purpose) == (("beta",), "Neural networks")
    read = {(fact.key, fact.value, fact.unit, fact.as_of, fact.source, fact.method) for fact in snapshot.facts}
    assert read == {(fact.key, fact.value, fact.unit, fact.as_of, fact.source, fact.method) for fact in FACTS}
    assert {fact.kind for fact in snapshot.facts} == {"computed"}


def test_it_reads_like_the_files_written_by_hand(tmp_path: Path) -> None:
    path = snapshot_path(tmp_path, "alpha", until=TODAY)
    write(path)
    written = path.read_text(encoding="utf-8").splitlines()
    assert written[:8] == [
        "# What `speedscore facts collect alpha` counted about Alpha on 2024-01-31.",
        "# What is not here stands in an older snapshot.",
        "",
        'name = "Alpha"',
        'role = "layer"',
        'layer_of = "beta"',
        'purpose = "Neural networks"',
        "",
    ]
    by_hand = (fixtures_folder() / "ecosystem" / "flax" / "2024-01.toml").read_text(encoding="utf-8").splitlines()
    sections = [line for line in written if line.startswith("# -")]
    assert len(sections) == 3
    assert sections == [line for line in by_hand if line in sections]
    stars = written.index("[[facts.github_stars]]")
    assert written[stars + 1] == "value = 28_000"
    assert written.index("[[facts.commits_per_week]]") < written.index("[[facts.releases_per_year]]")


def test_an_existing_snapshot_is_never_changed(tmp_path: Path) -> None:
    path = snapshot_path(tmp_path, "alpha", until=TODAY)
    write(path, [fact()])
    before = path.read_bytes()
    with pytest.raises(CollectError, match="exists, and a snapshot is never changed"):
        snapshot_path(tmp_path, "alpha", until=TODAY)
    with pytest.raises(CollectError, match="exists, and a snapshot is never changed"):
        write(path)
    assert path.read_bytes() == before
    assert below(tmp_path) == ["alpha", "alpha/2024-01-31.toml"]


def test_a_link_that_leads_nowhere_is_a_file_that_exists(tmp_path: Path) -> None:
    (tmp_path / "alpha").mkdir()
    (tmp_path / "alpha" / "2024-01-31.toml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(CollectError, match="exists"):
        snapshot_path(tmp_path, "alpha", until=TODAY)


def test_of_many_at_once_one_writes(tmp_path: Path) -> None:
    path = snapshot_path(tmp_path, "alpha", until=TODAY)
    outcomes: list[str] = []
    ready = threading.Barrier(8)

    def attempt(stars: int) -> None:
        ready.wait()
        try:
            write(path, [fact(value=stars)])
            outcomes.append(f"value = {stars}")
        except CollectError as error:
            outcomes.append("exists" if "exists" in str(error) else str(error))

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = set(outcomes) - {"exists"}
    assert winner in path.read_text(encoding="utf-8").splitlines()
    assert below(tmp_path) == ["alpha", "alpha/2024-01-31.toml"]


def test_what_would_not_load_is_not_written(tmp_path: Path) -> None:
    path = snapshot_path(tmp_path, "alpha", until=TODAY)
    for bad, reason in [
        ([fact(value=-1)], "-1 lies outside"),
        ([fact(as_of="2024-02-01")], "after the snapshot's day"),
        ([fact(source=" ")], "source is empty"),
        ([fact(), fact()], "stands twice"),
    ]:
        with pytest.raises(CollectError, match="not written") as caught:
            write(path, bad)
        assert reason in str(caught.value)
        assert below(tmp_path) == ["alpha"]


@pytest.mark.parametrize("failing", ["fsync", "link"])
def test_half_a_file_is_never_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    path = snapshot_path(tmp_path, "alpha", until=TODAY)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(CollectError, match=r"cannot be written \(No space left on device\)"):
        write(path)
    assert below(tmp_path) == ["alpha"]


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = snapshot_path(tmp_path, "alpha", until=TODAY)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(path)
    assert below(tmp_path) == ["alpha"]


def test_a_file_system_without_links_gets_its_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = snapshot_path(tmp_path, "alpha", until=TODAY)

    def no_links(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    write(path, [fact()])
    before = path.read_bytes()
    with pytest.raises(CollectError, match="exists"):
        write(path)
    assert path.read_bytes() == before
    assert below(tmp_path) == ["alpha", "alpha/2024-01-31.toml"]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "alpha").touch()
    with pytest.raises(CollectError) as caught:
        write(tmp_path / "alpha" / "2024-01-31.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "..", "../alpha", "a/b", "Alpha", ".hidden", "al pha", "-alpha"])
def test_a_framework_is_the_name_of_one_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(CollectError, match="is no framework's folder"):
        snapshot_path(tmp_path, name, until=TODAY)


@given(text=st.text(min_size=1), value=st.floats(min_value=0, allow_infinity=False))
def test_any_text_and_number_come_back_or_are_refused(
    text: str, value: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = snapshot_path(folder, "alpha", until=TODAY)
    try:
        write(path, [fact(value=value, source=text, method=text)], heading=Heading("alpha", text, "framework"))
    except CollectError:
        assert not path.exists()
        return
    snapshot = load_snapshot(path, keys=RUBRIC.facts, today=TODAY)
    (read,) = snapshot.facts
    assert (snapshot.name, read.source, read.method, read.value) == (text, text, text, value)
