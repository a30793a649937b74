"""Writes anew the cards that tests hold fast: ``python docs/make_cards.py``.

They are the whole cards in ``tests/scoring/cards/golden``, and the answer: the first block of text in README.md and in
docs/index.md. Whoever changed a question, a scale, a fact or the words of a card reads the difference in git, and keeps
it where it is right. What the pages say about the answer is typed, and is not changed.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Sequence
from pathlib import Path

from speedscore.__main__ import main

ROOT = Path(__file__).parents[1]
RUNS = tuple(
    str(ROOT / "fixtures" / "runs" / f"2026-11-{name}.json")
    for name in ("28-cpu-smoke", "26-probes", "26-probes-tensorflow", "27-probes-browser", "28-probes-concepts")
)
"""What the answer rests on; the README names them too."""
FRAMEWORKS = ("jax", "pytorch", "tensorflow")
GOLDEN = ROOT / "tests" / "scoring" / "cards" / "golden"
PAGES = (ROOT / "README.md", ROOT / "docs" / "index.md")
ANSWER = ("card", "--brief", "--snapshot", "2026-11", "--width", "80", "--run", *RUNS)
BLOCK = re.compile(r"(?<=^```text\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
"""The text of a page's first block of text is the answer."""


def golden_cards() -> dict[str, tuple[str, ...]]:
    """The name of each golden card → the command that prints it."""
    cards: dict[str, tuple[str, ...]] = {}
    for framework in FRAMEWORKS:
        card = ("card", framework, "--width", "80", "--snapshot")
        cards[f"{framework}-2024-01"] = (*card, "2024-01")
        cards[f"{framework}-2024-01-full"] = (*card, "2024-01", "--full")
        cards[f"{framework}-2026-11"] = (*card, "2026-11", "--run", *RUNS)
    return cards


def printed(command: Sequence[str]) -> str:
    """What ``speedscore`` prints. Raises SystemExit where it complains."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        code = main(list(command))
    if code:
        raise SystemExit(code)
    return output.getvalue()


def make_all() -> None:
    """Every golden card, and the answer of every page."""
    for name, command in golden_cards().items():
        (GOLDEN / f"{name}.txt").write_text(printed(command), encoding="utf-8")
    answer = printed(ANSWER)
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(BLOCK.sub(lambda _: answer, text, count=1), encoding="utf-8")


if __name__ == "__main__":
    make_all()
