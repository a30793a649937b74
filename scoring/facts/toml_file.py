"""A TOML file from outside: read whole, or refused with one line that names it. It knows no form beyond TOML's own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from speedscore.host.files import read_file


class TomlError(ValueError):
    """The file cannot be read, or is not TOML. The message is one line: file, reason."""


def read_toml(path: Path) -> dict[str, Any]:
    """The document in a file. Raises TomlError."""
    try:
        return tomllib.loads(read_file(path).decode())
    except OSError as error:
        raise TomlError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:  # also bytes that are no text, and a number of 5,000 digits
        raise TomlError(f"{path}: not valid TOML ({' '.join(str(error).split())})") from error
