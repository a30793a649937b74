"""Cells of the families' tables: what was seen and measured, as a person reads it, and nothing where it was not."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.probes.columns import answers_table, count, middle, observation, quantity, ratio, target
from speedscore.bench_suite.probes.table import NOTHING
from speedscore.host.fields import Scalar
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import find_metric
from speedscore.record.probe_result import ProbeResult
from speedscore.text.numbers import duration


def result(*, measured: dict[str, list[float]] | None = None, seen: Scalar = None) -> ProbeResult:
    return ProbeResult(
        id="jax-cpu",
        nodeid="n",
        family="import",
        framework="jax",
        ecosystem="jax",
        device="cpu",
        status="answered",
        outcome="imported",
        seconds=(1.0,),
        observations={"seen": seen},
        measurements=tuple(Measurement.of(find_metric(name), values) for name, values in (measured or {}).items()),
        versions={"jax": "2"},
    )


@pytest.mark.parametrize(
    ("seen", "cell"), [(True, "yes"), (False, "no"), (0, "0"), ("4 → 6", "4 → 6"), (None, NOTHING)], ids=range(5)
)
def test_what_was_seen_reads_as_one_says_it(seen: Scalar, cell: str) -> None:
    assert observation("seen")(result(seen=seen)) == cell


def test_a_figure_is_the_median_and_nothing_where_it_was_not_measured() -> None:
    measured = result(measured={"import_seconds": [3.0, 1.0, 2.0], "imported_modules": [12345.0]})
    assert quantity("import_seconds", duration)(measured) == "2.00 s"
    assert count("imported_modules")(measured) == "12,345"
    assert ratio("imported_modules", "import_seconds")(measured) == "6172.50 ×"
    assert middle(measured, "import_rss_bytes") is None
    for cell in (quantity("import_rss_bytes", duration), ratio("import_seconds", "import_rss_bytes"), target):
        assert cell(measured) == NOTHING


def test_a_row_is_an_answer_of_the_family() -> None:
    (table,) = answers_table([result(), result(seen=True)], "import", "title", {"seen": observation("seen")})
    assert table.rows == (("jax", NOTHING), ("jax", "yes"))
    assert answers_table([result()], "install", "title", {}) == ()
