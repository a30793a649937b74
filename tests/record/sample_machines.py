"""Runs of several machines made by hand, for tests of what must never join two of them."""

from __future__ import annotations

from typing import Any

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import CaseResult, RunRecord
from tests.sample_runs import a_run

BOX_1: dict[str, Scalar] = {"cpu.model": "EPYC", "cpu.logical": 2, "gpu.0.name": "H100"}
BOX_2: dict[str, Scalar] = {"cpu.model": "Xeon", "cpu.logical": 64}
MACHINES = {"box-1": BOX_1, "box-2": BOX_2}


def on(machine: str, *cases: CaseResult) -> tuple[CaseResult, ...]:
    """The cases as that machine would have measured them."""
    return tuple(msgspec.structs.replace(case, machine=machine) for case in cases)


def fleet_run(*cases: CaseResult, machines: dict[str, dict[str, Scalar]] = MACHINES, **fields: Any) -> RunRecord:
    """A run of these cases, with the ratios that they have."""
    run = a_run(*cases, machines=machines, **fields)
    return msgspec.structs.replace(run, ratios=find_ratios(run.cases))
