"""Workers of the sample framework without the process around them."""

from __future__ import annotations

from pathlib import Path

from speedscore.bench_suite.matrix.cases import Cell
from speedscore.bench_suite.workers.protocol import (
    Build,
    Prepare,
    Prepared,
    Setting,
)
from speedscore.bench_suite.workers.service import Service
from speedscore.host.processors import allowed_processors
from speedscore.record.phases import Role
from tests.bench_suite.sample_framework.tables import sample


def a_setting(variant: str, scratch: Path) -> Setting:
    return Setting(
        cell=Cell(framework="sample", model="mlp", device="cpu"),
        framework=sample("sample", variant=variant),
        implementation="sample_framework.mlp",
        workload_module="speedscore.bench_suite.workloads.mlp",
        preset="smoke",
        affinity=allowed_processors(),
        scratch=str(scratch),
        caches=str(scratch / "caches"),
    )


def built(variant: str, scratch: Path) -> Service:
    """What a worker does, without the process around it."""
    service = Service()
    service.handle(Build(a_setting(variant, scratch)))
    return service


def prepared(service: Service, role: Role) -> Prepared:
    reply = service.handle(Prepare(role=role, round_seconds=0.001))
    assert isinstance(reply, Prepared)
    return reply
