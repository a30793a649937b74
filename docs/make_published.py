"""Makes the page of comparisons: ``python docs/make_published.py > docs/against-published-examples.md``.

It reads ``docs/published.json``, a copy of what ``tests/performance/test_published.py`` leaves in ``.benchmarks``, and
measures nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speedscore.text.markdown import code, markdown_table
from speedscore.text.numbers import three_digits

RESULTS = Path(__file__).with_name("published.json")

MET, MISSED, OPEN = "met", "missed", "open"

_HEADERS = (
    "ours",
    "model",
    "published model",
    "ours, ms",
    "published, ms",
    "ratio",
    "95 %",
    "aim",
    "what else differs",
)


def page(results: Mapping[str, Any]) -> str:
    """The whole page, in Markdown, from the results as they are saved."""
    rows, unmeasured = list(results["rows"].values()), results["unmeasured"]
    aim = results["aim"]
    answers = Counter(_answer(row, aim) for row in rows)
    dates = sorted({row["date"] for row in rows})
    machines = sorted({f"{row['processors']} processors, Python {row['python']}" for row in rows})
    parts = [
        "# Against published examples",
        "Each implementation beside the framework's own published model, as a user would pick it up: a training step, "
        "two processes that take turns, equal shapes, threads and precision (float32). A ratio below 1 says that ours "
        f"is faster. The aim is {aim:g} at most. Of the {len(rows) + len(unmeasured)} comparisons that are written, "
        f"{answers[MET]} meet it and {answers[MISSED]} miss it with their whole interval, {answers[OPEN]} are open, as "
        f"their interval holds the aim, and {len(unmeasured)} have not been measured.",
        f"Measured from {dates[0]} to {dates[-1]} on a CPU ({'; '.join(machines)}) by "
        "`tests/performance/test_published.py`, on a machine that others used too. The interval is over rounds of one "
        "pair of processes, and says nothing of how another pair would differ.",
        "\n".join(markdown_table((_line(row, aim) for row in rows), headers=_HEADERS)),
    ]
    if unmeasured:
        listed = "\n".join(f"- {code(name)}: {reason}." for name, reason in unmeasured.items())
        parts += ["## Written, and not measured here", listed]
    parts += [
        "## Where nothing is published",
        "\n".join(f"- {name}: {reason}." for name, reason in results["absent"].items()),
    ]
    return "\n\n".join(parts) + "\n"


def _answer(row: Mapping[str, Any], aim: float) -> str:
    """Whether the aim is met by the whole interval: its middle may lie on the other side in another session."""
    if row["ratio_high"] <= aim:
        return MET
    return MISSED if row["ratio_low"] > aim else OPEN


def _line(row: Mapping[str, Any], aim: float) -> list[str]:
    more = row["published_parameters"] / row["ours_parameters"] - 1
    remarks = [row["remark"]] if row["remark"] else []
    if abs(more) > 0.01:
        remarks.append(f"{100 * more:+.0f} % parameters")
    return [
        code(row["framework"]),
        f"{row['model']}, {row['preset']}",
        row["published"],
        three_digits(row["ours_ms"]),
        three_digits(row["published_ms"]),
        f"{row['ratio']:.2f}",
        f"{row['ratio_low']:.2f} to {row['ratio_high']:.2f}",
        _answer(row, aim),
        "; ".join(remarks),
    ]


if __name__ == "__main__":
    print(page(json.loads(RESULTS.read_text(encoding="utf-8"))), end="")
