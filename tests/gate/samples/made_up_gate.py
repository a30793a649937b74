"""A gate that reads the work of both sides in their files instead of measuring it.

It cannot judge a side without work, overlooks what a line "MISSED" says that noise hides, and leaves open what a line
"OPEN" says; its estimate shows both.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def text(folder: Path) -> str:
    return (folder / "test_work.py").read_text()


def units(folder: Path) -> int:
    return int(text(folder).partition("\nUNITS = ")[2].partition("\n")[0])


def judge(base: Path, head: Path, report: Path) -> int:
    if not units(head):
        return 13
    code = 10 if units(head) > units(base) and "\nMISSED" not in text(head) else 0
    is_open = "\nOPEN" in text(head)
    code = 11 if is_open else code
    verdict = {
        "case": "test_work.py::test_work",
        "metric": "time",
        "outcome": "inconclusive" if is_open else "regressed" if code else "unchanged",
        "ratio": units(head) / units(base),
        "pairs": 12,
    }
    sides = {side: {"description": side} for side in ("base", "head")}
    said = {"schema_version": 1, "created": "", "seconds": 0.0, "exit_code": code, "headline": "", **sides}
    report.write_text(json.dumps({**said, "verdicts": [verdict]}))
    return code


if __name__ == "__main__":
    sys.exit(judge(Path(sys.argv[1]), Path.cwd(), Path(sys.argv[2])))
