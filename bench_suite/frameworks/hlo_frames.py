"""Source lines in the text of a compiled XLA program: which files each instruction's stack frames lead to.

XLA prints tables of files, locations and frames before the computations (since 2025), and an instruction names its
innermost frame; before that an instruction named one file. Only text is read here, and no framework is imported.
"""

from __future__ import annotations

import re

_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%?([\w.\-]+) = ", re.MULTILINE)
_FRAME = re.compile(r"stack_frame_id=(\d+)")
_FILE = re.compile(r'source_file="([^"]*)"')


def files_by_instruction(text: str) -> dict[str, frozenset[str]]:
    """Name of each instruction → the files of its frames, from the innermost outwards; empty where it names none."""
    frames = _files_by_frame(text)
    found = {}
    for line in text.splitlines():
        if instruction := _INSTRUCTION.match(line):
            frame, file = _FRAME.search(line), _FILE.search(line)
            files = frames.get(frame[1], frozenset()) if frame else frozenset()
            found[instruction[1]] = files | ({file[1]} if file else frozenset())
    return found


def _files_by_frame(text: str) -> dict[str, frozenset[str]]:
    names = {number: name.strip('"') for number, name in _table(text, "FileNames").items()}
    locations = {}
    for number, entry in _table(text, "FileLocations").items():
        if file := re.search(r"file_name_id=(\d+)", entry):
            locations[number] = names.get(file[1], "")
    frames: dict[str, frozenset[str]] = {}
    # A frame stands behind the one that called it, and the outermost is its own parent.
    for number, entry in _table(text, "StackFrames").items():
        location, parent = (re.search(rf"{key}=(\d+)", entry) for key in ("file_location_id", "parent_frame_id"))
        own = frozenset({locations.get(location[1], "")} if location else ())
        frames[number] = own | (frames.get(parent[1], frozenset()) if parent else frozenset())
    return frames


def _table(text: str, heading: str) -> dict[str, str]:
    """Number → the rest of its line, of the table below a heading; empty where there is no such table."""
    match = re.search(rf"^{heading}\n((?:\d+ .*\n)+)", text, re.MULTILINE)
    return dict(line.split(" ", 1) for line in match[1].splitlines()) if match else {}
