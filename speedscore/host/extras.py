"""What of the optional parts is installed, and the one sentence for what is not."""

from __future__ import annotations

import importlib.util

SUITE = ("numpy", "scipy", "tomlkit")
"""Modules of the extra ``suite``, without which frameworks are neither measured nor judged; a gate needs none."""


class MissingExtraError(ValueError):
    """An optional part is asked for and not installed. The message says how to install it."""


def require(extra: str, *modules: str) -> None:
    """Raises MissingExtraError where one of ``modules``, which ``extra`` of pyproject.toml brings, is not installed."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise MissingExtraError(_remedy(missing, extra))


def remedy_for(error: ModuleNotFoundError) -> str:
    """The same sentence where a module of the suite was not found; empty for any other, whose error is a mistake."""
    missing = (error.name or "").partition(".")[0]
    return _remedy([missing], "suite") if missing in SUITE else ""


def _remedy(missing: list[str], extra: str) -> str:
    return f"{', '.join(missing)}: not installed; {install_command(extra)}"


def install_command(extra: str) -> str:
    """The command that brings what an extra names.

    Where speedscore itself is not installed, as in a checkout that is used as it lies, pip would look for its name in
    an index, where it may be anybody's.
    """
    # Here, for it loads Python's own reader of mail, and most commands lack nothing.
    from importlib import metadata

    try:
        metadata.distribution("speedscore")
    except metadata.PackageNotFoundError:
        return f'python -m pip install -e ".[{extra}]"'
    return f'python -m pip install "speedscore[{extra}]"'
