"""Many probes at once: each keeps what it came to, none costs another, and an interrupt leaves no process."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.pool import ProbeOutcome, ask_all
from speedscore.bench_suite.probes.probe import Family, ProbeCase
from speedscore.bench_suite.probes.tools import SharedProcesses, Tools
from speedscore.host.processors import usable_processors
from tests.waiting import wait_until

SAMPLE = "tests.bench_suite.probes.sample_probe"


@pytest.fixture(autouse=True)
def sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Families whose cases do what their subject says, for a framework that needs nothing, and one that is missing."""
    for name, limit_seconds in (("sample", 60.0), ("impatient", 1.0)):
        family = Family(
            name,
            title="a sample",
            short="sample",
            cases=f"{SAMPLE}:no_cases",
            ask=f"{SAMPLE}:ask",
            outcomes=("right",),
            limit_seconds=limit_seconds,
        )
        monkeypatch.setitem(FAMILIES, name, family)
    for name, packages in (("first", ()), ("missing", ("no_such_package",))):
        framework = Framework(name, builder="a.b:c", ecosystem="sample", extra="", packages=packages)
        monkeypatch.setitem(FRAMEWORKS, name, framework)


def asked(*cases: ProbeCase) -> dict[str, ProbeOutcome]:
    outcomes: dict[str, ProbeOutcome] = {}
    ask_all(
        cases,
        preset="smoke",
        processors=(usable_processors() * 2)[:2],
        listener=lambda case, outcome: outcomes.update({case.subject or case.framework: outcome}),
    )
    return outcomes


def of_subject(subject: str, *, packages: tuple[str, ...] = ()) -> ProbeCase:
    return ProbeCase("sample", "first", subject=subject, packages=packages)


def test_each_probe_comes_to_its_own_end() -> None:
    outcomes = asked(
        *map(of_subject, ("right", "odd", "undeclared", "broken", "unavailable")),
        ProbeCase("impatient", "first", subject="hangs"),
        of_subject("tool", packages=("no_such_tool",)),
        of_subject("part of a tool", packages=("no_such_tool.part",)),
        ProbeCase("sample", "missing"),
    )
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "right": "answered",
        "odd": "failed",
        "undeclared": "failed",
        "broken": "failed",
        "unavailable": "skipped",
        "hangs": "failed",
        "tool": "skipped",
        "part of a tool": "skipped",
        "missing": "skipped",
    }
    answer = outcomes["right"].answer
    assert answer is not None
    assert answer.seconds == (0.01,)
    assert "'odd'" in outcomes["odd"].reason
    assert "no_such_metric" in outcomes["undeclared"].reason
    assert "the harness is wrong" in outcomes["broken"].reason
    assert outcomes["unavailable"].reason == "needs a moon; wait for the night"
    assert 'pip install "speedscore[probes]"' in outcomes["tool"].reason
    assert "no_such_tool.part, not installed here" in outcomes["part of a tool"].reason
    assert "no_such_package" in outcomes["missing"].reason


def asked_within_the_limit(*cases: ProbeCase) -> dict[str, ProbeOutcome]:
    """The same, where a probe that nobody tells the end of would be waited for for ever."""
    outcomes: dict[str, ProbeOutcome] = {}
    asking = threading.Thread(target=lambda: outcomes.update(asked(*cases)), daemon=True)
    asking.start()
    wait_until(lambda: not asking.is_alive(), "a probe never ended")
    return outcomes


def test_a_temporary_folder_that_takes_nothing_fails_every_probe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    cases = [ProbeCase("sample", "first", subject=name, block="one") for name in ("right", "odd")]
    outcomes = asked_within_the_limit(*cases, of_subject("broken"))
    assert {name: outcome.status for name, outcome in outcomes.items()} == dict.fromkeys(
        ("right", "odd", "broken"), "failed"
    )
    assert all("could not be set up" in outcome.reason for outcome in outcomes.values())
    assert str(tmp_path / "gone") in outcomes["right"].reason


@pytest.mark.parametrize(("closed", "status"), [(SharedProcesses, "answered"), (Tools, "failed")])
def test_what_cannot_be_closed_costs_no_other_probe(
    closed: type[SharedProcesses | Tools], status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    close: Callable[[Any], None] = closed.close

    def close_badly(opened: Any) -> None:
        close(opened)
        raise OSError("no way to go")

    monkeypatch.setattr(closed, "close", close_badly)
    # More blocks than there are processors: a slot whose closing failed goes on with the next.
    outcomes = asked_within_the_limit(*map(of_subject, ("one", "two", "three")))
    assert [outcome.status for outcome in outcomes.values()] == [status] * 3
    assert all(("no way to go" in outcome.reason) == (status == "failed") for outcome in outcomes.values())


def test_an_interrupt_ends_every_process_and_keeps_what_was_heard() -> None:
    heard = []

    def listen(case: ProbeCase, outcome: ProbeOutcome) -> None:
        heard.append((case.subject, outcome.status))
        raise KeyboardInterrupt

    before = {child.pid for child in psutil.Process().children(recursive=True)}
    cases = [of_subject(name) for name in ("right", "hangs", "right", "right")]
    with pytest.raises(KeyboardInterrupt):
        ask_all(cases, preset="smoke", processors=(usable_processors() * 2)[:2], listener=listen)
    assert heard == [("right", "answered")]
    wait_until(lambda: not [*_of_probes(before)], "a process of a probe is left")


def _of_probes(before: set[int]) -> Iterator[int]:
    """Processes that were started meanwhile; the one that tidies up after us is none of them."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended in between
            if child.pid not in before and "probes.child" in " ".join(child.cmdline()):
                yield child.pid
