"""What a browser probe needs: what is missing is named with its remedy, and no archive but the pinned is taken."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import io
import tarfile
import threading
from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.probes.export.browser import needs
from speedscore.bench_suite.probes.export.browser.npm_package import NpmPackage, find_package
from speedscore.bench_suite.probes.making import MakingStopped
from speedscore.bench_suite.probes.probe import ProbeUnavailable
from tests.waiting import has_gone, wait_until


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all commands there are."""
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return folder


def _offer(commands: Path, name: str, program: str) -> Path:
    command = commands / name
    command.write_text(f"#!/bin/sh\n{program}\n")
    command.chmod(0o700)
    return command


def _pack(archive: Path) -> NpmPackage:
    with tarfile.open(archive, "w:gz") as packed:
        for name in ("library.mjs", "other.mjs"):
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(name)
            packed.addfile(entry, io.BytesIO(name.encode()))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    return NpmPackage("sample", version="1.0.0", integrity=f"sha512-{digest}", files=("dist/library.mjs",))


@pytest.mark.usefixtures("commands")
def test_a_missing_browser_is_named_with_its_remedy() -> None:
    with pytest.raises(ProbeUnavailable, match=r"needs a browser.*apt-get install chromium"):
        needs.find_for_onnx(threading.Event())


def test_a_browser_that_does_not_start_is_named(commands: Path) -> None:
    browser = _offer(commands, "chromium", "exit 5")
    with pytest.raises(ProbeUnavailable, match=f"{browser} does not start.*{browser} --version"):
        needs.find_for_onnx(threading.Event())


def test_missing_npm_is_named_with_its_remedy(commands: Path) -> None:
    _offer(commands, "chromium", "echo Chromium 156.0.1 built on Debian")
    with pytest.raises(ProbeUnavailable, match=r"needs npm.*onnxruntime-web.*apt-get install npm"):
        needs.find_for_onnx(threading.Event())


def test_a_package_is_fetched_once_and_keeps_what_is_needed(commands: Path, tmp_path: Path) -> None:
    package = _pack(tmp_path / "sample.tgz")
    npm = _offer(commands, "npm", f"exec /bin/cp {tmp_path / 'sample.tgz'} .")
    folder = find_package(package, stopped=threading.Event())
    assert (folder / "library.mjs").read_text() == "library.mjs"
    assert not (folder / "other.mjs").exists()
    npm.unlink()
    assert find_package(package, stopped=threading.Event()) == folder


def test_another_archive_than_the_pinned_is_refused_and_not_kept(commands: Path, tmp_path: Path) -> None:
    package = msgspec.structs.replace(_pack(tmp_path / "sample.tgz"), integrity="sha512-other")
    _offer(commands, "npm", f"exec /bin/cp {tmp_path / 'sample.tgz'} .")
    with pytest.raises(ProbeUnavailable, match=r"expected sha512-other.*npm pack sample@1.0.0"):
        find_package(package, stopped=threading.Event())
    assert not list((tmp_path / "caches" / "speedscore" / "npm").glob("*/*.mjs"))


def test_npms_own_last_words_are_the_reason(commands: Path, tmp_path: Path) -> None:
    package = _pack(tmp_path / "sample.tgz")
    _offer(commands, "npm", "echo npm error no such host >&2; exit 1")
    with pytest.raises(ProbeUnavailable, match=r"cannot be fetched here.*no such host"):
        find_package(package, stopped=threading.Event())


def test_an_interrupt_ends_the_fetching_with_all_that_it_started(commands: Path, tmp_path: Path) -> None:
    package = _pack(tmp_path / "sample.tgz")
    pid = tmp_path / "pid"
    _offer(commands, "npm", f"/bin/sleep 600 & echo $! > {pid}; wait")
    stopped = threading.Event()

    def stop() -> None:
        wait_until(lambda: pid.is_file() and bool(pid.read_text()), "npm never began")
        stopped.set()

    threading.Thread(target=stop).start()
    with pytest.raises(MakingStopped):
        find_package(package, stopped=stopped)
    wait_until(lambda: has_gone(int(pid.read_text())), "what npm started outlived it")
    assert [path.suffix for path in (tmp_path / "caches" / "speedscore" / "npm").iterdir()] == [".lock"]


def test_an_interrupt_ends_the_waiting_for_another_session_that_fetches(commands: Path, tmp_path: Path) -> None:
    package = _pack(tmp_path / "sample.tgz")
    _offer(commands, "npm", f"exec /bin/cp {tmp_path / 'sample.tgz'} .")
    folder = find_package(package, stopped=threading.Event())
    (folder / ".complete").unlink()
    stopped = threading.Event()
    stopped.set()
    with folder.with_name(f"{folder.name}.lock").open("w") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        with pytest.raises(MakingStopped):
            find_package(package, stopped=stopped)
