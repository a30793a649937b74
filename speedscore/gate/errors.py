"""Why a gate ends before it has decided everything."""

from __future__ import annotations


class GateError(RuntimeError):
    """The gate cannot run. The message says why and what to do."""


class SideGoneError(GateError):
    """A side was lost before it had collected, or as it ended."""


class BudgetSpentError(Exception):
    """The time budget of the whole gate is spent: no further case is begun.

    The message says what was waited for in vain, where that was long.
    """
