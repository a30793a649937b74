"""``base_setup``: what makes the files of a base that git does not keep, such as generated code and data.

It is run in the checkout that the gate has made and will remove, never in a folder of the user's. Nothing is measured.
"""

from __future__ import annotations

from pathlib import Path

from speedscore.gate.errors import BudgetSpentError, GateError
from speedscore.gate.programs import ProgramFailedError, run_program


def set_up_base(command: str, *, folder: Path, python: str, most_seconds: float | None) -> None:
    """Run a command of the shell in ``folder``, with the programs beside ``python`` first.

    Raises GateError with its last lines where it fails, and where its time is spent.
    """
    try:
        run_program(["sh", "-c", command], python=python, folder=folder, most_seconds=most_seconds)
    except BudgetSpentError:
        raise GateError(f"base_setup: the time budget was spent in `{command}`") from None
    except ProgramFailedError as error:
        ended = f"base_setup: `{command}` ended with exit code {error.code} in base"
        raise GateError(f"{ended}:{error.last_lines}" if error.last_lines else ended) from None
