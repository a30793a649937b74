"""What of the optional parts is installed, and the one sentence for what is not."""

from __future__ import annotations

import importlib.util


class MissingExtraError(ValueError):
    """An optional part is asked for and not installed. The message says how to install it."""


def require(extra: str, *modules: str) -> None:
    """Raises MissingExtraError where one of ``modules``, which ``extra`` of pyproject.toml brings, is not installed."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise MissingExtraError(f'{", ".join(missing)}: not installed; python -m pip install "speedscore[{extra}]"')
