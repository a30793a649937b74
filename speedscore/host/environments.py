"""Environments that are made here: each has a few packages of its own, behind which it sees all of another environment.

What goes into one is decided by who asks for it; the other environment is never changed.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_KEPT_DAYS = 30
_WHERE = "name a folder for them in XDG_CACHE_HOME, by its whole path"


class EnvironmentNotKeptError(OSError):
    """There is no room for it, or no place. The message says which, and what to do."""


def make_environment(
    folder: Path,
    python: str,
    site_folders: Sequence[str],
    *,
    install: Callable[[Path], object] | None,
    run: Callable[[Sequence[str]], object],
) -> None:
    """Make the environment in ``folder``, whole or not at all; ``install`` is given its interpreter.

    Behind it lies the one of ``python``, whose packages are in ``site_folders``. Raises EnvironmentNotKeptError.
    """
    forget_old(folder.parent)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise EnvironmentNotKeptError(f"no environment can be kept ({error}); {_WHERE}") from None
    try:
        run([python, "-m", "venv", "--without-pip", str(new)])
        if install is not None:
            install(new / "bin" / "python")
        # Only now: an installer that saw the other environment would take packages out of it.
        lines = "".join(f"import site; site.addsitedir({path!r})\n" for path in site_folders)
        (site_folder(new) / "zz-present-environment.pth").write_text(lines)
        try:
            new.rename(folder)
        except OSError as error:
            if not folder.is_dir():  # else another process was faster
                raise EnvironmentNotKeptError(
                    f"{folder} could not be made: {error}; is there room on the disk?"
                ) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def site_folder(environment: Path) -> Path:
    (found,) = environment.glob("lib/python*/site-packages")
    return found


def forget_old(kept: Path) -> None:
    """Remove what nobody has used for so long."""
    oldest = time.time() - _KEPT_DAYS * 24 * 3600
    for folder in [*kept.glob("*"), *kept.glob(".*-*")]:
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < oldest:
                # Under another name first: one that is half removed must not be found again.
                forgotten = folder if folder.name.startswith(".") else folder.with_name(f".forgotten-{folder.name}")
                folder.rename(forgotten)
                shutil.rmtree(forgotten, ignore_errors=True)
