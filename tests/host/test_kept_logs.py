"""What processes print stays where it was asked for, in the order in which they began, bounded, and never fails."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from speedscore.host.kept_logs import append, collected, kept_log
from speedscore.host.piped import PipedProcess, ProcessLostError
from speedscore.host.variables import KEPT_LOGS

MIB = 1 << 20


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    logs = tmp_path / "logs"
    logs.mkdir()
    monkeypatch.setenv(KEPT_LOGS, str(logs))
    return logs


def end(own: Path, code: str, *, title: str) -> str:
    """What is said of the death of a process that does this."""
    process = PipedProcess([sys.executable, "-c", code], log_path=own / "own.log", env=dict(os.environ), title=title)
    with pytest.raises(ProcessLostError) as lost:
        process.read_line(limit_seconds=60.0)
    process.close()
    return str(lost.value)


def test_logs_stand_in_one_text_in_the_order_in_which_their_processes_began(asked: Path, tmp_path: Path) -> None:
    for title, said in (("second a/b", "one\\n"), ("first", "two"), ("silent", "")):
        end(tmp_path, f"print('{said}', end='')", title=title)
    assert collected(asked, most_bytes=MIB).decode() == (
        "===== second-a-b (1 of 3) =====\none\n"
        "===== first (2 of 3) =====\ntwo\n"
        "===== silent (3 of 3) printed nothing =====\n"
    )


def test_how_a_process_died_is_told_from_the_log_that_is_kept_and_it_is_not_told_where(
    asked: Path, tmp_path: Path
) -> None:
    lost = end(tmp_path, f"import os; print('about', os.environ.get('{KEPT_LOGS}')); os.abort()", title="worker")
    assert lost == "was ended by SIGABRT\nits last lines:\n  | about None"
    assert b"about None" in collected(asked, most_bytes=MIB)
    assert not (tmp_path / "own.log").exists()


@pytest.mark.parametrize("is_asked", [True, False], ids=["without a title", "not asked for"])
def test_what_has_no_title_or_was_not_asked_for_has_its_own_log(
    asked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_asked: bool
) -> None:
    if not is_asked:
        monkeypatch.delenv(KEPT_LOGS)
    end(tmp_path, "print('mine')", title="" if is_asked else "worker")
    assert (tmp_path / "own.log").read_text() == "mine\n"
    assert not list(asked.iterdir())


def test_a_place_that_takes_no_log_costs_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEPT_LOGS, str(tmp_path / "nowhere"))
    assert "| mine" in end(tmp_path, "print('mine')", title="worker")
    append(kept_log("gate"), b"lost")
    append(tmp_path / "nowhere" / "log", b"lost")


def test_of_a_log_that_is_too_long_beginning_and_end_stay_and_how_much_is_missing(asked: Path, tmp_path: Path) -> None:
    end(tmp_path, f"print('begins', '-' * {2 * MIB}, 'ends')", title="loud")
    (log,) = asked.iterdir()
    assert log.stat().st_size <= 256 << 10, "its neighbours need room on the disk"
    text = collected(asked, most_bytes=MIB)
    assert text.startswith(b"===== loud (1 of 1) =====\nbegins ---")
    assert text.endswith(b"--- ends\n")
    (said,) = [line for line in text.splitlines() if line.startswith(b"[speedscore: ")]
    assert said == b"[speedscore: at least 1,835,121 bytes are left out here]"


@pytest.mark.parametrize("count", [10, 3000])
def test_many_long_logs_are_no_more_than_fits_and_a_few_have_an_equal_share(asked: Path, count: int) -> None:
    for number in range(count):
        append(kept_log(f"number-{number}"), b"x" * 20_000 + b"\n")
    text = collected(asked, most_bytes=100_000)
    assert len(text) <= 100_000 + 50 * 10
    assert f"number-{count - 1} ({count} of {count})".encode() in text
    if count == 10:
        assert text.count(b"=====\nxx") == 10
        assert b"bytes are left out here" in text
