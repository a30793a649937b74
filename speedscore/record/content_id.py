"""The identity of a saved run: what was measured, and when. It reads no file and changes no record."""

from __future__ import annotations

import hashlib

import msgspec

from speedscore.record.run_record import RunRecord

_DIGITS = 16
"""Of hexadecimal: with a million runs the chance that two of them share their first 64 bits is below 1 in 10⁷."""


def content_id(run: RunRecord) -> str:
    """Sixteen hexadecimal digits: two files that hold the same run share them, whatever release reads them.

    It is made of when the session began, its preset and seed, and of every case and probe the outcome and raw times. No
    other field takes part, so that a field which a later release adds gives no run a second identity.
    """
    cases = [(case.nodeid, case.status, case.occasion, case.rounds_seconds) for case in run.cases]
    probes = [(probe.nodeid, probe.status, probe.occasion, probe.outcome, probe.seconds) for probe in run.probes]
    content = msgspec.json.encode((run.created, run.preset, run.seed, cases, probes))
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
