"""Reading what Python prints: frames, the message, and what is only the user's own source."""

from __future__ import annotations

from speedscore.bench_suite.probes.mistakes.printed import Frame, frames_in, read_error, without_source

CHAINED = """\
Traceback (most recent call last):
  File "/lib/a.py", line 1, in a
    raise KeyError("x")
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/home/program.py", line 7, in mistake
    a(
    ~^
  File "/lib/a.py", line 3, in a
    raise ValueError("no x") from error
ValueError: no x
A note.
"""


def test_the_last_exception_is_the_one_that_is_read() -> None:
    error = read_error(CHAINED)
    assert error.frames == (Frame("/home/program.py", 7), Frame("/lib/a.py", 3))
    assert error.message == "ValueError: no x\nA note."


def test_a_message_may_hold_a_traceback_of_its_own() -> None:
    text = CHAINED.replace(
        "ValueError: no x", 'ValueError: in user code:\n\n    File "/home/program.py", line 5, in f\n'
    )
    error = read_error(text)
    assert len(error.frames) == 2
    assert frames_in(error.message) == (Frame("/home/program.py", 5),)


def test_text_without_a_traceback_is_all_message() -> None:
    assert read_error("killed\n").message == "killed"


def test_source_that_is_echoed_is_left_out() -> None:
    text = 'E: in user code:\n\n    File "/home/program.py", line 5, in f  *\n        x[3, 4] = 1\n\n    E: no x'
    assert without_source(text) == "E: in user code:\n\n\n    E: no x"
    warning = "/home/program.py:3: UserWarning: one\nand two\n  x = ones(3, 4)\n/lib/a.py:4: UserWarning: three\n  f(x)"
    assert without_source(warning) == "/home/program.py:3: UserWarning: one\nand two\n/lib/a.py:4: UserWarning: three"
