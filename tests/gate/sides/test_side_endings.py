"""Why a side ended before it had answered: an invalid ``-k`` and a failing hook are named in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.gate.sides.side_endings import why_it_ended

ROOT = Path("/work of/kite")
ENDED = "ended with exit code {} instead of replying"


def told(code: int, *lines: str) -> str:
    return "\n".join([ENDED.format(code), "its last lines:", *(f"  | {line}" for line in lines)])


HOOK = (
    "INTERNALERROR> Traceback (most recent call last):",
    'INTERNALERROR>   File "/usr/lib/pluggy/_callers.py", line 121, in _multicall',
    "INTERNALERROR>     res = hook_impl.function(*args)",
    f'INTERNALERROR>   File "{ROOT}/tests/conftest.py", line 3, in pytest_collection_modifyitems',
    "INTERNALERROR>     json.loads(text)",
    'INTERNALERROR>   File "/usr/lib/python3/json/decoder.py", line 355, in raw_decode',
    "INTERNALERROR> json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
    "",
    "============================ no tests ran in 0.01s =============================",
)


@pytest.mark.parametrize(
    ("code", "lines", "why"),
    [
        (
            4,
            ("ERROR: Wrong expression passed to '-k': a and: at column 6: expected not", ""),
            "refuses its command line or settings: Wrong expression passed to '-k': a and: at column 6: expected not",
        ),
        (
            4,
            ("ERROR: usage: pytest [options]", "pytest: error: unrecognized arguments: --books", "  inifile: None"),
            "refuses its command line or settings: unrecognized arguments: --books",
        ),
        (
            3,
            HOOK,
            "failed in pytest_collection_modifyitems (tests/conftest.py, line 3): json.decoder.JSONDecodeError: "
            "Expecting value: line 1 column 1 (char 0)",
        ),
        (
            4,
            ("ImportError while loading conftest '/a/conftest.py'.", "conftest.py:1: in <module>", "E   KeyError: 'x'"),
            "cannot import its conftest.py: KeyError: 'x'",
        ),
    ],
    ids=["expression", "option", "hook", "conftest"],
)
def test_the_cause_is_told_in_one_line(code: int, lines: tuple[str, ...], why: str) -> None:
    said = why_it_ended(told(code, *lines), root=ROOT).splitlines()
    assert said[0] == why
    quoted = [line for line in said[1:] if line.startswith("  | ")]
    assert len(quoted) == (len(lines) if "conftest" in lines[0] else 0), "what is said precisely needs no lines besides"


def test_a_hook_of_a_plugin_comes_with_the_last_lines() -> None:
    lines = (HOOK[0], HOOK[1], "INTERNALERROR> ZeroDivisionError: division by zero")
    why = why_it_ended(told(3, *lines), root=ROOT)
    assert why.partition("\n")[0] == "failed in a hook of pytest or of a plugin: ZeroDivisionError: division by zero"
    assert why.count("  | INTERNALERROR") == len(lines), "where it was, its last lines must show"


@pytest.mark.parametrize(
    "said",
    [
        told(3, "gone"),
        told(1, "x.c:3: error: unknown type name"),
        "was killed (SIGKILL)\nits last lines:\n  | ERROR: the till is jammed, trying again",
        "was killed (SIGKILL)\nit printed nothing",
        "hung",
        "",
    ],
    ids=["unknown", "compiler", "killed", "silent", "hung", "empty"],
)
def test_what_is_not_understood_is_left_as_it_was_told(said: str) -> None:
    assert why_it_ended(said, root=ROOT) == said
