"""Production: what a team meets that runs a framework in production, beside speed and export."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.probes.probe import ProbeCase


@pytest.mark.speedscore_probe("import")
def test_import(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("install")
def test_install(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("checkpoint")
def test_checkpoint(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("reproducible")
def test_reproducible(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("nan")
def test_nan(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("trace")
def test_trace(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("debugger")
def test_debugger(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("deprecations")
def test_deprecations(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)


@pytest.mark.speedscore_probe("survival")
def test_survival(probe: ProbeCase, ask: Callable[[ProbeCase], None]) -> None:
    ask(probe)
