"""Export: does a model leave its framework for a target, and is it still right there; and is the probe itself right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.probes.probe import ProbeCase


@pytest.mark.speedscore_probe("export_control")
def test_export_control(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("export")
def test_export(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)
