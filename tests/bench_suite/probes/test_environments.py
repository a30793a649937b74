"""An environment of its own is made once, found again, and never used half-made: by pip, of a package in a folder."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from speedscore.bench_suite.probes import environments
from speedscore.bench_suite.probes.environments import environments_folder, find_environment
from speedscore.bench_suite.probes.making import MakingStopped
from speedscore.bench_suite.probes.probe import ProbeUnavailable
from tests.waiting import has_gone, wait_until

Find = Callable[..., Path]
Script = Callable[[str], list[Path]]
PINS = "tiny==1.0\n"


@pytest.fixture
def find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Find:
    """``find_environment`` with caches, pins and a registry of this test alone; a wheel of ``tiny`` lies in it."""
    for name in ("caches", "pins", "wheels"):
        (tmp_path / name).mkdir()
    (tmp_path / "pins" / "small.txt").write_text(PINS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setattr(environments, "_failed", {})
    _write_wheel(tmp_path / "wheels")

    def call(name: str, pins: str = PINS, *, stopped: threading.Event | None = None) -> Path:
        if not (file := tmp_path / "pins" / f"{name}.txt").is_file() or file.read_text() != pins:
            file.write_text(pins)
        return find_environment(name, stopped=stopped or threading.Event(), pins_folder=tmp_path / "pins")

    return call


def _write_wheel(folder: Path) -> None:
    files = {
        "tiny.py": "NUMBER = 42\n",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, "tiny-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, "tiny-1.0.dist-info/RECORD": record}.items():
            wheel.writestr(name, text)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Puts a shell script, which is given the folder and the pins, in the place of all that makes an environment.

    Returns the list of folders for which it has been run.
    """

    def put(text: str) -> list[Path]:
        ran: list[Path] = []

        def commands(folder: Path, pins_file: Path) -> tuple[Sequence[str], ...]:
            ran.append(folder)
            return (("/bin/sh", "-c", text, "sh", str(folder), str(pins_file)),)

        monkeypatch.setattr(environments, "_commands", commands)
        return ran

    return put


QUICKLY = "mkdir -p $1/bin; : > $1/bin/python"


def test_it_has_what_is_pinned_and_is_found_again_without_making_it(
    find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a session imports from, and what it is held to, is not the environment's.
    monkeypatch.setenv("PIP_CONSTRAINT", "/no/such/file")
    python = find("small")
    printed = subprocess.run([str(python), "-c", "import tiny; print(tiny.NUMBER)"], capture_output=True, text=True)
    assert printed.stdout == "42\n"
    monkeypatch.setattr(environments, "_make", None)
    assert find("small") == python


def test_other_pins_are_another_environment(find: Find, script: Script) -> None:
    ran = script(QUICKLY)
    first, second = find("small"), find("small", "tiny==1.0\n# another\n")
    assert first.exists()
    assert second.exists()
    assert len(ran) == len({first, second}) == 2


def test_a_registry_that_has_nothing_is_a_reason_to_skip_and_is_asked_once(find: Find, script: Script) -> None:
    script(f"{sys.executable} -m pip install --quiet --target $1 --requirement $2")
    with pytest.raises(ProbeUnavailable, match=r"cannot be made here .*No matching distribution found for tiny==2\.0"):
        find("small", "tiny==2.0\n")
    assert [path.suffix for path in environments_folder().iterdir()] == [".lock"]
    ran = script(QUICKLY)
    with pytest.raises(ProbeUnavailable, match="No matching distribution"):
        find("small", "tiny==2.0\n")
    assert not ran


def test_one_that_was_left_half_made_is_made_anew(find: Find, script: Script) -> None:
    ran = script(QUICKLY)
    folder = find("small").parent.parent
    (folder / environments._DONE).unlink()
    (folder / "rest").write_text("of a session that was killed")
    assert find("small").exists()
    assert not (folder / "rest").exists()
    assert len(ran) == 2


def test_one_whose_python_has_gone_is_made_anew(find: Find, script: Script) -> None:
    script(QUICKLY)
    find("small").unlink()
    assert find("small").exists()


def test_two_that_want_it_at_once_make_it_once(find: Find, script: Script) -> None:
    ran = script(f"sleep 0.3; {QUICKLY}")
    with ThreadPoolExecutor() as pool:
        pythons = set(pool.map(lambda _: find("small"), range(3)))
    assert len(pythons) == len(ran) == 1


def test_an_interrupt_ends_the_making_with_all_that_it_started(find: Find, script: Script, tmp_path: Path) -> None:
    started = script(f"mkdir -p $1; sleep 600 & echo $! > {tmp_path}/pid; wait")
    stopped = threading.Event()

    def stop() -> None:
        while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        stopped.set()

    threading.Thread(target=stop).start()
    with pytest.raises(MakingStopped):
        find("small", stopped=stopped)
    assert len(started) == 1
    wait_until(lambda: has_gone(int((tmp_path / "pid").read_text())), "what the making started outlived it")
    assert [path.suffix for path in environments_folder().iterdir()] == [".lock"]


def test_an_interrupt_ends_the_waiting_for_another_session(find: Find, script: Script) -> None:
    ran = script(QUICKLY)
    folder = find("small").parent.parent
    (folder / environments._DONE).unlink()
    stopped = threading.Event()
    with folder.with_name(f"{folder.name}.lock").open("w") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        threading.Timer(0.3, stopped.set).start()
        with pytest.raises(MakingStopped):
            find("small", stopped=stopped)
    assert len(ran) == 1


def test_an_installer_that_outlives_its_session_still_holds_the_lock(find: Find, script: Script) -> None:
    """So that the next session does not install into the same folder beside it."""
    script(f"readlink /proc/$$/fd/* | grep -q '{environments_folder()}.*lock' && {{ {QUICKLY}; }}")
    assert find("small").exists()


def test_what_fails_in_the_middle_is_taken_away(find: Find, script: Script) -> None:
    script(f"{QUICKLY}; echo no room on the device; exit 1")
    with pytest.raises(ProbeUnavailable, match="no room on the device"):
        find("small")
    assert [path.suffix for path in environments_folder().iterdir()] == [".lock"]


def test_every_line_of_the_pins_is_one_exact_version() -> None:
    for file in environments.PINS.glob("*.txt"):
        # Behind a semicolon stands for which platform a line is; a line of pip's options pins nothing.
        pins = [line.partition(";")[0] for line in file.read_text().splitlines() if line and line[0] not in "#-"]
        assert pins, file.name
        assert all(pin.count("==") == 1 and "*" not in pin for pin in pins), file.name


def test_a_name_without_pins_is_a_mistake_of_ours() -> None:
    with pytest.raises(LookupError, match=r"nowhere\.txt"):
        find_environment("nowhere", stopped=threading.Event())
