"""Puts what trials have found into the pages of the documentation: ``python -m tests.performance.trial_tables``.

Whatever stands in a page between ``<!-- trials of NAME -->`` and ``<!-- end of trials -->`` is the ``tally`` that the
module NAME of this folder makes of the raw lines that it keeps in ``results/NAME.jsonl``; with ``NAME in words`` it is
its ``in_words``, and with other words what is named by them. It runs no trial.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
DOCS = Path(__file__).parents[2] / "docs"
_PLACE = re.compile(r"(<!-- trials of (\w+)((?: \w+)*) -->\n).*?(<!-- end of trials -->)", re.DOTALL)


def with_trials(page: str) -> str:
    """The page with all of it made anew. Raises ModuleNotFoundError or FileNotFoundError for trials there are not."""

    def fill(place: re.Match[str]) -> str:
        trials = importlib.import_module(f"tests.performance.{place[2]}")
        tell = getattr(trials, place[3].strip().replace(" ", "_") or "tally")
        told: str = tell(trials.load(RESULTS / f"{place[2]}.jsonl"))
        return f"{place[1]}\n{told}\n\n{place[4]}"

    return _PLACE.sub(fill, page)


def main() -> None:
    for path in sorted(DOCS.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (made := with_trials(page)) != page:
            path.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
