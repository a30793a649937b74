"""The mistakes there are: a folder each in ``fixtures/mistakes``, with ``about.toml`` and a program a framework.

Adding one: a folder, its ``about.toml``, and ``<framework>.py`` for each framework in which it can be made. Listing
them reads the names of files alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from speedscore.bench_suite.probes.mistakes.rules import mistakes_folder
from speedscore.bench_suite.probes.probe import ProbeCase, probed_frameworks

Kind = Literal[
    "arrays", "tracing", "randomness", "gradients", "shapes", "types", "state", "training", "devices", "measuring"
]


QUICK = frozenset(
    {
        "broadcasting-hides-bug",
        "float64-becomes-float32",
        "if-on-traced-value",
        "index-out-of-bounds",
        "labels-of-wrong-type",
        "nan-in-loss",
        "shape-mismatch-deep",
        "softmax-twice",
    }
)
"""Those that every framework with arrays and gradients of its own can be put to, and that most people make."""


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``about.toml``."""

    title: Annotated[str, msgspec.Meta(min_length=1)]
    wrong: Annotated[str, msgspec.Meta(min_length=1)]
    """What goes wrong, in a sentence or two."""
    kind: Kind
    sources: Annotated[tuple[Annotated[str, msgspec.Meta(pattern="^https://")], ...], msgspec.Meta(min_length=1)]
    """Where users met it, or are warned of it."""


def list_cases(folder: Path | None = None) -> Sequence[ProbeCase]:
    """One a program, for the frameworks of the table; reads names alone."""
    frameworks = {line.id: number for number, line in enumerate(probed_frameworks())}
    cases = []
    for path in sorted((folder or mistakes_folder()).glob("*/*.py")):
        subject = path.parent.name
        if path.stem in frameworks:
            cases.append(ProbeCase("mistake", framework=path.stem, subject=subject, is_quick=subject in QUICK))
    return sorted(cases, key=lambda case: (case.subject, frameworks[case.framework]))


def program_path(case: ProbeCase) -> Path:
    return mistakes_folder() / case.subject / f"{case.framework}.py"


def read_about(subject: str) -> About:
    """Raises msgspec.ValidationError where the file is not as it must be."""
    return msgspec.toml.decode((mistakes_folder() / subject / "about.toml").read_bytes(), type=About)
