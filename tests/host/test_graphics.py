"""The driver's library is asked in a process of its own, for it may hang, crash or answer nonsense."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from speedscore.host.graphics import Graphics, ask_process

COMMAND = [sys.executable, "-m", "speedscore.host.graphics"]

LIBRARY = """
class NVMLError(Exception):
    value = 9
NVML_ERROR_LIBRARY_NOT_FOUND = 12
NVML_CLOCK_SM = 1
def nvmlInit(): {init}
def nvmlShutdown(): {shutdown}
def nvmlSystemGetDriverVersion(): return "999.1"
def nvmlDeviceGetCount(): return 1
def nvmlDeviceGetHandleByIndex(index): return index
def nvmlDeviceGetName(card): return {name}
def nvmlDeviceGetUUID(card): return "GPU-1"
"""


def plant(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *, init: str, shutdown: str = "", name: str = "'Card'"
) -> None:
    text = LIBRARY.format(init=init or "pass", shutdown=shutdown or "pass", name=name)
    (folder / "pynvml.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))


@pytest.mark.parametrize(
    ("init", "problem"),
    [
        pytest.param("import os; os.abort()", "ended the process that asked it (SIGABRT)", id="crashes"),
        pytest.param("import os; os._exit(5)", "ended the process that asked it (exit code 5)", id="exits"),
        pytest.param(
            "raise RuntimeError('odd \\x1b[2J' + 'x' * 10**6)", "RuntimeError: odd \\u001b[2Jxxx", id="raises"
        ),
        pytest.param("raise NVMLError('Driver Not Loaded')", "library says: Driver Not Loaded", id="refuses"),
        pytest.param("import os; os.write(1, b'x')", "", id="prints"),
    ],
)
def test_what_goes_wrong_in_the_library_is_a_short_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, init: str, problem: str
) -> None:
    plant(monkeypatch, tmp_path, init=init)
    found = ask_process(COMMAND, limit_seconds=60)
    assert problem in found.problem
    assert len(found.problem) < 300
    assert found.problem.isprintable()
    assert bool(found.names) == (not problem)


def test_a_library_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plant(monkeypatch, tmp_path, init="import time; time.sleep(600)")
    started = time.monotonic()
    assert ask_process(COMMAND, limit_seconds=1).problem.endswith("did not answer within 1 s")
    assert time.monotonic() - started < 60


def test_odd_names_and_a_failing_shutdown_do_no_harm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plant(monkeypatch, tmp_path, init="", shutdown="raise RuntimeError", name="b'Card\\x1b[31m\\xff\\n2'")
    assert ask_process(COMMAND, limit_seconds=60) == Graphics(
        names=("Card\\u001b[31m\ufffd 2",),
        uuids=("GPU-1",),
        fields={"gpu.driver": "999.1", "gpu.count": 1, "gpu.0.name": "Card\\u001b[31m\ufffd 2"},
    )


def test_an_answer_that_cannot_be_read_is_said_to_be_none() -> None:
    assert "no answer" in ask_process([sys.executable, "-c", "print('[1')"], limit_seconds=60).problem
