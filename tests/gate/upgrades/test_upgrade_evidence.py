"""What a gate of an upgrade does beside its verdicts: it shows no password, keeps its time, and loses no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from speedscore.gate.checkouts.worktrees import SourceTree
from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.environments.made_environments import Runner
from speedscore.gate.errors import GateError
from speedscore.gate.loop.outcome import GateOutcome
from speedscore.gate.pairs.plan import GatePlan
from speedscore.gate.upgrades.evidence import described, explain
from speedscore.gate.upgrades.pins import Pin
from speedscore.gate.upgrades.report import UpgradeReport
from speedscore.gate.upgrades.resolving import Resolved
from speedscore.gate.upgrades.stage_pairs import StageEvidence
from speedscore.gate.upgrades.upgrading import Upgrade, upgrade
from tests.gate.made_up_sides import MadeUpMachine, MadeUpTest, a_plan, gated

ENVIRONMENT = Environment("python", "/env", platform="3", site_folders=(), packages={})
PINS = (Pin("kite", "2"), Pin("plume", "2"), Pin("tail", "2"))
MADE = Upgrade(ENVIRONMENT, base=ENVIRONMENT, head=ENVIRONMENT, resolved=Resolved(PINS, tool="uv"))
PRIVATE = "kite @ git+https://me:secret@host/kite"


@pytest.fixture(scope="module")
def slower() -> GateOutcome:
    return gated(MadeUpMachine({"a": MadeUpTest()}, {"a": MadeUpTest(seconds=0.02)}))


def explained(
    outcome: GateOutcome,
    plan: GatePlan | None = None,
    requested: tuple[str, ...] = ("kite==2",),
    *,
    of_sets: float = 0.01,
) -> tuple[GateOutcome, UpgradeReport]:
    """With sets that all take so many seconds; without a word of which none is slower."""

    def watch(_: Sequence[str]) -> StageEvidence:
        return StageEvidence(stages={}, programs={})

    def gate(_: GatePlan) -> GateOutcome:
        return gated(MadeUpMachine({"a": MadeUpTest()}, {"a": MadeUpTest(seconds=of_sets)}))

    return explain(MADE, outcome, plan or a_plan(), requested, watch=watch, gate=gate, say=lambda _: None)


class Installations:
    """Takes the place of ``environment_with``: it keeps the seconds that each had, and does as it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: str, error: Exception | None = None) -> None:
        self.now = 40.0
        self.seconds_left: list[float | None] = []
        self._error = error
        monkeypatch.setattr(f"speedscore.gate.upgrades.{module}.environment_with", self)

    def deadline(self, end_seconds: float) -> GateDeadline:
        return GateDeadline(end_seconds, lambda: self.now)

    def __call__(self, *_: object, run: Runner, **__: Any) -> Environment:
        self.seconds_left.append(run.deadline.left_seconds)
        self.now += 12.0
        if self._error:
            raise self._error
        return ENVIRONMENT


def test_no_password_of_a_requirement_is_reported(slower: GateOutcome, monkeypatch: pytest.MonkeyPatch) -> None:
    Installations(monkeypatch, "evidence")
    _, report = explained(slower, requested=(PRIVATE,))
    assert report.requested == ("kite @ git+https://host/kite",)
    _, head = described(SourceTree(Path(), "here", commit="", dirty=False), [PRIVATE])
    assert head.description == "here with kite @ git+https://host/kite"


def test_the_sets_of_a_search_share_the_time_that_is_left(slower: GateOutcome, monkeypatch: pytest.MonkeyPatch) -> None:
    installations = Installations(monkeypatch, "evidence")
    _, report = explained(slower, a_plan(deadline=installations.deadline(100.0)))
    assert installations.seconds_left == [60.0, 48.0]
    assert report.blame is not None
    assert report.remarks == ()


@pytest.mark.parametrize(("seconds", "blamed"), [(0.01008, "kite"), (0.01003, "tail")], ids=["as slow", "hardly"])
def test_a_set_is_judged_by_what_it_is_nearer_to_also_where_its_gate_calls_it_unchanged(
    monkeypatch: pytest.MonkeyPatch, seconds: float, blamed: str
) -> None:
    Installations(monkeypatch, "evidence")
    little = gated(MadeUpMachine({"a": MadeUpTest()}, {"a": MadeUpTest(seconds=0.01015)}))
    assert [each.outcome for each in little.verdicts if each.metric == "time"] == ["regressed"]
    _, report = explained(little, of_sets=seconds)
    assert report.blame is not None
    assert report.blame.packages == (blamed,)


@pytest.mark.parametrize("error", [GateError("no room"), OSError("no room")], ids=["installer", "disk"])
def test_a_set_that_cannot_be_installed_is_left_out(
    slower: GateOutcome, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    Installations(monkeypatch, "evidence", error)
    outcome, report = explained(slower)
    assert outcome.verdicts == slower.verdicts
    assert report.blame is not None
    assert [step.is_slower for step in report.blame.steps] == [None, None]


def test_where_the_time_is_spent_on_a_set_no_further_one_is_tried(
    slower: GateOutcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    installations = Installations(monkeypatch, "evidence", GateError("the time budget was spent"))
    outcome, report = explained(slower, a_plan(deadline=installations.deadline(50.0)))
    assert outcome.verdicts == slower.verdicts
    assert (installations.seconds_left, report.blame) == ([10.0], None)
    assert report.remarks == ("interrupted, or out of time, before stages and blame were found in full",)


def test_resolving_and_both_environments_share_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    installations = Installations(monkeypatch, "upgrading")

    def resolve(*_: object, run: Runner, **__: Any) -> Resolved:
        installations(run=run)
        return Resolved(PINS, tool="uv")

    monkeypatch.setattr("speedscore.gate.upgrades.upgrading.resolve", resolve)
    upgrade(["kite==2"], ENVIRONMENT, checkout=Path(), say=print, deadline=installations.deadline(100.0))
    assert installations.seconds_left == [60.0, 48.0, 36.0]
