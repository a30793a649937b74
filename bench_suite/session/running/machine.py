"""The machine as a session sees it: its fingerprint, its devices, how busy it is, and its clock.

A session is given a machine and looks at nothing else, so that a test can give it one that is made up. Nothing is timed
here, and no device is opened.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from speedscore.bench_suite.matrix.cases import Case, declined, no_precision
from speedscore.bench_suite.matrix.devices import DETECTORS, DetectedDevice
from speedscore.bench_suite.measuring.load_watch import OthersSeconds, unknown_load
from speedscore.bench_suite.workers.product import Product, measure_product
from speedscore.bench_suite.workloads.presets import Gauging
from speedscore.host.clock import Clock, seconds
from speedscore.host.control_groups import Throttling, throttling
from speedscore.host.fields import Scalar
from speedscore.host.fingerprint import busy_processors, fingerprint
from speedscore.host.load import others_processor_seconds
from speedscore.host.processors import usable_processors
from speedscore.record.phases import DeviceName

Detectors = Mapping[DeviceName, Callable[[], DetectedDevice]]
"""Kind of device → how to look for it."""


class Machine(msgspec.Struct, frozen=True):
    """What a session asks of the machine that it runs on."""

    environment: dict[str, Scalar]
    """The fingerprint, as it is recorded."""
    detectors: Detectors
    busy_processors: Callable[[float], float]
    """How many processors are at work; takes the seconds to watch them for."""
    clock: Clock
    """What time budgets are counted on."""
    throttling: Callable[[], Throttling | None] = lambda: None
    """What a container's quota has done so far."""
    others_seconds: OthersSeconds = unknown_load
    """Counts what others use of our processors while a block is measured."""
    measure_product: Callable[[Gauging], float | None] = lambda _: None
    """Operations a second of a large matrix product on the processors that a worker uses; None where not known."""


def this_machine(source: Path) -> Machine:
    """The real one. ``source`` is a folder of the checkout whose commit is recorded."""
    return Machine(
        environment=fingerprint(source),
        detectors=DETECTORS,
        busy_processors=busy_processors,
        clock=seconds,
        throttling=throttling,
        others_seconds=others_processor_seconds,
        measure_product=lambda gauging: measure_product(Product(gauging, usable_processors())),
    )


class DeviceSearch:
    """Looks for each kind of device once, and says of every case why it cannot be measured."""

    def __init__(self, detectors: Detectors) -> None:
        self._detectors = detectors
        self._done: dict[DeviceName, DetectedDevice] = {}

    def absence(self, case: Case) -> str:
        """Why the case cannot be measured here, known without starting a worker; empty when it can be tried.

        Raises LookupError where the case's framework or model is in no table.
        """
        detected = self._done.get(case.device)
        if detected is None:
            detected = self._done[case.device] = self._detectors[case.device]()
        if detected.absence:
            return f"no {case.device}: {detected.absence}"
        lacking = detected.lacking.get(case.precision)
        return declined(case) or (f"{no_precision(case)}{lacking}" if lacking else "")

    def can_be_tried(self, case: Case) -> bool:
        # A wrong line of the table is the failure of its own cases' tests, not of the session.
        with contextlib.suppress(LookupError):
            return not self.absence(case)
        return False
