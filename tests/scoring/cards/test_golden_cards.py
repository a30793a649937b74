"""The cards of January 2024, whole, as they were read and found right: whatever changes them has to say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.__main__ import main

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.bare
@pytest.mark.parametrize("framework", ["jax", "pytorch", "tensorflow"])
@pytest.mark.parametrize(("options", "suffix"), [((), ""), (("--full",), "-full")], ids=["short", "full"])
def test_the_card_of_january_2024_is_the_one_that_was_read(
    framework: str, options: tuple[str, ...], suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["card", framework, "--snapshot", "2024-01", "--width", "80", *options]
    assert main(command) == 0
    path = GOLDEN / f"{framework}-2024-01{suffix}.txt"
    remedy = f"read the new card, and if it is right: speedscore {' '.join(command)} > {path}"
    assert capsys.readouterr().out == path.read_text(encoding="utf-8"), remedy
