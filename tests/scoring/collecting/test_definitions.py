"""The words for ways of counting: the collector's, the fixtures' and the page's are the same."""

from __future__ import annotations

import datetime
from pathlib import Path

from speedscore.scoring.collecting import definitions
from speedscore.scoring.collecting.git_history import collect
from speedscore.scoring.facts.snapshots import fixtures_folder
from tests.scoring.collecting.sample_clone import ANN, Commit, at, make_clone
from tests.scoring.sample_facts import RUBRIC, shipped

ALL = {value for name, value in vars(definitions).items() if name.isupper()}


def test_the_page_says_each_of_them() -> None:
    page = (fixtures_folder().parents[1] / "docs" / "collecting.md").read_text(encoding="utf-8")
    cells = {cell.strip() for line in page.splitlines() for column in line.split("|") for cell in column.split(";")}
    assert cells >= ALL


def test_what_was_counted_by_hand_in_the_same_way_bears_the_same_words(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "alpha", [Commit(ANN, at("2024-01-31"), tag="v1.0")])
    collected = collect(clone, framework="alpha", package=None, repository=None, until=datetime.date(2024, 1, 31))
    by_hand = {(fact.key, fact.definition) for snapshot in shipped() for fact in snapshot.facts}
    counted = {(fact.key, fact.definition) for fact in collected.facts if fact.key in RUBRIC.facts}
    assert len(counted) == 5
    assert counted <= by_hand
    assert {definitions.UPLOADED_RELEASES, definitions.FIRST_UPLOAD} <= {definition for _, definition in by_hand}
