"""The judge comes to what a person comes to who reads the same message, by the rules, on text alone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.probes.mistakes.judging import Judgement, Seen, is_better, judge
from speedscore.bench_suite.probes.mistakes.program import MarkedProgram
from speedscore.bench_suite.probes.mistakes.rules import load_rules

RULES = load_rules()
PROGRAM = MarkedProgram("/home/program.py", frozenset({7}), 2.0)
OTHER_LINE = '  File "/home/program.py", line 9, in mistake\n    use(x)\n'
MARKED_LINE = '  File "/home/program.py", line 7, in mistake\n    x = make(3, 4)\n'
LIBRARY = '  File "/lib/library.py", line 7, in make\n    raise\n'


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message and what a person says of it."""

    of: str
    source: str
    file: str
    lines: frozenset[int]
    outcome: str
    names_line: bool
    names_values: bool
    says_remedy: bool
    gives_link: bool
    printed: str = ""
    traceback: str = ""
    frames: int | None = None
    """Counted by hand where it was counted."""


class _File(msgspec.Struct, frozen=True):
    message: tuple[Labelled, ...]


LABELLED = msgspec.toml.decode((Path(__file__).parent / "labelled.toml").read_bytes(), type=_File).message


def judged(*, traceback: str = "", printed: str = "", number: float | None = None) -> Judgement:
    seen = Seen("raised" if traceback else "returned", printed=printed, traceback=traceback, number=number)
    return judge(seen, PROGRAM, RULES)


def error(*frames: str, message: str) -> str:
    return "".join(("Traceback (most recent call last):\n", *frames, message, "\n"))


@pytest.mark.parametrize("labelled", LABELLED, ids=lambda labelled: labelled.of)
def test_it_says_what_a_person_says(labelled: Labelled) -> None:
    program = MarkedProgram(labelled.file, labelled.lines, 0.0)
    ended = "raised" if labelled.traceback else "returned"
    seen = Seen(ended, printed=labelled.printed, traceback=labelled.traceback, number=1.0)  # type: ignore[arg-type]
    found = judge(seen, program, RULES)
    names = ("outcome", "names_line", "names_values", "says_remedy", "gives_link")
    assert {name: getattr(found, name) for name in names} == {name: getattr(labelled, name) for name in names}
    if labelled.frames is not None:
        assert found.frames == labelled.frames


def test_enough_messages_of_each_kind_are_labelled() -> None:
    assert len(LABELLED) >= 25
    for name in ("names_line", "names_values", "says_remedy", "gives_link"):
        yes = sum(getattr(labelled, name) for labelled in LABELLED)
        assert min(yes, len(LABELLED) - yes) >= 8, name
    assert {labelled.outcome for labelled in LABELLED} == {"an error at once", "an error late", "a warning"}


def test_silence_is_judged_by_the_number() -> None:
    assert judged(number=2.0).outcome == "harmless"
    assert judged(number=2.1).outcome == "a wrong number in silence"
    assert judged(number=float("nan")).outcome == "a wrong number in silence"


def test_an_error_at_another_line_than_the_mistake_is_late_even_where_it_tells_the_line() -> None:
    late = judged(traceback=error(OTHER_LINE, LIBRARY, message="E: made at /home/program.py:7"))
    assert (late.outcome, late.names_line, late.frames) == ("an error late", True, 1)
    now = judged(traceback=error(MARKED_LINE, LIBRARY, LIBRARY, message="E: no"))
    assert (now.outcome, now.names_line, now.frames) == ("an error at once", True, 2)


def test_only_a_stack_that_is_said_to_be_the_users_counts_as_executed() -> None:
    stack = '\n\n    File "/home/program.py", line 7, in f  *\n        x = make(3, 4)\n'
    assert judged(traceback=error(OTHER_LINE, message=f"E: in user code:{stack}")).outcome == "an error at once"
    defined = judged(traceback=error(OTHER_LINE, message=f"E: x was defined here:{stack}"))
    assert (defined.outcome, defined.names_line) == ("an error late", True)


def test_a_message_that_names_nothing_names_nothing() -> None:
    bare = judged(traceback=error(OTHER_LINE, LIBRARY, message="RuntimeError: something went wrong"))
    assert bare.merits() == 0
    # The user's own source, which Python echoes, holds a shape; the message does not.
    echoed = judged(printed="/home/program.py:7: UserWarning: careful\n  x = make((3, 4))\n", number=2.0)
    assert (echoed.outcome, echoed.names_line, echoed.names_values) == ("a warning", True, False)


def test_boilerplate_is_no_message() -> None:
    cuda = "E0000 00:00:1.1 1 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)\n"
    assert judged(printed=cuda, number=9.0).outcome == "a wrong number in silence"
    note = "--------------------\nFor simplicity, JAX has removed its internal frames. Set X=off to see them."
    assert judged(traceback=error(MARKED_LINE, message=f"E: no\n{note}")).says_remedy is False


def test_a_message_is_better_by_its_outcome_first_and_then_by_what_it_says() -> None:
    silent = judged(number=9.0)
    bare = judged(traceback=error(MARKED_LINE, LIBRARY, message="E: no"))
    shorter = judged(traceback=error(MARKED_LINE, message="E: no"))
    told = judged(traceback=error(MARKED_LINE, LIBRARY, message="E: got shape (3, 4)"))
    assert is_better(bare, silent, RULES)
    assert is_better(shorter, bare, RULES)
    assert is_better(told, shorter, RULES)
    assert not is_better(bare, bare, RULES)
    assert not is_better(silent, told, RULES)
