"""A print and a breakpoint inside compiled code: is it reached, does it show the value, does the program stay whole?

Of each there is Python's own, and what the framework offers instead. The function holds a local ``y``, and the answer
is what a person would have read: the text that was printed, or the locals of the frame in which ``breakpoint()``
stopped. ``seconds`` is the first call, compiling included. It never judges how comfortable a debugger is.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from speedscore.bench_suite.frameworks.debugging import Debugging
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase
from speedscore.bench_suite.probes.production.programs import probing_module
from speedscore.bench_suite.probes.tools import Tools
from speedscore.text.numbers import first_line

TOOLS = {
    "jax": (("print", "python"), ("print", "own"), ("breakpoint", "python"), ("breakpoint", "own")),
    "torch": (("print", "python"), ("print", "own"), ("breakpoint", "python")),
    "tensorflow": (("print", "python"), ("print", "own"), ("breakpoint", "python"), ("breakpoint", "own")),
}
"""The libraries on JAX have JAX's."""
GIVEN = 1234.5
VALUE = 2469
"""Of ``y``. No other number in sight has these digits."""
_THIS = "speedscore.bench_suite.probes.production.debugger"


def list_cases() -> Sequence[ProbeCase]:
    """Python's tools and the framework's own."""
    return [
        ProbeCase("debugger", framework=framework, subject=subject, target=target)
        for framework, tools in TOOLS.items()
        for subject, target in tools
    ]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Call the compiled function once."""
    process = tools.start()
    seen = process.call(
        f"{_THIS}:look",
        verbs=probing_module(case.framework, "debugger"),
        subject=case.subject,
        target=case.target,
    )
    return judge(seen, versions=process.versions(*FRAMEWORKS[case.framework].distributions))


def judge(seen: Mapping[str, Any], *, versions: dict[str, str]) -> Answer:
    """What ``look`` saw, by these rules.

    ``refused``: an exception. ``not reached``: nothing was printed and no frame was seen. ``no value``: neither the
    printed text nor the local ``y`` holds the value. ``value, graph breaks``: it does, and the function fell into
    several graphs. ``value``: it does, and the function stayed whole. A result that the tool changed is ValueError.
    """
    texts = {name: str(text) for name, text in seen["locals"].items()}
    shown = holds_value(seen["printed"]) or holds_value(texts.get("y", ""))
    if seen["error"]:
        outcome = "refused"
    elif seen["result"] != VALUE + 1:
        raise ValueError(f"expected the function to return {VALUE + 1}, found {seen['result']}")
    elif not seen["printed"] and not texts:
        outcome = "not reached"
    elif not shown:
        outcome = "no value"
    else:
        outcome = "value, graph breaks" if seen["graph_breaks"] else "value"
    printed = next(filter(holds_value, seen["printed"].splitlines()), first_line(seen["printed"]))
    elsewhere = [name for name, text in texts.items() if name != "y" and holds_value(text)]
    return Answer(
        outcome,
        (seen["seconds"],),
        versions,
        reason=first_line(seen["error"]),
        observations={
            "tool": seen["tool"],
            "shown": printed or texts.get("y"),
            "value_under_another_name": elsewhere[0] if elsewhere and not shown else None,
            "added_operations": seen["added_operations"],
        },
        measurements={} if seen["graph_breaks"] is None else {"graph_breaks": [seen["graph_breaks"]]},
    )


def holds_value(text: str) -> bool:
    """True where the value stands in the text as a number of its own."""
    return re.search(rf"(?<![\d.]){VALUE}(?:\.0*)?(?!\.?\d)", text) is not None


def look(memory: dict[str, Any], *, verbs: str, subject: str, target: str) -> dict[str, Any]:
    """Runs in the framework's process: everything that was printed, and the locals at the first breakpoint."""
    del memory
    debugged = cast(Debugging, importlib.import_module(verbs)).debugged(subject, target)
    seen: dict[str, Any] = {"tool": debugged.tool, "locals": {}, "error": "", "result": None}
    sys.breakpointhook = lambda *_, **__: (
        seen["locals"] or seen["locals"].update({name: str(value) for name, value in sys._getframe(1).f_locals.items()})
    )
    began = time.perf_counter()
    with captured() as printed:
        try:
            seen["result"] = debugged.call(GIVEN)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
            seen["error"] = f"{type(error).__name__}: {error}"
    seen["seconds"] = time.perf_counter() - began
    seen["printed"] = "".join(line for line in printed if "y is" in line or "jdb" in line)
    seen["graph_breaks"] = debugged.graph_breaks()
    with captured():
        seen["added_operations"] = None if seen["error"] else debugged.added_operations()
    return seen


@contextlib.contextmanager
def captured() -> Iterator[list[str]]:
    """The lines that go to standard output and errors meanwhile, from Python or below it; they are there at its end."""
    lines: list[str] = []
    with tempfile.TemporaryFile("w+", errors="replace") as file:
        kept = [os.dup(descriptor) for descriptor in (1, 2)]
        try:
            for descriptor in (1, 2):
                os.dup2(file.fileno(), descriptor)
            yield lines
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, descriptor)
                os.close(copy)
            file.seek(0)
            lines += file
