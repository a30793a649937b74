"""Signals that end a session wait outside, as often as they come, and work again afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from speedscore.bench_suite.session.saving.shielding import ENDING_SIGNALS, shielded


def test_no_signal_gets_in_and_each_is_noted() -> None:
    handlers = [signal.getsignal(number) for number in ENDING_SIGNALS]
    with shielded() as came:
        for number in (*ENDING_SIGNALS, *ENDING_SIGNALS):
            os.kill(os.getpid(), number)
    assert set(came) == set(ENDING_SIGNALS)
    assert [signal.getsignal(number) for number in ENDING_SIGNALS] == handlers
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & set(ENDING_SIGNALS)


def test_afterwards_a_signal_interrupts_again_and_an_error_inside_is_raised() -> None:
    with pytest.raises(OSError, match="full"), shielded():
        raise OSError("full")
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_what_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with shielded() as came:
            os.kill(os.getpid(), signal.SIGHUP)
        assert came == []
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_program_that_is_started_inside_is_shielded_too() -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('lives')"
    with shielded():
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "lives\n"


def test_outside_the_main_thread_nothing_is_changed() -> None:
    seen: list[list[int]] = []

    def look() -> None:
        with shielded() as came:
            seen.append(came)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [[]]
