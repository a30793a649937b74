"""Environments that a gate makes: each has a few packages of its own, behind which it sees all of another environment.

They are kept in folders whose names encode their contents, and removed when no gate has used them for a month. What
goes into one is decided by who asks for it; nothing is resolved here, and the other environment is never changed.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.errors import GateError
from speedscore.host import environments
from speedscore.host.caches import cache_folder
from speedscore.host.programs import ProgramFailedError, ProgramTooSlowError, run_program
from speedscore.text.addresses import without_credentials


def kept_environment(kind: str, key: str) -> Path:
    """Where an environment of that kind and key is kept, or will be. Raises GateError where there is no such place."""
    try:
        return cache_folder(kind) / key
    except OSError as error:  # a user without a home, as in some containers
        raise GateError(f"no environment can be kept: {error}") from None


def make_environment(folder: Path, behind: Environment, *, install: Callable[[Path], None] | None, run: Runner) -> None:
    """Make the environment in ``folder``, whole or not at all; ``install`` is given its interpreter.

    Raises GateError.
    """
    try:
        environments.make_environment(folder, behind.python, behind.site_folders, install=install, run=run)
    except environments.EnvironmentNotKeptError as error:
        raise GateError(str(error)) from None


def pip_command(environment: Environment) -> list[str]:
    """The environment's own, else this interpreter's, which can work for another (--python, from pip 22.3)."""
    quiet = ["--disable-pip-version-check"]
    if "pip" in environment.packages:
        return [environment.python, "-m", "pip", *quiet]
    return [*pip_for(environment.python), *quiet]


def pip_for(python: str | Path) -> list[str]:
    """This interpreter's pip, at work for another that need not have one."""
    return [sys.executable, "-m", "pip", "--python", str(python)]


class Runner:
    """Runs programs. Raises GateError with the last lines of one that fails, and where the time is spent.

    No password of an address gets into what it raises.
    """

    def __init__(self, option: str, doing: str, environment: Environment, deadline: GateDeadline) -> None:
        """``option`` is the one that asked for it, ``doing`` what is done: ``building head``."""
        self._option = option
        self._doing = doing
        self._python = environment.python
        self.deadline = deadline

    def now(self, doing: str) -> Runner:
        """The same at something else, in the time that is left."""
        other = copy.copy(self)
        other._doing = doing
        return other

    def __call__(self, command: Sequence[str], *, variables: Mapping[str, str] | None = None) -> str:
        """What it has printed, both streams together. ``variables`` come before those of this process."""
        try:
            left_seconds = self.deadline.left_seconds
            return run_program(command, python=self._python, variables=variables, most_seconds=left_seconds)
        except ProgramTooSlowError:
            raise self._error(f"the time budget was spent on {self._doing}") from None
        except OSError as error:
            raise self._error(f"{self._doing} failed: {error}") from None
        except ProgramFailedError as error:
            words = " ".join(command[:5])
            raise self._error(f"{self._doing} failed ({words} …):{error.last_lines}") from None

    def _error(self, said: str) -> GateError:
        return GateError(without_credentials(f"{self._option}: {said}"))
