"""What a gate says about each kind of case and makes of it for whoever waits: one repository, every verdict, every
exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gate.sample_repository import QUICK, Ran, Repository

SETTINGS = f"""
{QUICK}
allow_missing = ["*::test_retired"]

[[tool.speedscore.gate.case]]
match = "*test_costly*"
seconds = 0.01

[[tool.speedscore.gate.case]]
match = "lenient"
detect = "40%"
margin = "30%"
"""

SHOP = """
ON_HEAD = False
UNITS = {"slower": 100, "slower too": 100, "faster": 100, "same": 100, "lenient": 100}
QUERIES = 12
BATCH = 32
MEGABYTES = 10
"""
CHANGED_SHOP = """
ON_HEAD = True
UNITS = {"slower": 105, "slower too": 106, "faster": 90, "same": 100, "lenient": 110}
QUERIES = 13
BATCH = 64
MEGABYTES = 120
"""

BENCHMARKS = """
import os

import pytest
import shop
from made_up_clock import clock, counted, work


@counted
@pytest.mark.parametrize("what", ["slower", "slower too", "faster", "same"])
def test_work(benchmark, what):
    benchmark(work, shop.UNITS[what])


@pytest.mark.benchmark(timer=clock, group="lenient")
def test_lenient(benchmark):
    benchmark(work, shop.UNITS["lenient"])


@counted
def test_costly(benchmark):
    benchmark(work, 100)


@counted
def test_memory(benchmark):
    def fill():
        work(100)
        return bytearray(shop.MEGABYTES * 2**20)

    benchmark.pedantic(fill, rounds=2)


@counted
def test_own_memory(benchmark):
    benchmark.extra_info["speedscore_memory_bytes"] = 100.0 * shop.BATCH
    benchmark(work, 100)


@counted
def test_counts(benchmark):
    benchmark.extra_info["speedscore_counts"] = {"queries": shop.QUERIES, "pages": 7}
    benchmark(work, 100)


@counted
def test_random_counts(benchmark):
    benchmark.extra_info["speedscore_counts"] = {"lucky_numbers": os.getpid()}
    benchmark(work, 100)


@counted
def test_another_case(benchmark):
    benchmark.extra_info["speedscore_identity"] = {"batch": shop.BATCH, "layers": 2}
    benchmark(work, 100)


@counted
def test_unproved(benchmark):
    if shop.ON_HEAD:
        benchmark.extra_info["speedscore_identity"] = {"layers": 2}
    benchmark(work, 100)


if shop.ON_HEAD:

    @counted
    def test_new(benchmark):
        benchmark(work, 100)

else:

    @counted
    def test_gone(benchmark):
        benchmark(work, 100)

    @counted
    def test_retired(benchmark):
        benchmark(work, 100)


@counted
def test_wrong_on_head(benchmark):
    benchmark(work, 100)
    assert not shop.ON_HEAD, "the sum is wrong"


@counted
def test_wrong_on_base(benchmark):
    benchmark(work, 100)
    assert shop.ON_HEAD, "the sum was wrong"


@counted
def test_fourth_call_fails_on_head(benchmark):
    calls = []

    def jam():
        work(100)
        calls.append(1)
        if shop.ON_HEAD and len(calls) == 4:
            raise RuntimeError("the till is jammed")

    benchmark.pedantic(jam, rounds=10)


@pytest.fixture
def till():
    if shop.ON_HEAD:
        raise OSError("no till there")


@counted
def test_fixture_fails_on_head(benchmark, till):
    benchmark(work, 100)


@counted
def test_skipped_on_both(benchmark):
    pytest.skip("needs a scanner")


@counted
def test_skipped_on_head(benchmark):
    if shop.ON_HEAD:
        pytest.skip("needs a printer")
    benchmark(work, 100)


def test_not_called(benchmark):
    pass


def test_without_a_benchmark():
    os._exit(1)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Base is the last commit; head is what has been changed since, and not committed."""
    repository = Repository(tmp_path_factory.mktemp("verdicts") / "shop", settings=SETTINGS)
    repository.commit({"shop.py": SHOP, "test_shop.py": BENCHMARKS})
    repository.write({"shop.py": CHANGED_SHOP})
    return repository


@pytest.fixture(scope="module")
def ran(shop: Repository) -> Ran:
    """All of it at once."""
    return shop.run("--gate", "HEAD")


def test_each_case_gets_the_verdict_that_it_deserves(ran: Ran) -> None:
    assert ran.outcomes() == {
        "test_work[slower]": "regressed",
        "test_work[slower too]": "regressed",
        "test_work[faster]": "improved",
        "test_work[same]": "unchanged",
        "test_lenient": "unchanged",
        "test_costly": "inconclusive",
        "test_memory": "unchanged",
        "test_own_memory": "unchanged",
        "test_counts": "unchanged",
        "test_random_counts": "unchanged",
        "test_another_case": "not comparable",
        "test_unproved": "not comparable",
        "test_new": "not comparable",
        "test_retired": "not comparable",
        "test_wrong_on_head": "not comparable",
        "test_wrong_on_base": "not comparable",
        "test_fourth_call_fails_on_head": "not comparable",
        "test_fixture_fails_on_head": "not comparable",
        "test_skipped_on_head": "not comparable",
        "test_not_called": "not comparable",
    }


def test_a_regression_is_the_exit_code_and_the_headline(ran: Ran) -> None:
    assert ran.code == ran.report["exit_code"] == 10
    assert ran.report["headline"].startswith("regressed: time of 2 cases")
    assert ran.said.endswith("(exit code 10)")


def test_a_ratio_is_that_of_the_work(ran: Ran) -> None:
    ratios = {name: each["ratio"] for name, each in ran.verdicts().items() if name.startswith("test_work")}
    assert ratios == pytest.approx(
        {
            "test_work[slower]": 1.05,
            "test_work[slower too]": 1.06,
            "test_work[faster]": 0.9,
            "test_work[same]": 1.0,
        }
    )
    assert all(each["pairs"] == ran.report["looks"][0] for name, each in ran.verdicts().items() if name in ratios)


def test_a_case_whose_time_is_spent_is_inconclusive_and_says_so(ran: Ran) -> None:
    costly = ran.verdicts()["test_costly"]
    assert costly["pairs"] == 1
    assert costly["reason"].startswith("its 0 s were spent")


def test_memory_has_verdicts_of_its_own(ran: Ran) -> None:
    memory = ran.outcomes("memory")
    assert memory.pop("test_memory") == memory.pop("test_own_memory") == "regressed"
    assert memory.pop("test_costly") == "inconclusive"
    assert set(memory.values()) == {"unchanged"}
    assert ran.verdicts("memory")["test_own_memory"]["ratio"] == pytest.approx(2.0)


def test_a_count_that_rises_is_a_regression_though_the_time_is_unchanged(ran: Ran) -> None:
    queries = ran.verdicts("queries")["test_counts"]
    assert (queries["outcome"], queries["reason"]) == ("regressed", "13 instead of 12 queries, counted exactly")
    assert ran.outcomes("pages") == {"test_counts": "unchanged"}


def test_a_count_that_differs_between_processes_of_one_side_proves_nothing(ran: Ran) -> None:
    lucky = ran.verdicts("lucky_numbers")["test_random_counts"]
    assert lucky["outcome"] == "not comparable"
    assert "two processes of base counted" in lucky["reason"]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("test_another_case", "batch is 32 on base and 64 on head: not the same case"),
        ("test_unproved", "only one side proves what it computes"),
        ("test_new", "new: base has no such case"),
        ("test_retired", "removed, as allow_missing says"),
        ("test_wrong_on_head", "failed (call: AssertionError: the sum is wrong) on head"),
        ("test_wrong_on_base", "failed (call: AssertionError: the sum was wrong) on base"),
        ("test_fourth_call_fails_on_head", "failed (call: RuntimeError: the till is jammed) on head"),
        ("test_fixture_fails_on_head", "failed (setup: OSError: no till there) on head"),
        ("test_skipped_on_head", "skipped (needs a printer) on head"),
        (
            "test_not_called",
            "no round could be timed: the benchmark was not called, or its timer is too coarse",
        ),
    ],
)
def test_what_cannot_be_compared_says_why(ran: Ran, case: str, reason: str) -> None:
    assert ran.verdicts()[case]["reason"] == reason


def test_what_base_measures_and_head_does_not_is_missing(ran: Ran) -> None:
    assert {case.partition("::")[2]: why for case, why in ran.report["missing"].items()} == {
        "test_gone": "head has no such case",
        "test_wrong_on_head": "failed (call: AssertionError: the sum is wrong)",
        "test_fourth_call_fails_on_head": "failed (call: RuntimeError: the till is jammed)",
        "test_fixture_fails_on_head": "failed (setup: OSError: no till there)",
        "test_skipped_on_head": "skipped (needs a printer)",
    }


def test_what_both_sides_skip_is_named_with_its_reason(ran: Ran) -> None:
    assert ran.report["skipped"] == {"test_shop.py::test_skipped_on_both": "needs a scanner"}
    assert "skipped on both sides: 1, the first because: needs a scanner" in ran.said


def test_changes_that_no_commit_holds_are_part_of_what_is_judged(shop: Repository, ran: Ran) -> None:
    commit = shop.git("rev-parse", "HEAD")
    assert ran.report["head"]["commit"] == ran.report["base"]["commit"] == commit
    assert (ran.report["head"]["dirty"], ran.report["base"]["dirty"]) == (True, False)
    assert ran.report["head"]["description"].endswith(f"({commit[:9]} and uncommitted changes)")
    assert ran.report["base"]["description"] == f"HEAD ({commit[:9]})"


def test_the_json_says_what_it_is_and_how_it_was_judged(ran: Ran) -> None:
    assert ran.report["schema_version"] == 1
    assert ran.report["time"] == {"detect": 0.05, "margin": 0.01, "false_alarm": 0.49, "miss": 0.49}
    assert ran.report["memory"]["detect"] == 0.6
    assert (ran.report["pairs"], ran.report["cut_off"]) == (ran.report["looks"][0], "")


def test_the_markdown_begins_with_the_verdict_and_hides_what_is_unchanged(ran: Ran) -> None:
    lines = ran.markdown.splitlines()
    assert lines[0] == f"### speedscore gate: {ran.report['headline']}"
    begin = next(index for index, line in enumerate(lines) if line.startswith("<details>"))
    rows = {index: line for index, line in enumerate(lines) if line.startswith("| `")}
    assert {index > begin for index, line in rows.items() if "| unchanged" in line} == {True}
    assert {index > begin for index, line in rows.items() if "| regressed" in line} == {False}


def test_all_but_node_ids_and_commands_fits_eighty_columns(shop: Repository, ran: Ran) -> None:
    long = [line for line in ran.lines if len(line) > 80]
    assert [line for line in long if "test_shop.py::" not in line and str(shop.folder) not in line] == []


def test_what_is_gated_alone_says_the_same(shop: Repository, ran: Ran) -> None:
    command = ran.report["reproduce"]["test_shop.py::test_work[slower too]"]
    assert f"  {command}" in ran.lines
    assert command == (f"cd {shop.folder} && pytest 'test_shop.py::test_work[slower too]' --benchmark-only --gate HEAD")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, shell=True, env=shop.environment(PATH=path), cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 10, done.stdout + done.stderr
    assert "gate regressed: time of 1 case (exit code 10)" in done.stdout


def test_what_is_faster_passes(shop: Repository) -> None:
    ran = shop.run("--gate=HEAD", "-k", "faster")
    assert (ran.code, ran.outcomes()) == (0, {"test_work[faster]": "improved"})
    assert ran.lines[-1] == "gate passed: nothing regressed (exit code 0)"


@pytest.mark.parametrize(("choice", "code"), [("fail", 11), ("pass", 0)])
def test_inconclusive_is_what_it_is_said_to_be(shop: Repository, choice: str, code: int) -> None:
    ran = shop.run("--gate=HEAD", "-k", "costly or wrong_on_base", f"--gate-inconclusive={choice}")
    assert ran.code == code
    assert "inconclusive" in ran.report["headline"]


@pytest.mark.parametrize(
    ("chosen", "code", "said"),
    [
        ("gone", 12, "coverage missing: head no longer measures 1 case of the base"),
        ("wrong_on_head", 12, "coverage missing: head no longer measures 1 case of the base"),
        ("retired", 0, "passed: nothing regressed"),
        ("new", 0, "passed: nothing regressed"),
        ("skipped_on_both", 13, "nothing was compared: neither side measured any of 1 cases, the first because: needs"),
        ("wrong_on_base", 13, "nothing was compared: neither side measured any of 1 cases, the first because: failed"),
        ("no_such_case", 13, "nothing was compared: no benchmark was selected on either side"),
    ],
)
def test_the_exit_code_of_a_case_alone(shop: Repository, chosen: str, code: int, said: str) -> None:
    ran = shop.run("--gate=HEAD", "-k", chosen)
    assert (ran.code, ran.report["exit_code"]) == (code, code)
    assert ran.report["headline"].startswith(said)


def test_a_slowdown_to_be_found_is_told_on_the_command_line(shop: Repository) -> None:
    ran = shop.run("--gate=HEAD", "-k", "costly", "--gate-detect=40%")
    assert (ran.report["time"]["detect"], ran.report["time"]["margin"]) == pytest.approx((0.4, 0.08))
