"""Learning: what a framework says when a person makes a classic mistake."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.probes.probe import ProbeCase


@pytest.mark.speedscore_probe("mistake")
def test_mistake(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)
