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

_OWN_LAYERS = "the library's own layers in its own Sequential"
"""What the remark of a row says whose other side nobody published."""
_HEADERS = (
    "ours",
    "model",
    "published model",
    "ours, ms",
    "published, ms",
    "ratio",
    "95 %",
    "what else differs",
)


def page(results: Mapping[str, Any]) -> str:
    """The whole page, in Markdown, from the results as they are saved."""
    rows, unmeasured = list(results["rows"].values()), results["unmeasured"]
    presets = Counter(row["preset"] for row in rows)
    own_layers = sum(_OWN_LAYERS in row["remark"] for row in rows)
    dates = sorted({row["date"] for row in rows})
    machines = sorted({f"{row['processors']} processors, Python {row['python']}" for row in rows})
    parts = [
        "# Against published examples",
        f"Of the {len(rows) + len(unmeasured)} comparisons that are written, {len(rows)} were measured, "
        f"{presets['smoke']} of them at preset `smoke`: {len(rows) - own_layers} beside a model that somebody "
        f"publishes, with the changes in the last column, and {own_layers} beside {_OWN_LAYERS}, where no example has "
        "the shape. Whether ours is as fast is not decided: each comparison is of one pair of processes, and an "
        "interval over the rounds of one process is too narrow ([how often it holds](how-it-measures.md)); a decision "
        "would take five pairs.",
        "Each implementation stands beside the other as a user would pick it up: a training step, two processes that "
        "take turns, equal shapes, threads and precision (float32). *Ratio* is the median of the ratios of "
        "neighbouring rounds, ours over published, and not the ratio of the two medians beside it; below 1 ours is "
        "faster. *95 %* is the interval of that median over the rounds, and says nothing of how another pair of "
        "processes would differ.",
        f"Measured from {dates[0]} to {dates[-1]} on a CPU ({'; '.join(machines)}) by "
        "`tests/performance/test_published.py`, on a machine that others used too.",
        "\n".join(markdown_table(map(_line, rows), headers=_HEADERS)),
    ]
    if unmeasured:
        listed = "\n".join(f"- {code(name)}: {reason}." for name, reason in unmeasured.items())
        parts += ["## Written, and not measured here", listed]
    parts += [
        "## Where nothing is published",
        "\n".join(f"- {name}: {reason}." for name, reason in results["absent"].items()),
    ]
    return "\n\n".join(parts) + "\n"


def _line(row: Mapping[str, Any]) -> list[str]:
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
        "; ".join(remarks),
    ]


if __name__ == "__main__":
    print(page(json.loads(RESULTS.read_text(encoding="utf-8"))), end="")
