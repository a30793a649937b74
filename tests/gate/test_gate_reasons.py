"""A real gate of a function that got slower names it, whoever takes the samples, and answers a claim beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.gate.py_spy import find_py_spy
from tests.gate.sample_repository import Repository, replaced

SHOP = """
def weigh(order):
    total = 0
    for number in range(100):
        total += number * order
    return total


def report(orders):
    return sum(weigh(order) for order in orders)
"""

TEST = """
from shop import report


def test_report(benchmark):
    benchmark(report, range(20))
"""

ROOT = str(Path(__file__).parents[2])
WITHIN = "sampled from within"


@pytest.mark.parametrize("profiler", ["py-spy", WITHIN])
def test_the_function_that_got_slower_is_named_first(tmp_path: Path, profiler: str) -> None:
    if profiler == "py-spy" and find_py_spy() is None:
        pytest.skip("py-spy is not installed")
    repository = Repository(tmp_path / "shop")
    repository.commit({"shop.py": SHOP, "test_shop.py": TEST})
    repository.write({"shop.py": replaced(SHOP, "range(100)", "range(300)")})
    without = ["-p", "tests.performance.without_py_spy"] if profiler == WITHIN else []
    ran = repository.run(*without, "--gate=HEAD", "--gate-why=yes", "--gate-claim=test_report faster", PYTHONPATH=ROOT)
    (reasons,) = ran.report["reasons"]
    first = reasons["functions"][0]
    assert (first["name"], first["file"], first["own"]) == ("weigh", "shop.py", True)
    assert first["of_slowdown"] > 0.5
    # Where the system lets nobody read another process, the side does it itself and says why.
    assert reasons["profiler"] == profiler or (profiler == "py-spy" and reasons["profiler"].startswith(WITHIN))
    assert reasons["stacks"]
    assert "weigh (shop.py:2): " in ran.said
    assert "weigh (shop.py:2): " in ran.markdown
    assert [claim["outcome"] for claim in ran.report["claims"]] == ["contradicted"]
    assert ran.code == 10
