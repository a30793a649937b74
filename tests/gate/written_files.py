"""Files of a checkout, written into a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def write(folder: Path, files: Iterable[str] | dict[str, str]) -> None:
    texts = files if isinstance(files, dict) else dict.fromkeys(files, "")
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
