"""A session measures what was asked for and nothing twice, shares out its time, and records every case it was given.

Workers, clock and machine are made up: what only a process can show is in ``test_plugin`` and ``test_options``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import Block, Case
from speedscore.bench_suite.matrix.devices import DetectedDevice
from speedscore.bench_suite.measuring.outcomes import NEEDS_TWO, OUT_OF_TIME, CaseFailed, CaseMeasured, CaseUnavailable
from speedscore.bench_suite.measuring.stopping import FEWEST_TURNS, MINIMUM_ROUNDS
from speedscore.bench_suite.session.choices import Choices
from speedscore.bench_suite.session.results import unmeasured
from speedscore.bench_suite.session.running.machine import Detectors, Machine
from speedscore.bench_suite.session.saving.journal import NO_MACHINES, Journal, Machines, MakeSession
from speedscore.bench_suite.session.saving.resuming import Objection
from speedscore.bench_suite.session.session import NOT_MEASURED, Session
from speedscore.bench_suite.workloads.table import MODELS
from speedscore.host.fingerprint import BUSY_FROM
from speedscore.record.phases import DeviceName, Phase
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import CaseResult, RunRecord
from tests.bench_suite.measuring.fakes import PRESET, FakeWorkers, Heard, Sample, steady, wild
from tests.clocks import FakeClock

THERE = DetectedDevice(found=("one",), looked_for="")


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two frameworks that need nothing, and a second model."""
    for name in ("first", "second"):
        framework = Framework(
            name, builder="tests.bench_suite.sample_framework.program:build", ecosystem="sample", extra="", packages=()
        )
        monkeypatch.setitem(FRAMEWORKS, name, framework)
    module = "tests.bench_suite.sample_framework.mlp"
    wide = msgspec.structs.replace(MODELS["mlp"], id="wide", implementations={"first": module, "second": module})
    monkeypatch.setitem(MODELS, "wide", wide)


def some_cases(
    *phases: Phase,
    frameworks: Sequence[str] = ("first", "second"),
    models: Sequence[str] = ("mlp",),
    device: DeviceName = "cpu",
) -> dict[str, Case]:
    cases = [Case(name, model, device, phase) for phase in phases for model in models for name in frameworks]
    return {f"{case.phase}[{case.id}]": case for case in cases}


class Notebook(Journal):
    """A journal that is no file."""

    def __init__(self) -> None:
        super().__init__(None)
        self.kept: list[dict[str, CaseResult]] = []
        self.sessions: list[RunRecord] = []

    def keep(self, cases: Sequence[CaseResult], *, session: MakeSession, machines: Machines = NO_MACHINES) -> None:
        del machines
        self.kept.append({case.nodeid: case for case in cases})
        self.sessions.append(session())


class MadeUp:
    """A session and all that it is given."""

    def __init__(
        self,
        cases: Mapping[str, Case],
        *,
        rounds: Mapping[str, Iterator[Sample]] | None = None,
        environment: Mapping[str, Any] | None = None,
        detectors: Detectors | None = None,
        busy: float = 0.0,
        busy_during: float = 0.0,
        objection: Objection = lambda _: "",
        **choices: Any,
    ) -> None:
        self.cases = dict(cases)
        self.clock = FakeClock(now=500.0)
        self.workers = FakeWorkers(self.clock, rounds)
        self.heard = Heard()
        self.looked_seconds: list[float] = []
        self.announced_blocks: list[int] = []
        self._busy = busy
        self._busy_during = busy_during
        self.journal = Notebook()
        known: dict[str, Any] = {"preset": PRESET, "processes": 1, "seed": 1, "in_process": False}
        self.session = Session(
            Choices(**known | choices),
            cases,
            machine=Machine(
                environment=dict(environment or {}),
                detectors=detectors or {device: lambda: THERE for device in get_args(DeviceName)},
                busy_processors=self._look,
                clock=self.clock,
                others_seconds=lambda: self._busy_during * self.clock.now,
            ),
            open_workers=self.workers.open,
            make_progress=self._make_progress,
            objection=objection,
            journal=self.journal,
        )

    def _look(self, seconds: float) -> float:
        assert not self.workers.alive, "nothing of ours may run meanwhile"
        self.looked_seconds.append(seconds)
        return self._busy

    def _make_progress(self, total_blocks: int) -> Heard:
        self.announced_blocks.append(total_blocks)
        return self.heard

    def run(self) -> RunRecord:
        """As the tests of the cases do, one after the other."""
        for nodeid, case in self.cases.items():
            result = self.session.carried_over(nodeid) or self._measure(nodeid, case)
            self.session.note(result)
        return self.session.record()

    def _measure(self, nodeid: str, case: Case) -> CaseResult:
        if absence := self.session.absence(case):
            return unmeasured(nodeid, case, status="skipped", reason=absence)
        match self.session.outcome(case):
            case CaseMeasured() as outcome:
                return self.session.measured(nodeid, case, outcome)
            case CaseUnavailable(reason):
                return unmeasured(nodeid, case, status="skipped", reason=reason)
            case CaseFailed(error):
                return unmeasured(nodeid, case, status="failed", reason=str(error))


def by_nodeid(run: RunRecord) -> dict[str, CaseResult]:
    return {case.nodeid: case for case in run.cases}


def test_a_block_is_measured_once_and_when_its_first_case_is_reached() -> None:
    cases = some_cases("training", "inference", models=("mlp", "wide"))
    made_up = MadeUp(cases)
    assert made_up.announced_blocks == [2]
    assert not made_up.workers.started
    made_up.session.outcome(cases["training[first-mlp-cpu]"])
    assert [str(block) for block, _ in made_up.heard.blocks] == ["mlp cpu"]
    assert len(made_up.workers.started) == 2
    run = made_up.run()
    assert [(str(block), len(block_cases)) for block, block_cases in made_up.heard.blocks] == [
        ("mlp cpu", 4),
        ("wide cpu", 4),
    ]
    assert {case.status for case in run.cases} == {"measured"}
    assert made_up.workers.opened == 2, "caches of one block are gone before the next begins"
    assert [case.nodeid for case in run.cases] == list(cases)


def test_what_was_measured_with_its_block_is_recorded_even_where_its_own_test_never_ran() -> None:
    cases = some_cases("training", models=("mlp", "wide"))
    made_up = MadeUp(cases, rounds={"second": iter([RuntimeError("fell over")])})
    made_up.session.outcome(cases["training[first-mlp-cpu]"])
    results = by_nodeid(made_up.session.record())
    assert {nodeid: (case.status, case.reason) for nodeid, case in results.items()} == {
        "training[first-mlp-cpu]": ("measured", ""),
        "training[second-mlp-cpu]": ("failed", "fell over"),
        "training[first-wide-cpu]": ("skipped", NOT_MEASURED),
        "training[second-wide-cpu]": ("skipped", NOT_MEASURED),
    }


def test_an_interrupt_is_raised_as_it_was_and_costs_only_what_was_being_measured() -> None:
    cases = some_cases("training", models=("mlp", "wide"))
    interrupt = KeyboardInterrupt()
    rounds: list[Sample] = [*[0.1] * MINIMUM_ROUNDS, 0.1, interrupt]
    made_up = MadeUp(cases, rounds={"first": iter(rounds)})
    with pytest.raises(KeyboardInterrupt) as caught:
        made_up.run()
    assert caught.value is interrupt
    assert not made_up.workers.alive
    assert [case.status for case in made_up.session.record().cases] == ["measured", "measured", "skipped", "skipped"]


def test_the_first_word_about_a_case_stands_and_the_record_is_made_once() -> None:
    cases = some_cases("training", frameworks=("first",))
    made_up = MadeUp(cases)
    run = made_up.run()
    ((nodeid, case),) = cases.items()
    made_up.session.note(unmeasured(nodeid, case, status="failed", reason="it could not be torn down"))
    assert made_up.session.record() is run
    assert [result.status for result in run.cases] == ["measured"]


def test_seed_and_machine_are_recorded() -> None:
    run = MadeUp({}, environment={"a.field": "its value"}, seed=12345).run()
    assert run.seed == 12345
    assert run.environment == {"a.field": "its value"}


def test_each_kind_of_device_is_looked_for_once_and_starts_nothing_where_it_is_missing() -> None:
    looks: list[str] = []

    def look() -> DetectedDevice:
        looks.append("tpu")
        return DetectedDevice(found=(), looked_for="a file")

    made_up = MadeUp(some_cases("training", "inference", device="tpu"), detectors={"tpu": look})
    run = made_up.run()
    assert looks == ["tpu"]
    assert {(case.status, case.reason) for case in run.cases} == {
        ("skipped", "no tpu: found none of what was looked for: a file")
    }
    assert made_up.announced_blocks == [0]
    assert not made_up.workers.opened


def test_a_wrong_line_of_the_table_is_its_own_cases_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Framework("wrong", builder="no_such_package.program:build", ecosystem="", extra="", packages=())
    monkeypatch.setitem(FRAMEWORKS, "wrong", wrong)
    cases = some_cases("training", frameworks=("wrong", "first"))
    made_up = MadeUp(cases)
    with pytest.raises(LookupError, match="no_such_package"):
        made_up.session.absence(cases["training[wrong-mlp-cpu]"])
    assert isinstance(made_up.session.outcome(cases["training[first-mlp-cpu]"]), CaseMeasured)
    assert [worker.cell.framework for worker in made_up.workers.started] == ["first"]


@pytest.mark.parametrize("busy", [0.0, BUSY_FROM, 3.25])
def test_how_busy_the_machine_was_is_recorded_and_said_where_it_matters(busy: float) -> None:
    made_up = MadeUp(some_cases("training", models=("mlp", "wide")), busy=busy)
    run = made_up.run()
    assert made_up.looked_seconds == [PRESET.busy_look_seconds] * 2, "once before each block"
    assert {case.worker.processors_busy_before for case in run.cases} == {busy}
    assert made_up.heard.busy == ([busy] * 2 if busy >= BUSY_FROM else [])


@pytest.mark.parametrize(
    ("in_process", "recorded", "again"), [(False, 0.5, 1), (True, None, None)], ids=["workers", "inside pytest"]
)
def test_the_load_while_rounds_are_taken_is_watched_unless_a_debugger_may_be_at_work(
    in_process: bool, recorded: float | None, again: int | None
) -> None:
    made_up = MadeUp(some_cases("training"), busy_during=0.5, in_process=in_process)
    workers = [case.worker for case in made_up.run().cases]
    assert {worker.processors_busy_during for worker in workers} == {recorded}
    assert {worker.processes_measured_again for worker in workers} == {again}


def test_a_budget_is_shared_by_the_blocks() -> None:
    rounds = {"first": wild(0.1), "second": wild(0.1)}
    made_up = MadeUp(some_cases("training", models=("mlp", "wide")), rounds=rounds, budget_seconds=100.0)
    run = made_up.run()
    assert made_up.clock.now == pytest.approx(600.0, abs=5.0)
    counts = {nodeid: len(case.rounds) for nodeid, case in by_nodeid(run).items()}
    assert {case.stopped for case in run.cases} == {"budget"}
    assert 0.5 < counts["training[first-mlp-cpu]"] / counts["training[first-wide-cpu]"] < 2


def test_time_that_a_block_leaves_goes_to_the_next() -> None:
    # The first block's rounds are all alike and end at once; those of the second never do.
    rounds = [*[0.1] * MINIMUM_ROUNDS, *(next(wave) for wave in [wild(0.1)] for _ in range(2000))]
    cases = some_cases("training", frameworks=("first",), models=("mlp", "wide"))
    made_up = MadeUp(cases, rounds={"first": iter(rounds)}, budget_seconds=100.0)
    made_up.run()
    assert made_up.clock.now == pytest.approx(600.0, abs=5.0)


def test_a_budget_that_is_spent_skips_what_was_not_prepared() -> None:
    made_up = MadeUp(some_cases("training", "compilation"), budget_seconds=0.0)
    run = made_up.run()
    assert {(case.status, case.reason) for case in run.cases} == {("skipped", OUT_OF_TIME)}
    assert not made_up.workers.started


def test_ratios_of_two_processes_have_an_interval() -> None:
    made_up = MadeUp(some_cases("training"), rounds={"first": steady(0.1), "second": steady(0.3)}, processes=2)
    run = made_up.run()
    (ratio,) = run.ratios
    assert (ratio.faster, ratio.slower, ratio.processes) == ("first", "second", 2)
    assert ratio.value == pytest.approx(3.0)
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low <= ratio.value <= ratio.high
    assert {case.occasion for case in run.cases} == {run.created}


def test_one_process_has_no_warm_compilation_and_no_interval() -> None:
    run = MadeUp(some_cases("compilation", "warm_compilation")).run()
    assert {(case.phase, case.status, case.reason) for case in run.cases} == {
        ("compilation", "measured", ""),
        ("warm_compilation", "skipped", NEEDS_TWO),
    }
    (ratio,) = run.ratios
    assert (ratio.processes, ratio.low, ratio.high) == (1, None, None)


def earlier(run: RunRecord) -> RunRecord:
    """The run as another day's: nothing of it can be taken for something measured now."""
    then = "2026-01-02T03:04:05+00:00"
    cases = tuple(msgspec.structs.replace(case, occasion=then if case.occasion else "") for case in run.cases)
    return msgspec.structs.replace(run, created=then, cases=cases)


def test_a_session_that_is_taken_up_again_measures_what_is_missing_and_records_the_whole() -> None:
    cases = some_cases("training", "compilation", models=("mlp", "wide"))
    half = MadeUp(cases)
    half.session.outcome(cases["training[first-mlp-cpu]"])
    carried = {
        nodeid: case for nodeid, case in by_nodeid(earlier(half.session.record())).items() if case.status == "measured"
    }
    assert len(carried) == 4

    again = MadeUp(cases, earlier=earlier(half.session.record()), rounds={"first": steady(0.7)})
    assert again.announced_blocks == [1]
    whole = by_nodeid(again.run())
    assert [block for block, _ in again.heard.blocks] == [Block("wide", "cpu")]
    assert {nodeid: whole[nodeid] for nodeid in carried} == carried, "to the last bit of every round"
    assert list(whole) == [*carried, *(nodeid for nodeid in cases if nodeid not in carried)]
    assert {case.status for case in whole.values()} == {"measured"}
    assert {case.occasion for nodeid, case in whole.items() if nodeid not in carried} == {
        again.session.record().created
    }


def test_what_was_measured_before_and_is_not_selected_now_stays_in_the_run() -> None:
    first = MadeUp(some_cases("training", frameworks=("first",))).run()
    both = MadeUp(some_cases("training", frameworks=("second",)), earlier=earlier(first)).run()
    assert [(case.framework, case.status) for case in both.cases] == [("first", "measured"), ("second", "measured")]
    assert both.cases[0] == earlier(first).cases[0]
    assert both.ratios == (), "they were no neighbours in time"


def test_what_failed_or_was_skipped_before_is_measured_again() -> None:
    cases = some_cases("training")
    rounds: dict[str, Iterator[Sample]] = {"first": iter([RuntimeError("fell over")]), "second": steady(0.1)}
    before = MadeUp(cases, rounds=rounds).run()
    assert [case.status for case in before.cases] == ["failed", "measured"]
    again = MadeUp(cases, earlier=earlier(before))
    assert {case.status for case in again.run().cases} == {"measured"}
    assert [worker.cell.framework for worker in again.workers.started] == ["first"]


def test_what_is_measured_is_kept_after_each_process_and_at_the_end_of_its_block() -> None:
    cases = some_cases("training", models=("mlp", "wide"))
    made_up = MadeUp(cases, processes=2)
    run = made_up.run()
    whole = by_nodeid(run)
    assert [sorted(kept) for kept in made_up.journal.kept] == [
        [nodeid for nodeid in sorted(cases) if model in nodeid] for model in ("mlp", "mlp", "wide", "wide")
    ]
    between, end = made_up.journal.kept[:2]
    assert {case.stopped for case in between.values()} == {"interrupted"}
    assert end == {nodeid: whole[nodeid] for nodeid in end}
    assert {session.created for session in made_up.journal.sessions} == {run.created}


def test_an_interrupt_keeps_what_was_measured_of_its_block_before_it_is_raised() -> None:
    rounds: list[Sample] = [*[0.1] * FEWEST_TURNS, KeyboardInterrupt()]
    made_up = MadeUp(some_cases("training", frameworks=("first",)), rounds={"first": iter(rounds)})
    with pytest.raises(KeyboardInterrupt):
        made_up.run()
    (kept,) = made_up.journal.kept
    (case,) = kept.values()
    assert (case.status, case.stopped, len(case.rounds)) == ("measured", "interrupted", FEWEST_TURNS)
    assert made_up.session.record().cases == (case,)


def cut_off(cases: Mapping[str, Case], *, turns: int) -> RunRecord:
    """A session that was ended in the middle of its first block."""
    made_up = MadeUp(cases, rounds={"first": iter([*[0.3] * turns, KeyboardInterrupt()])})
    with pytest.raises(KeyboardInterrupt):
        made_up.run()
    return earlier(made_up.session.record())


def test_what_was_cut_off_is_measured_again_and_stays_where_that_comes_to_nothing() -> None:
    cases = some_cases("training", frameworks=("first",))
    before = cut_off(cases, turns=5)
    (case,) = MadeUp(cases, earlier=before).run().cases
    assert (case.stopped, len(case.rounds)) == ("narrow", MINIMUM_ROUNDS)
    assert MadeUp(cases, earlier=before, budget_seconds=0.0).run().cases == before.cases
    failed = MadeUp(cases, earlier=before, rounds={"first": iter([RuntimeError("fell over")])}).run()
    assert [each.status for each in failed.cases] == ["failed"], "what fails now is no figure"


def test_what_does_not_stand_is_measured_again_and_the_journal_has_the_rest() -> None:
    cases = some_cases("training", "compilation")
    before = earlier(MadeUp(cases).run())
    forged = "training[first-mlp-cpu]"
    made_up = MadeUp(cases, earlier=before, objection=lambda case: "forged" if case.nodeid == forged else "")
    whole = by_nodeid(made_up.run())
    assert made_up.session.earlier.refused == {forged: "forged"}
    assert whole[forged].occasion == made_up.session.record().created
    (session,) = made_up.journal.sessions
    assert {case.nodeid for case in session.cases} == cases.keys() - {forged}


def test_a_session_measured_under_other_circumstances_is_refused() -> None:
    run = MadeUp(some_cases("training"), environment={"cpu.model": "a wheel"}).run()
    with pytest.raises(RunFileError, match=r"cpu\.model was 'a wheel' and is 'an abacus'"):
        MadeUp(some_cases("training"), environment={"cpu.model": "an abacus"}, earlier=run)


def test_a_session_without_cases_takes_up_one_of_a_fleet_and_keeps_its_cases() -> None:
    run = earlier(MadeUp(some_cases("training")).run())
    cases = tuple(msgspec.structs.replace(case, machine="a") for case in run.cases)
    of_fleet = msgspec.structs.replace(run, cases=cases, ratios=(), machines={"a": {}})
    with pytest.raises(RunFileError, match="add --fleet ADDRESS"):
        MadeUp(some_cases("training"), earlier=of_fleet)
    assert MadeUp({}, earlier=of_fleet).run().cases == cases
