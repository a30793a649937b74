"""The steady state: what interrupts a long run of it, and what leaving it for another batch size costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.probes.probe import ProbeCase


@pytest.mark.capability
@pytest.mark.speedscore_probe("hiccups")
def test_hiccups(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.capability
@pytest.mark.speedscore_probe("shapes")
def test_shapes(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)
