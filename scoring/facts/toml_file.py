"""A TOML file from outside: read whole, or refused with one line that names it. It knows no form beyond TOML's own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


class TomlError(ValueError):
    """The file cannot be read, or is not TOML. The message is one line: file, reason."""


def read_toml(path: Path) -> dict[str, Any]:
    """The document in a file. Raises TomlError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TomlError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TomlError(f"{path}: not valid TOML ({' '.join(str(error).split())})") from error
