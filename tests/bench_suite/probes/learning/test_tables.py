"""The tables of learning hold what was saved, a row a framework, and nothing of what was not answered."""

from __future__ import annotations

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.table import Table
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import find_metric
from speedscore.record.probe_result import ProbeResult


def answer(family: str, framework: str, subject: str = "", **figures: float) -> ProbeResult:
    name = "-".join(filter(None, (framework, subject, "cpu")))
    return ProbeResult(
        id=name,
        nodeid=f"test_learning.py::test_{family}[{name}]",
        family=family,
        framework=framework,
        ecosystem=FRAMEWORKS[framework].ecosystem,
        device="cpu",
        status="answered",
        subject=subject,
        outcome="counted",
        seconds=(1.0,),
        versions={"numpy": "2"},
        observations={"concepts": "trees, two modes" if framework == "jax" else "two modes"},
        measurements=tuple(Measurement.of(find_metric(metric), (value,)) for metric, value in figures.items()),
    )


def learning_tables(probes: list[ProbeResult]) -> list[Table]:
    """Those of all families of the room."""
    room = [family for family in FAMILIES.values() if ".learning." in family.tables]
    return [table for family in room for table in family.make_tables(probes)]


def test_each_family_has_its_rows_and_columns() -> None:
    surface = {"surface_lines": 61, "surface_tokens": 1934, "surface_names": 19, "surface_concepts": 8}
    probes = [
        answer("surface", "torch", "gpt", **surface),
        answer("surface", "jax", "gpt", **surface),
        answer("change", "jax", "bfloat16", change_lines=1, change_tokens=28),
        answer("idioms", "torch", idioms=150, idioms_same=94, idioms_raises=56, idioms_crashed=0),
        answer("idioms", "jax", idioms=150, idioms_same=117, idioms_raises=33, idioms_crashed=0),
        answer("documentation", "torch", public_objects=9, docstrings_ran_as_written=2, docstrings_raised=0),
        answer("first", "jax", venv_seconds=4.0, first_installed_bytes=1 << 30, first_lines=8),
    ]
    counted, concepts, changes, idioms, documented, first = learning_tables(probes)
    assert counted.rows == (("jax", "61 / 1,934 / 19 / 8"), ("torch", "61 / 1,934 / 19 / 8"))
    assert concepts.rows == (("trees", "yes", "–"), ("two modes", "yes", "yes"))
    assert changes.headers == ("", "float32 to bfloat16")
    assert changes.rows == (("jax", "1, 28"),)
    assert (idioms.headers, idioms.rows) == (
        ("", "asked", "same", "raises"),
        (("jax", "150", "117", "33"), ("torch", "150", "94", "56")),
    )
    assert documented.headers == ("", "objects", "ran as written")
    assert first.headers == ("", "outcome", "environment", "installed", "lines")
    assert first.rows == (("jax", "counted", "4.00 s", "1.00 GiB", "8"),)


def test_nothing_is_said_where_nothing_was_answered() -> None:
    skipped = ProbeResult(
        id="jax-cpu",
        nodeid="n",
        family="idioms",
        framework="jax",
        ecosystem="jax",
        device="cpu",
        status="skipped",
        reason="not installed",
    )
    assert learning_tables([]) == learning_tables([skipped]) == []
