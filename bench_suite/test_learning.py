"""Learning: what a person must know of a framework, and how soon and how far what they know and read carries them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.probes.probe import ProbeCase


@pytest.mark.speedscore_probe("surface")
def test_surface(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("change")
def test_change(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("idioms")
def test_idioms(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("documentation")
def test_documentation(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("first")
def test_first(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)
