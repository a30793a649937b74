"""The process on a machine that installs packages there, into an environment of their own: asked and answering in JSON.

Behind the new environment lies the one that Ray was started in, which is not changed. Only what is named is installed,
never what that depends on: an environment is copied, and none is resolved. Environments are kept among the user's
caches, and made once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from speedscore.fleet.packages import missing_here
from speedscore.fleet.parents import end_with_parent
from speedscore.host.caches import cache_folder
from speedscore.host.distributions import SITES
from speedscore.host.environments import make_environment
from speedscore.host.programs import ProgramFailedError, ProgramTooSlowError, run_program
from speedscore.text.addresses import without_credentials
from speedscore.text.cleaning import one_line

_KIND = "fleet-packages"
_ERROR = "error:"
_MOST_LINES, _MOST_LINE_CHARACTERS = 3, 180


class NotInstalledError(RuntimeError):
    """The message says why, in one line, and what to do where that is known."""


def main() -> None:
    end_with_parent()
    # Ray blocks Ctrl-C in its workers, and what these start would never hear it: installers tidy up by it.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    what, *about = json.load(sys.stdin)
    told: dict[str, object]
    try:
        answer = missing_here(*about) if what == "missing" else install(*about)
        told = {"answer": answer, "why": ""}
    except (NotInstalledError, OSError) as error:
        told = {"why": one_line(str(error))}
    print(json.dumps(told), flush=True)


def install(missing: Sequence[str], most_seconds: float) -> str:
    """The interpreter of the environment that has them, made or found. Raises NotInstalledError, OSError."""
    deadline = time.monotonic() + most_seconds

    def run(command: Sequence[str]) -> None:
        try:
            run_program(command, python=sys.executable, most_seconds=max(0.0, deadline - time.monotonic()))
        except ProgramTooSlowError:
            raise NotInstalledError(f"not installed within {most_seconds:.0f} s") from None
        except ProgramFailedError as error:
            raise NotInstalledError(_last_words(error)) from None

    # Not those that PYTHONPATH names: they come first in the new environment too.
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    behind = [path for path in sys.path if Path(path).name in SITES and path not in named]
    folder = cache_folder(_KIND) / _key(missing, behind)
    if not folder.is_dir():

        def fill(python: Path) -> None:
            wanted = python.parent.parent / "requirements.txt"
            wanted.write_text("".join(f"{line}\n" for line in missing))
            run([*_installer(python), "--no-deps", "-r", str(wanted)])

        make_environment(folder, sys.executable, behind, install=fill, run=run)
    os.utime(folder)  # for what has long been unused is removed
    return str(folder / "bin" / "python")


def _installer(python: Path) -> list[str]:
    """pip, or uv where Ray's environment has none. Raises NotInstalledError."""
    if importlib.util.find_spec("pip"):
        quiet = ["--disable-pip-version-check", "--no-input"]
        return [sys.executable, "-m", "pip", "--python", str(python), *quiet, "install"]
    uv = [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else [shutil.which("uv") or ""]
    if not uv[-1]:
        raise NotInstalledError(f"there is neither pip nor uv to install with: {sys.executable} -m ensurepip")
    return [*uv, "pip", "install", "--python", str(python)]


def _key(missing: Sequence[str], behind: Sequence[str]) -> str:
    told = json.dumps([1, sorted(missing), sys.version, os.path.realpath(sys.prefix), list(behind)])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _last_words(error: ProgramFailedError) -> str:
    """What it calls errors, or else its last lines; no more than fit in a line of progress."""
    lines = [line.strip(" |\t") for line in error.last_lines.splitlines() if line.strip(" |\t")]
    errors = [line[len(_ERROR) :].strip() for line in lines if line.lower().startswith(_ERROR)]
    shown = [without_credentials(line) for line in (errors or lines)[-_MOST_LINES:]]
    cut = [line if len(line) <= _MOST_LINE_CHARACTERS else f"{line[:_MOST_LINE_CHARACTERS]}…" for line in shown]
    return "; ".join(cut) or f"the installer ended with exit code {error.code} and said nothing"


if __name__ == "__main__":
    main()
