"""The sizes that a session can ask for, and how long it may spend on each case and on what surrounds it.

The shapes themselves stand beside each workload. This module never imports NumPy, so that collecting stays quick, and
it is the one place where these times are written down: a test shortens them with a preset of its own.
"""

from __future__ import annotations

import msgspec

from speedscore.text.suggestions import did_you_mean


class WarmUp(msgspec.Struct, frozen=True):
    """When a program has been warmed up: some chunks of steps in a row agree, or the time for it is over."""

    limit_seconds: float = 1.0
    chunk_seconds: float = 0.02
    """Shortest chunk that counts: one that ends sooner is made twice as long."""
    chunks: int = 3
    stable_fraction: float = 0.05
    """The slowest of the chunks takes at most this much longer than the quickest."""


class Gauging(msgspec.Struct, frozen=True):
    """How long a worker measures what figures are held against."""

    gemm_size: int = 1536
    """Rows and columns of the matrices that are multiplied."""
    gemm_seconds: float = 0.15
    call_samples: int = 30
    call_sample_seconds: float = 0.002
    """One sample is the mean of as many calls as fill this."""


STANDARD_WARM_UP = WarmUp()
STANDARD_GAUGING = Gauging()


class Preset(msgspec.Struct, frozen=True):
    """Numbers that hold for every case of a session."""

    name: str
    rounds_seconds: float
    """Time for the rounds of one case in one process, settling included."""
    round_seconds: float
    """Shortest round: as many steps go into a round as fill it, so that reading the clock weighs nothing."""
    limit_seconds: float
    """A worker that takes longer than this over one request is taken to hang."""
    warm_up: WarmUp = STANDARD_WARM_UP
    gauging: Gauging = STANDARD_GAUGING
    busy_look_seconds: float = 0.33
    """How long to look, before each block, at how many processors others keep busy."""
    audited: bool = True
    """Whether rounds are certified after they were timed, and steps held against a product of a clean process; tests
    that are about something else do without."""


INTERVAL_WIDTH = 0.02
"""Rounds go on until the 95 % interval of the median reaches no further than this fraction to either side of it."""

PRESETS = {
    preset.name: preset
    for preset in (
        Preset("smoke", rounds_seconds=0.4, round_seconds=0.02, limit_seconds=300.0),
        Preset("small", rounds_seconds=10.0, round_seconds=0.05, limit_seconds=900.0),
        Preset("full", rounds_seconds=30.0, round_seconds=0.2, limit_seconds=1800.0),
    )
}


def find_preset(name: str) -> Preset:
    """The preset of that name. Raises ValueError naming those there are."""
    try:
        return PRESETS[name]
    except KeyError:
        hint = did_you_mean(name, PRESETS)
        raise ValueError(f"unknown preset {name!r}; there are {', '.join(PRESETS)}{hint}") from None
