"""Planted stalls, each named with its cause, and clean runs, in which nothing is laid to the program.

Every run is a fresh process on one processor. Prints what it finds; asserts the aim: each cause in 10 of 10 runs, and
neither garbage collection nor recompilation in 50 clean ones. A clean run keeps Python's collector on, over a frozen
heap.
"""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec

import pytest

from speedscore.bench_suite.probes.steady.hiccups import list_steps
from speedscore.bench_suite.probes.steady.stalls import OWN_CAUSES, Cause, find_stalls
from tests.bench_suite.probes.steady.running import (
    LIBRARIES,
    Disturb,
    crowd_now_and_then,
    disturbed_run,
    long_run,
    run_columns,
    stop_now_and_then,
)

RUNS = 10
SECONDS = 3.0
CLEAN_RUNS = {"clean": 20, **{f"clean {library}": 10 for library in LIBRARIES}}


def require(kind: str) -> None:
    library = kind.rpartition(" ")[2]
    if library in LIBRARIES and find_spec(library) is None:
        pytest.skip(f"{library} is not installed")


@pytest.mark.parametrize(
    ("kind", "cause"),
    [("collection", "garbage collection"), *((f"recompilation {library}", "recompilation") for library in LIBRARIES)],
)
def test_what_the_program_does_itself_is_named(kind: str, cause: Cause) -> None:
    require(kind)
    found = [Counter(stall.cause for stall in long_run(kind, seconds=SECONDS)) for _ in range(RUNS)]
    named = sum(each[cause] > 0 for each in found)
    print(f"\n{kind}: {cause} in {named} of {RUNS} runs; all stalls {dict(sum(found, Counter()))}")
    assert named == RUNS
    assert not sum(each[other] for each in found for other in OWN_CAUSES if other != cause)


@pytest.mark.parametrize("disturb", [stop_now_and_then, crowd_now_and_then], ids=["stopped", "neighbours"])
def test_what_the_host_does_is_named(disturb: Disturb) -> None:
    runs = [disturbed_run(seconds=SECONDS, disturb=disturb) for _ in range(RUNS)]
    found = [Counter(stall.cause for stall in stalls) for _, stalls in runs]
    named = sum(each["host"] > 0 for each in found)
    print(
        f"\n{disturb.__name__}: {sum(count for count, _ in runs)} times; the host in {named} of {RUNS} runs; "
        f"stalls meanwhile {dict(sum(found, Counter()))}"
    )
    assert named == RUNS
    assert not sum(each[other] for each in found for other in OWN_CAUSES)


def test_a_clean_run_is_laid_to_nothing_in_the_program() -> None:
    wrong = runs = steps = collections = 0
    causes: Counter[Cause] = Counter()
    for kind, count in CLEAN_RUNS.items():
        if (library := kind.rpartition(" ")[2]) in LIBRARIES and find_spec(library) is None:
            continue
        for _ in range(count):
            ran = run_columns(kind, seconds=SECONDS)
            found = Counter(stall.cause for stall in find_stalls(list_steps(ran)))
            runs, steps, collections = runs + 1, steps + len(ran["seconds"]), collections + sum(ran["collections"])
            wrong += any(found[cause] for cause in OWN_CAUSES)
            causes += found
    share = causes["unknown"] / steps
    print(
        f"\n{wrong} of {runs} clean runs were laid to the program; {steps} steps, {collections} collections, stalls "
        f"{dict(causes)}; of unknown cause {share:.1e} of the steps"
    )
    assert not wrong
