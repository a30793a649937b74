"""Captures anew what releases said before and after a change that improved a message. It judges nothing.

``python -m speedscore.bench_suite.probes.mistakes.capturing`` makes each release's environment where there is none,
runs the change's program there as the family of mistakes does, and writes ``before.toml`` and ``after.toml``. Names of
changes may follow the command; without any it captures all.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import msgspec

from speedscore.bench_suite.probes.mistakes.asking import check_twin, watch
from speedscore.bench_suite.probes.mistakes.history import (
    SHOWN_AS,
    Captured,
    history_folder,
    list_changes,
    read_captured,
    read_change,
)
from speedscore.bench_suite.probes.mistakes.judging import Seen
from speedscore.bench_suite.probes.mistakes.program import read_program
from speedscore.bench_suite.probes.mistakes.rules import load_rules
from speedscore.bench_suite.probes.tools import Tools

_LIMIT_SECONDS = 3600.0
_DISTRIBUTIONS = ("jax", "jaxlib", "numpy")


def capture(release: str, program: Path) -> Captured:
    """What the user of ``program`` sees in that release, in a fresh process.

    Raises ProbeUnavailable where its environment cannot be made, LookupError where it has no pins, and TwinError where
    the program's twin does not run clean there.
    """
    tools = Tools(preset="smoke", processors=(min(os.sched_getaffinity(0)),), limit_seconds=_LIMIT_SECONDS)
    try:
        python = tools.environment(f"history-{release}")
        copy = tools.scratch / SHOWN_AS
        copy.write_bytes(program.read_bytes())
        rules = load_rules()
        process = tools.start(python=python)
        seen = watch(process, "mistake", copy=copy, rules=rules).seen
        versions = process.versions(*_DISTRIBUTIONS)
        twin = watch(tools.start(python=python), "twin", copy=copy, rules=rules).seen
        check_twin(twin, read_program(copy), rules)
        return Captured(
            versions, Seen(seen.ended, shortened(seen.printed, copy), shortened(seen.traceback, copy), seen.number)
        )
    finally:
        tools.close()


def shortened(text: str, program: Path) -> str:
    """The text without what is of one machine: each file named from where it is imported, and without addresses."""
    text = text.replace(str(program), SHOWN_AS)
    text = re.sub(r"/[^\s\"']*/(?:site-packages/|dist-packages/|(?=speedscore/))", "", text)
    text = re.sub(r"/[^\s\"']*/lib/(python3\.\d+/)", r"\1", text)
    return re.sub(r"\b0x[0-9a-f]{6,}\b", "0x…", text)


def written(captured: Captured) -> str:
    """The text of the file, with a traceback in lines of its own. Reading it gives back ``captured``."""
    seen = captured.seen
    lines = ["[versions]", *(f'{name} = "{version}"' for name, version in sorted(captured.versions.items()))]
    lines += ["", "[seen]", f'ended = "{seen.ended}"']
    if seen.number is not None:
        lines.append(f"number = {seen.number!r}")
    lines += [
        f"{name} = {_in_toml(text)}"
        for name, text in (("printed", seen.printed), ("traceback", seen.traceback))
        if text
    ]
    return "\n".join(lines) + "\n"


def _in_toml(text: str) -> str:
    plain = "'''" not in text and all(letter.isprintable() or letter in "\n\t" for letter in text)
    return f"'''\n{text}'''" if plain else msgspec.json.encode(text).decode()


def main(names: list[str]) -> None:
    for name in names or list_changes():
        folder, change = history_folder() / name, read_change(name)
        for when, release in (("before", change.before), ("after", change.after)):
            captured = capture(release, folder / "program.py")
            path = folder / f"{when}.toml"
            path.write_text(written(captured), encoding="utf-8")
            if read_captured(path) != captured:
                raise ValueError(f"{path} does not read as what was written")
            print(f"{name}: {release}: {captured.seen.ended}")


if __name__ == "__main__":
    main(sys.argv[1:])
