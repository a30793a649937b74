"""Cards of January 2024 and of November 2026, whole, as they were read: whatever changes them has to say so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from speedscore.__main__ import main
from speedscore.scoring.facts.snapshots import fixtures_folder
from tests.places import ROOT

GOLDEN = Path(__file__).parent / "golden"
RUNS = [
    str(fixtures_folder() / "runs" / name)
    for name in (
        "2026-11-27-cpu-smoke.json",
        "2026-11-26-probes.json",
        "2026-11-26-probes-tensorflow.json",
        "2026-11-27-probes-browser.json",
        "2026-11-28-probes-concepts.json",
    )
]


@pytest.mark.bare
@pytest.mark.parametrize("framework", ["jax", "pytorch", "tensorflow"])
@pytest.mark.parametrize(("options", "suffix"), [((), ""), (("--full",), "-full")], ids=["short", "full"])
def test_the_card_of_january_2024_is_the_one_that_was_read(
    framework: str, options: tuple[str, ...], suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["card", framework, "--snapshot", "2024-01", "--width", "80", *options]
    check(command, f"{framework}-2024-01{suffix}", capsys)


@pytest.mark.bare
@pytest.mark.parametrize("framework", ["jax", "pytorch", "tensorflow"])
def test_the_card_of_november_2026_is_the_one_that_was_read(framework: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["card", framework, "--snapshot", "2026-11", "--width", "80", "--run", *RUNS]
    check(command, f"{framework}-2026-11", capsys)


@pytest.mark.bare
@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_answer_that_a_page_shows_is_the_one_that_is_printed(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["card", "--brief", "--snapshot", "2026-11", "--width", "80", "--run", *RUNS]
    assert main(command) == 0
    printed = capsys.readouterr().out
    shown = re.search(r"^```text\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert shown[1] == printed
    assert len(printed.splitlines()) <= 22


def check(command: list[str], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 0
    path = GOLDEN / f"{name}.txt"
    remedy = f"read the new card, and if it is right: speedscore {' '.join(command)} > {path}"
    assert capsys.readouterr().out == path.read_text(encoding="utf-8"), remedy
