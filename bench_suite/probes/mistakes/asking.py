"""Puts one mistake to one framework: runs it in a fresh process, then its twin, and has what was seen judged.

A twin that does not run clean means that the corpus is broken: that fails the probe, and says nothing of the framework.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.mistakes.corpus import program_path
from speedscore.bench_suite.probes.mistakes.judging import Judgement, Seen, is_right, judge
from speedscore.bench_suite.probes.mistakes.program import MarkedProgram, read_program
from speedscore.bench_suite.probes.mistakes.rules import Rules, load_rules
from speedscore.bench_suite.probes.probe import Answer, ProbeCase
from speedscore.bench_suite.probes.process import Lost, ProbeProcess
from speedscore.bench_suite.probes.tools import Tools

_RUNNING = "speedscore.bench_suite.probes.mistakes.running"
_SHOWN_LETTERS = 600
_SPEAKING = {"tensorflow": ("keras",)}
"""Ecosystem → distributions that speak to its users beside the framework's own: ``tf.keras`` is Keras."""


class TwinError(RuntimeError):
    """The honest twin of a mistake did not run clean: nothing can be said of the mistake."""


class Watched(msgspec.Struct, frozen=True):
    seen: Seen
    seconds: float
    """Until it had ended, without loading the program."""


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Run the mistake first, as its user does, in a fresh process. The twin follows in the same process, or in another
    one where the mistake has ended that or left it unfit."""
    return ask_program(program_path(case), case=case, tools=tools)


def ask_program(path: Path, *, case: ProbeCase, tools: Tools) -> Answer:
    """The same of the program at ``path``. Raises ProgramError and TwinError for a program that proves nothing."""
    rules = load_rules()
    # A copy under a name that says nothing, so that messages are the same wherever the package lies.
    copy = tools.scratch / "program.py"
    program = read_program(path, shown_as=str(copy))
    copy.write_bytes(path.read_bytes())
    process = tools.start()
    mistake = watch(process, "mistake", copy=copy, rules=rules)
    same_process_will_do = mistake.seen.ended in ("returned", "raised")
    if not (same_process_will_do and _is_clean(watch(process, "twin", copy=copy, rules=rules).seen, program, rules)):
        process.close()
        process = tools.start()
        check_twin(watch(process, "twin", copy=copy, rules=rules).seen, program, rules)
    line = FRAMEWORKS[case.framework]
    versions = process.versions(*line.distributions, *_SPEAKING.get(line.ecosystem, ()))
    process.close()
    return _answer(mistake, judge(mistake.seen, program, rules), program=program, versions=versions)


def watch(process: ProbeProcess, function: str, *, copy: Path, rules: Rules) -> Watched:
    """What is seen of a function of the program ``copy``. Raises what loading the program raises, and Lost where that
    ended the process or did not end in the probe's own time: then nothing was asked."""
    # A framework that takes long to import, as from a cold disk, does not hang.
    process.call(f"{_RUNNING}:load", path=str(copy))
    printed = copy.with_name(f"{function}.txt")
    printed.write_bytes(b"")
    began = time.perf_counter()
    try:
        told: dict[str, Any] = process.call(
            f"{_RUNNING}:run", limit_seconds=rules.limit_seconds, entry=function, printed=str(printed)
        )
    except Lost as lost:
        text = printed.read_text(encoding="utf-8", errors="replace")
        return Watched(Seen("hung" if lost.hung else "died", printed=text), time.perf_counter() - began)
    seen = Seen(
        "raised" if told["traceback"] else "returned",
        printed=told["printed"],
        traceback=told["traceback"],
        number=float(told["number"]) if told["number"] else None,
    )
    return Watched(seen, told["seconds"])


def _is_clean(seen: Seen, program: MarkedProgram, rules: Rules) -> bool:
    silent = not rules.noise.taken_out_of(seen.printed).strip()
    return seen.ended == "returned" and silent and is_right(seen.number, program, rules)


def check_twin(seen: Seen, program: MarkedProgram, rules: Rules) -> None:
    if not _is_clean(seen, program, rules):
        words = rules.noise.taken_out_of(seen.traceback or seen.printed).strip()[-_SHOWN_LETTERS:]
        raise TwinError(
            f"the twin must return {program.right:g} and print nothing; it {seen.ended} {seen.number} {words}".rstrip()
        )


def _answer(watched: Watched, judgement: Judgement, *, program: MarkedProgram, versions: dict[str, str]) -> Answer:
    seen = watched.seen
    observations = {
        "names_line": judgement.names_line,
        "names_values": judgement.names_values,
        "says_remedy": judgement.says_remedy,
        "gives_link": judgement.gives_link,
        "frames": judgement.frames,
        "ended": seen.ended,
        "returned": "" if seen.number is None else f"{seen.number:g}",
        "right": program.right,
    }
    return Answer(
        judgement.outcome,
        (watched.seconds,),
        versions,
        reason=_shortened(judgement.message.replace(program.file, "program.py")),
        observations=observations,
        measurements={"seconds_to_message": [watched.seconds]} if judgement.message else {},
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]} …"
