"""Placeholder of the command."""

from __future__ import annotations

import sys

from speedscore.comparing.main import main as compare
from speedscore.scoring.commands.main import main as score


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    return (compare if given[:1] in (["compare"], ["baseline"], ["bisect"]) else score)(given)


if __name__ == "__main__":
    sys.exit(main())
