"""Every picture of the documentation is one that can be made again, is shown somewhere, and is small."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from speedscore.gate.reporting.comment import markdown
from speedscore.gate.reporting.report_file import read_report
from tests.generators import load_generator
from tests.places import ROOT

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 200_000


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    return load_generator("make_pictures")


def test_each_is_made_by_a_function_and_is_small_enough_to_be_looked_at(maker: ModuleType) -> None:
    pictures = {path.stem: path.stat().st_size for path in IMAGES.glob("*.png")}
    assert pictures.keys() == maker.PICTURES.keys()
    assert {name for name, size in pictures.items() if size > MOST_BYTES} == set()


def test_each_is_shown_with_words_for_who_cannot_see_it() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {
        found[2]
        for page in pages
        for found in re.finditer(
            r"!\[([^\]]{20,})\]\((?:docs/)?images/([\w-]+)\.png\)", page.read_text(encoding="utf-8")
        )
    }
    assert shown == {path.stem for path in IMAGES.glob("*.png")}


def test_the_comment_s_picture_is_of_a_gate_that_found_something() -> None:
    path = IMAGES / "gate.json"
    report = read_report(path.read_bytes(), what=path.name)
    assert {verdict.outcome for verdict in report.verdicts} >= {"regressed", "improved", "unchanged"}
    assert f"### speedscore gate: {report.headline}" in markdown(report)
