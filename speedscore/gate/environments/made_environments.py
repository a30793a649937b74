"""Environments that a gate makes: each has a few packages of its own, behind which it sees all of another environment.

They are kept in folders whose names encode their contents, and removed when no gate has used them for a month. What
goes into one is decided by who asks for it; nothing is resolved here, and the other environment is never changed.
"""

from __future__ import annotations

import contextlib
import copy
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.errors import BudgetSpentError, GateError
from speedscore.gate.programs import ProgramFailedError, run_program
from speedscore.host.caches import cache_folder
from speedscore.text.addresses import without_credentials

_KEPT_DAYS = 30
_WHERE = "name a folder for them in XDG_CACHE_HOME, by its whole path"


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
    forget_old(folder.parent)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise GateError(f"no environment can be kept ({error}); {_WHERE}") from None
    try:
        run([behind.python, "-m", "venv", "--without-pip", str(new)])
        if install is not None:
            install(new / "bin" / "python")
        # Only now: an installer that saw the other environment would take packages out of it.
        lines = "".join(f"import site; site.addsitedir({path!r})\n" for path in behind.site_folders)
        (site_folder(new) / "zz-present-environment.pth").write_text(lines)
        try:
            new.rename(folder)
        except OSError as error:
            if not folder.is_dir():  # else another gate was faster
                raise GateError(f"{folder} could not be made: {error}; is there room on the disk?") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def site_folder(environment: Path) -> Path:
    (found,) = environment.glob("lib/python*/site-packages")
    return found


def forget_old(kept: Path) -> None:
    """Remove what no gate has used for so long."""
    oldest = time.time() - _KEPT_DAYS * 24 * 3600
    for folder in [*kept.glob("*"), *kept.glob(".*-*")]:
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < oldest:
                # Under another name first: one that is half removed must not be found again.
                forgotten = folder if folder.name.startswith(".") else folder.with_name(f".forgotten-{folder.name}")
                folder.rename(forgotten)
                shutil.rmtree(forgotten, ignore_errors=True)


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
        except BudgetSpentError:
            raise self._error(f"the time budget was spent on {self._doing}") from None
        except OSError as error:
            raise self._error(f"{self._doing} failed: {error}") from None
        except ProgramFailedError as error:
            words = " ".join(command[:5])
            raise self._error(f"{self._doing} failed ({words} …):{error.last_lines}") from None

    def _error(self, said: str) -> GateError:
        return GateError(without_credentials(f"{self._option}: {said}"))
