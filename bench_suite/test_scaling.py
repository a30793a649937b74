"""Scaling: the step of a model that several devices share, against the step of one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.probes.probe import ProbeCase


@pytest.mark.capability
@pytest.mark.speedscore_probe("scaling")
def test_scaling(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)
