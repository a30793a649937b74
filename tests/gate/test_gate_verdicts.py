"""What a real gate says about each kind of case and makes of it for whoever waits: one repository, one gate of all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gate.sample_repository import QUICK, Ran, Repository, sample

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

"""One gate for all of them, if the workers of pytest-xdist share tests out by groups."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Base is the last commit; head is what has been changed since, and not committed."""
    repository = Repository(tmp_path_factory.mktemp("verdicts") / "shop", settings=SETTINGS)
    repository.commit({"shop.py": sample("shop.py"), "test_shop.py": sample("shop_benchmarks.py")})
    repository.write({"shop.py": sample("shop.py", on_head=True)})
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
        "test_counts": "unchanged",
        "test_another_case": "not comparable",
        "test_new": "not comparable",
        "test_retired": "not comparable",
        "test_wrong_on_head": "not comparable",
        "test_wrong_on_base": "not comparable",
        "test_second_call_fails_on_head": "not comparable",
        "test_fixture_fails_on_head": "not comparable",
        "test_fixture_that_failed_before": "not comparable",
        "test_skipped_on_head": "not comparable",
        "test_not_called": "not comparable",
    }


def test_a_regression_is_the_exit_code_and_the_headline(ran: Ran) -> None:
    assert ran.code == ran.report["exit_code"] == 10
    assert ran.report["headline"].startswith("regressed: time of 2 cases")
    assert ran.said.endswith("(exit code 10)")


def test_a_ratio_is_that_of_the_work(ran: Ran) -> None:
    ratios = {name: verdict["ratio"] for name, verdict in ran.verdicts().items() if name.startswith("test_work")}
    assert ratios == pytest.approx(
        {
            "test_work[slower]": 1.05,
            "test_work[slower too]": 1.06,
            "test_work[faster]": 0.9,
            "test_work[same]": 1.0,
        }
    )
    early, first = ran.report["early_looks"][0], ran.report["looks"][0]
    pairs = {name: ran.verdicts()[name]["pairs"] for name in ratios}
    assert pairs == dict.fromkeys(ratios, first) | {"test_work[same]": early}


def test_memory_has_verdicts_of_its_own(ran: Ran) -> None:
    memory = ran.outcomes("memory")
    assert memory.pop("test_memory") == memory.pop("test_counts") == "regressed"
    assert memory.pop("test_costly") == "inconclusive"
    assert set(memory.values()) == {"unchanged"}
    assert ran.verdicts("memory")["test_counts"]["ratio"] == pytest.approx(2.0), "the case's own figure"


def test_a_count_that_rises_is_a_regression_though_the_time_is_unchanged(ran: Ran) -> None:
    queries = ran.verdicts("queries")["test_counts"]
    assert (queries["outcome"], queries["reason"]) == ("regressed", "13 instead of 12 queries, counted exactly")
    assert ran.outcomes("pages") == {"test_counts": "unchanged"}


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("test_another_case", "batch is 32 on base and 64 on head: not the same case"),
        ("test_new", "new: base has no such case"),
        ("test_retired", "removed, as allow_missing says"),
        ("test_wrong_on_head", "failed (call: AssertionError: the sum is wrong) on head"),
        ("test_wrong_on_base", "failed (call: AssertionError: the sum was wrong) on base"),
        ("test_second_call_fails_on_head", "failed (call: RuntimeError: the till is jammed) on head"),
        ("test_fixture_fails_on_head", "failed (setup of fixture 'till': OSError: no till there) on head"),
        ("test_fixture_that_failed_before", "failed (setup of fixture 'till': OSError: no till there) on head"),
        ("test_skipped_on_head", "skipped (needs a printer) on head"),
        ("test_not_called", "no round could be timed: the benchmark was not called, or its timer is too coarse"),
    ],
)
def test_what_cannot_be_compared_says_why(ran: Ran, case: str, reason: str) -> None:
    assert ran.verdicts()[case]["reason"].splitlines()[0] == reason


def test_what_base_measures_and_head_does_not_is_missing(ran: Ran) -> None:
    assert {case.partition("::")[2]: why.splitlines()[0] for case, why in ran.report["missing"].items()} == {
        "test_gone": "head has no such case",
        "test_wrong_on_head": "failed (call: AssertionError: the sum is wrong)",
        "test_second_call_fails_on_head": "failed (call: RuntimeError: the till is jammed)",
        "test_fixture_fails_on_head": "failed (setup of fixture 'till': OSError: no till there)",
        "test_fixture_that_failed_before": "failed (setup of fixture 'till': OSError: no till there)",
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


def test_the_markdown_begins_with_the_verdict_and_hides_what_is_unchanged(ran: Ran) -> None:
    lines = ran.markdown.splitlines()
    assert lines[1] == f"### speedscore gate: {ran.report['headline']}"
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
    commit = shop.git("rev-parse", "HEAD")[:12]
    assert command == f"pytest 'test_shop.py::test_work[slower too]' --benchmark-only --gate={commit}"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        shell=True,
        env=shop.environment(PATH=path),
        cwd=shop.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 10, done.stdout + done.stderr
    assert "gate regressed: time of 1 case (exit code 10)" in done.stdout
