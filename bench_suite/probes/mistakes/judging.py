"""Judges what a user saw of a mistake, by the rules, on text alone. A pure function of text: it runs and times nothing.

What it is given may come from any release of any framework, caught by ``running`` or copied from an issue.
"""

from __future__ import annotations

import math
import re
from typing import Literal

import msgspec

from speedscore.bench_suite.probes.mistakes.printed import Frame, frames_in, read_error, without_source
from speedscore.bench_suite.probes.mistakes.program import MarkedProgram
from speedscore.bench_suite.probes.mistakes.rules import Rules

Ended = Literal["returned", "raised", "died", "hung"]

HARMLESS = "harmless"
AT_ONCE = "an error at once"
LATE = "an error late"
WARNING = "a warning"
LOST = "a crash or hang"
SILENT = "a wrong number in silence"


class Seen(msgspec.Struct, frozen=True):
    """What a user saw of a program."""

    ended: Ended
    printed: str = ""
    """On standard error, before it ended: warnings, lines of logs."""
    traceback: str = ""
    """As Python prints it; empty where nothing was raised."""
    number: float | None = None
    """What it returned."""


class Judgement(msgspec.Struct, frozen=True):
    """What that is worth to the user."""

    outcome: str
    message: str = ""
    """What was read, without noise; empty where there was nothing to read."""
    says_anything: bool = False
    """More than the exception's type."""
    names_line: bool = False
    says_values: bool = False
    """What it was: a shape, a type, a device, a number."""
    says_which: bool = False
    """Which it was: an argument, a key, a place in a list."""
    says_expected: bool = False
    """What would have been right."""
    says_remedy: bool = False
    gives_link: bool = False
    frames: int | None = None
    """Of other people's code between the user's innermost line and the message; None where that is not known."""

    @property
    def names_values(self) -> bool:
        """What it was, or which."""
        return self.says_values or self.says_which

    def merits(self) -> int:
        """How many of the six things it names or says."""
        return sum(
            (
                self.names_line,
                self.says_values,
                self.says_which,
                self.says_expected,
                self.says_remedy,
                self.gives_link,
            )
        )


def judge(seen: Seen, program: MarkedProgram, rules: Rules) -> Judgement:
    """``program`` is the one that was run; of its text only the lines that err are known here."""
    printed = rules.noise.taken_out_of(seen.printed).strip()
    if seen.ended == "raised":
        error = read_error(seen.traceback)
        message = rules.noise.taken_out_of(error.message).strip()
        executing = (*error.frames, *frames_in(rules.user_stack.found_in(message)))
        at_once = any(_is_marked(frame, program) for frame in executing)
        return _read(
            AT_ONCE if at_once else LATE,
            message=message,
            everything="\n".join((printed, seen.traceback)),
            frames=_frames_between(error.frames, program),
            program=program,
            rules=rules,
        )
    if seen.ended in ("died", "hung"):
        return _read(LOST, message=printed, everything=printed, frames=None, program=program, rules=rules)
    if printed:
        frames = 0 if re.match(rf"{re.escape(program.file)}:\d+: ", printed) else None
        return _read(WARNING, message=printed, everything=printed, frames=frames, program=program, rules=rules)
    return Judgement(HARMLESS if is_right(seen.number, program, rules) else SILENT)


def is_right(number: float | None, program: MarkedProgram, rules: Rules) -> bool:
    return number is not None and math.isclose(
        number, program.right, rel_tol=rules.relative_tolerance, abs_tol=rules.relative_tolerance
    )


def is_better(judgement: Judgement, than: Judgement, rules: Rules) -> bool:
    """By outcome first; then by how much is said that helps; then by fewer frames, where both are known."""
    ranks = rules.rank(judgement.outcome), rules.rank(than.outcome)
    if ranks[0] != ranks[1]:
        return ranks[0] < ranks[1]
    if judgement.says_anything != than.says_anything:
        return judgement.says_anything
    if judgement.merits() != than.merits():
        return judgement.merits() > than.merits()
    return judgement.frames is not None and than.frames is not None and judgement.frames < than.frames


def _read(
    outcome: str, *, message: str, everything: str, frames: int | None, program: MarkedProgram, rules: Rules
) -> Judgement:
    said = without_source(message)
    return Judgement(
        outcome,
        message=message,
        says_anything=re.fullmatch(r"[\w.]*:?", said.strip()) is None,
        names_line=_names_line(everything, program),
        says_values=rules.values.is_in(said),
        says_which=rules.name.is_in(said),
        says_expected=rules.expected.is_in(said),
        says_remedy=rules.remedy.is_in(said),
        gives_link=rules.link.is_in(said),
        frames=frames,
    )


def _is_marked(frame: Frame, program: MarkedProgram) -> bool:
    return frame.file == program.file and frame.line in program.lines


def _names_line(text: str, program: MarkedProgram) -> bool:
    """As a frame of a traceback, or as ``file:line``, which warnings and compilers print."""
    if any(_is_marked(frame, program) for frame in frames_in(text)):
        return True
    return any(int(line) in program.lines for line in re.findall(rf"{re.escape(program.file)}:(\d+)", text))


def _frames_between(frames: tuple[Frame, ...], program: MarkedProgram) -> int | None:
    theirs = [number for number, frame in enumerate(frames) if frame.file == program.file]
    return len(frames) - 1 - theirs[-1] if theirs else None
