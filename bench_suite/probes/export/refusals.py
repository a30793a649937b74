"""What kind of refusal a converter's or a runtime's own words are. It reads text alone."""

from __future__ import annotations

import re
from typing import Literal

from speedscore.bench_suite.probes.process import Lost, Raised

Kind = Literal["unsupported operator", "tracing", "version", "other", "crash", "hang"]

_KINDS: tuple[tuple[Kind, str], ...] = (
    (
        "unsupported operator",
        r"unsupported|not supported|not implemented|notimplemented|no (?:plugin|handler|kernel|decomposition)|"
        r"unknown (?:op|primitive)|could not find (?:an )?implementation|missing (?:op|kernel)|unconvertible|"
        r"custom op|flex op|no op registered|dispatch ?error|no onnx function|isn'?t supported",
    ),
    (
        "tracing",
        r"tracer|tracing|data.dependent|dynamic control flow|graph ?break|dynamo|symbolic|could not guard|"
        r"inconclusive|concretization|ConcretizationTypeError|untraceable",
    ),
    (
        "version",
        r"no module named|cannot import name|has no attribute|incompatible|version (?:mismatch|conflict)|"
        r"(?:requires|needs|newer|older)[^.]{0,40} version|unexpected keyword argument|"
        r"got an unexpected|deprecated|removed in",
    ),
)
"""The first that fits."""
_SCRATCH = re.compile(r"/[^\s'\"]*speedscore-[a-z]+-\w+/")
"""A folder that ``make_scratch`` made: it is another one each time, and says nothing."""


def kind_of(error: Raised | Lost) -> Kind:
    """The kind of a refusal."""
    if isinstance(error, Lost):
        return "hang" if error.hung else "crash"
    text = f"{error.type_name}: {error.message}"
    return next((kind for kind, pattern in _KINDS if re.search(pattern, text, re.IGNORECASE)), "other")


def first_words(error: Raised | Lost) -> str:
    """The first line that says something; of a process that died, how it did."""
    if isinstance(error, Lost):
        return str(error).splitlines()[0]
    lines = [line.strip() for line in _SCRATCH.sub("", error.message).splitlines() if line.strip()]
    return f"{error.type_name}: {lines[0]}" if lines else error.type_name
