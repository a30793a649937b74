"""Files of an npm package: fetched once by npm, checked against a pinned digest, and kept. It runs none of them."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import msgspec

from speedscore.bench_suite.probes.making import last_words, locked, run_command
from speedscore.bench_suite.probes.probe import ProbeUnavailable
from speedscore.host.caches import cache_folder
from speedscore.host.scratch import make_scratch

_LIMIT_SECONDS = 120.0
_DONE = ".complete"
_failed: dict[Path, str] = {}
"""What could not be fetched in this session, with the reason: a registry that cannot be reached is waited for once."""


class NpmPackage(msgspec.Struct, frozen=True):
    """One version of a package, and what is needed of it."""

    name: str
    version: str
    integrity: str
    """``sha512-…`` of its archive, as npm's lock files have it."""
    files: tuple[str, ...]
    """Paths within it; they are kept side by side."""


def find_package(package: NpmPackage, *, stopped: threading.Event) -> Path:
    """The folder of its files, which are fetched where they are not there.

    Raises ProbeUnavailable where npm is missing or cannot fetch it, or where the archive is not the one that is pinned;
    MakingStopped soon after ``stopped`` is set, with nothing left running.
    """
    digest = hashlib.sha256("\n".join((package.integrity, *package.files)).encode()).hexdigest()[:12]
    try:
        folder = cache_folder("npm") / f"{package.name.replace('/', '+')}-{package.version}-{digest}"
    except OSError as error:
        raise ProbeUnavailable(f"needs {package.name} {package.version}, which cannot be kept here: {error}") from None
    if (folder / _DONE).is_file():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise ProbeUnavailable(f"needs npm, to fetch {package.name} {package.version} once: apt-get install npm")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.parent / f"{folder.name}.lock", stopped=stopped) as lock:
            # Another session may have fetched it by now.
            if folder not in _failed and not (folder / _DONE).is_file():
                _fetch(package, folder, npm=npm, lock=lock, stopped=stopped)
    except (OSError, subprocess.SubprocessError, tarfile.TarError, KeyError, ValueError) as error:
        _failed[folder] = last_words(error)
    if folder in _failed:
        raise ProbeUnavailable(
            f"needs {package.name} {package.version}, which cannot be fetched here ({_failed[folder]}); to see why: "
            f"npm pack {package.name}@{package.version}"
        )
    return folder


def _fetch(package: NpmPackage, folder: Path, *, npm: str, lock: IO[str], stopped: threading.Event) -> None:
    download = make_scratch("npm")
    try:
        run_command(
            [npm, "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"],
            variables=os.environ | {"npm_config_fetch_retries": "1", "npm_config_update_notifier": "false"},
            lock=lock,
            stopped=stopped,
            limit_seconds=_LIMIT_SECONDS,
            folder=download,
        )
        (archive,) = download.glob("*.tgz")
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != package.integrity:
            raise ValueError(f"its archive is {found}; expected {package.integrity}")
        _unpack(archive, package.files, folder)
    finally:
        shutil.rmtree(download, ignore_errors=True)


def _unpack(archive: Path, files: Sequence[str], folder: Path) -> None:
    # What an earlier session left was not made to its end.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with tarfile.open(archive) as opened:
        for name in files:
            content = opened.extractfile(f"package/{name}")
            if content is None:
                raise KeyError(f"{name} is no file of it")
            (folder / Path(name).name).write_bytes(content.read())
    (folder / _DONE).touch()
