"""What the kernel says of waiting for a processor is a count that never falls, and is none where it says nothing."""

from __future__ import annotations

import os

from speedscore.host.run_queue import held_up_seconds


def test_waiting_for_a_processor_only_adds_up() -> None:
    first = held_up_seconds()
    sum(range(100_000))
    assert 0.0 <= first <= held_up_seconds()
    assert held_up_seconds(os.getpid()) >= 0.0


def test_a_process_that_is_not_there_was_never_held_up() -> None:
    assert held_up_seconds(2**22 + 1) == 0.0
