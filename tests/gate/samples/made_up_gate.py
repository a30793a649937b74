"""A gate that reads the work of both sides in their files instead of measuring it.

It cannot judge a side without work.
"""

from __future__ import annotations

import sys
from pathlib import Path


def units(folder: Path) -> int:
    text = (folder / "test_work.py").read_text()
    return int(text.partition("\nUNITS = ")[2].partition("\n")[0])


def judge(base: Path, head: Path) -> int:
    if not units(head):
        return 13
    return 10 if units(head) > units(base) else 0


if __name__ == "__main__":
    sys.exit(judge(Path(sys.argv[1]), Path.cwd()))
