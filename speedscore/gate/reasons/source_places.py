"""What both sides call a source file, and whose it is: the side's own, or of what is installed beside it.

It compares paths and opens no file.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import msgspec

from speedscore.gate.sides.side import Observed, SampledFunction, SideSpec

_INSTALLED = re.compile(r".*/(?:site|dist)-packages/(?P<rest>.+)")
_OURS = "speedscore_gate_"
"""What reads the clocks around a round is none of the benchmark."""
_STANDARD = re.compile(r".*/python\d\.\d+t?/(?P<rest>.+)")


def placed(observed: Observed, spec: SideSpec) -> Observed:
    """With the files of its functions as both sides call them: within the checkout, or within what is installed."""
    root = os.path.realpath(spec.root)
    built = [os.path.realpath(each.folder) for each in spec.code.roots] if spec.is_built else []

    @cache
    def place(file: str) -> tuple[str, bool]:
        if not Path(file).is_absolute():
            return file, False
        path = os.path.realpath(file)
        for folder in built:
            if Path(path).is_relative_to(folder):
                return os.path.relpath(path, folder), True
        if installed := _INSTALLED.fullmatch(path):
            return installed["rest"], False
        if Path(path).is_relative_to(root):
            return os.path.relpath(path, root), True
        standard = _STANDARD.fullmatch(path)
        return (standard["rest"] if standard else Path(path).name), False

    def function(sampled: SampledFunction) -> SampledFunction:
        file, own = place(sampled.file)
        return msgspec.structs.replace(sampled, file=file, own=own)

    ours = {index for index, each in enumerate(observed.functions) if Path(each.file).name.startswith(_OURS)}
    return msgspec.structs.replace(
        observed,
        functions=tuple(map(function, observed.functions)),
        stacks=tuple(each for each in observed.stacks if ours.isdisjoint(each[0])),
    )
