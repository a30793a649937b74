"""``base_setup``: what makes the files of a base that git does not keep, such as generated code and data.

It is run in a checkout that the gate has made and will remove, never in a folder of the user's. Nothing is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.errors import GateError
from speedscore.host.programs import ProgramFailedError, ProgramTooSlowError, run_program
from speedscore.text.addresses import without_credentials
from speedscore.text.cleaning import one_line
from speedscore.verdicts.settings import Settings, SettingsError, read_table


def set_up_base(command: str, *, folder: Path, of: str = "base", python: str, deadline: GateDeadline) -> None:
    """Run a command of the shell in ``folder``, with the programs beside ``python`` first.

    ``of`` is what an error calls the folder.

    Raises GateError with its last lines where it fails, where it cannot be run, and where its time is spent.
    """
    try:
        run_program(["sh", "-c", command], python=python, folder=folder, most_seconds=deadline.left_seconds)
    except ProgramTooSlowError:
        raise GateError(f"base_setup: the time budget was spent in `{command}`") from None
    except OSError as error:
        raise GateError(f"base_setup: `{command}` could not be run in {of}: {error}") from None
    except ProgramFailedError as error:
        ended = f"base_setup: `{command}` ended with exit code {error.code} in {of}"
        told = f"{ended}:{error.last_lines}" if error.last_lines else ended
        raise GateError(without_credentials(told)) from None


def prepare_base(
    settings: Settings, folder: Path, *, python: str, deadline: GateDeadline, say: Callable[[str], None]
) -> list[str]:
    """Set base up in its ``folder`` as head's settings say, and return what a reader must know of that.

    Raises GateError as ``set_up_base`` does.
    """
    say(f"gate: base_setup: {one_line(settings.base_setup)}")
    warnings = _warn_of_other_setup(settings, folder)
    set_up_base(settings.base_setup, folder=folder, python=python, deadline=deadline)
    return warnings


def _warn_of_other_setup(settings: Settings, base: Path) -> list[str]:
    """``base_setup`` is head's, and could make base slower as well as ready."""
    try:
        own = Settings(read_table(base)).base_setup
    except SettingsError:
        own = ""
    if own == settings.base_setup:
        return []
    return [f"base was set up by head's base_setup, which base does not have: {settings.base_setup}"]
