"""A real gate of a function that got slower names it, and answers a claim beside it."""

from __future__ import annotations

from pathlib import Path

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


def test_the_function_that_got_slower_is_named_first(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "shop")
    repository.commit({"shop.py": SHOP, "test_shop.py": TEST})
    repository.write({"shop.py": replaced(SHOP, "range(100)", "range(300)")})
    ran = repository.run("--gate=HEAD", "--gate-why=yes", "--gate-claim=test_report faster")
    (reasons,) = ran.report["reasons"]
    first = reasons["functions"][0]
    assert (first["name"], first["file"], first["own"]) == ("weigh", "shop.py", True)
    assert first["of_slowdown"] > 0.5
    # Where py-spy is not installed or not allowed, the side takes samples itself.
    assert reasons["profiler"].startswith(("py-spy", "sampled from within"))
    assert reasons["stacks"]
    assert "weigh (shop.py:2): " in ran.said
    assert "weigh (shop.py:2): " in ran.markdown
    assert [claim["outcome"] for claim in ran.report["claims"]] == ["contradicted"]
    assert ran.code == 10
