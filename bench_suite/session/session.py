"""One pytest session of the matrix: which cases were asked for, what became of each, and the record of it all.

Nothing here knows pytest's hooks, prints or measures: the plugin passes events in, and takes outcomes and the record
out; blocks are measured by way of the workers and on the machine that the session is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.measuring.outcomes import CaseFailed, CaseMeasured, CaseOutcome, CaseUnavailable
from speedscore.bench_suite.probes.pool import Listener, ask_all
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.session.choices import Choices
from speedscore.bench_suite.session.probing import SessionProbes
from speedscore.bench_suite.session.results import measured_result, unmeasured
from speedscore.bench_suite.session.running.blocks import ProgressListener, SessionBlocks
from speedscore.bench_suite.session.running.machine import DeviceSearch, Machine
from speedscore.bench_suite.session.running.worker_factory import OpenWorkers
from speedscore.bench_suite.session.saving.journal import NO_MACHINES, Keeper, Machines
from speedscore.bench_suite.session.saving.profiles import Profiles
from speedscore.bench_suite.session.saving.resuming import Objection, carry_over
from speedscore.record.probe_result import ProbeResult
from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, Ratio, RunRecord

if TYPE_CHECKING:  # what measures on another machine opens a session there
    from speedscore.bench_suite.session.fleet.blocks import FleetBlocks, FleetResult

NOT_MEASURED = "the session ended before this case was measured"


class Session:
    """What the plugin keeps between its hooks."""

    def __init__(
        self,
        choices: Choices,
        cases: Mapping[str, Case],
        *,
        machine: Machine,
        open_workers: OpenWorkers,
        make_progress: Callable[[int], ProgressListener],
        objection: Objection,
        journal: Keeper,
        probe_cases: Mapping[str, ProbeCase] | None = None,
        hear_probe: Listener | None = None,
        fleet: FleetBlocks | None = None,
    ) -> None:
        """``cases`` by node id, after all deselecting; ``make_progress`` is told how many blocks will be measured.

        ``probe_cases`` likewise; ``hear_probe`` is told of each probe as it ends. With a ``fleet`` all cases are
        measured there, and nothing but probes is done here.
        ``objection`` says why a case of an earlier session does not stand; ``journal`` gets what is measured at once.
        Raises RunFileError when an earlier session that is taken up again was measured under other circumstances.
        """
        self.choices = choices
        self._cases = dict(cases)
        self._created = datetime.now(UTC).isoformat(timespec="seconds")
        self._environment = machine.environment
        self.earlier = carry_over(
            choices.earlier,
            preset=choices.preset,
            environment=machine.environment,
            objection=objection,
            machines=None if fleet is None else fleet.environments,
            measures=bool(cases),
            left_out=choices.earlier_left_out,
        )
        """What an earlier session leaves to this one, where it is taken up again."""
        self._journal = journal
        self.probes = SessionProbes(
            probe_cases or {},
            preset=choices.preset.name,
            created=self._created,
            earlier=() if choices.earlier is None else choices.earlier.probes,
            keep=self._keep_probe,
            listener=hear_probe,
            ask=ask_all if fleet is None else partial(_ask_alone, fleet),
        )
        self.profiles = None if choices.profile_folder is None else Profiles(choices.profile_folder)
        self._devices = DeviceSearch(machine.detectors)
        missing = {nodeid: case for nodeid, case in self._cases.items() if nodeid not in self.earlier.complete}
        self._fleet = fleet
        if fleet is not None:
            fleet.place(missing, choices, keep=self._keep_results)
        self._blocks = SessionBlocks(
            [] if fleet is not None else [case for case in missing.values() if self._devices.can_be_tried(case)],
            choices,
            machine=machine,
            open_workers=open_workers,
            make_progress=make_progress,
            keep=self._keep,
            keep_profile=None if self.profiles is None else self.profiles.keep,
        )
        self._results: dict[str, CaseResult] = {}
        self._record: RunRecord | None = None

    def absence(self, case: Case) -> str:
        """Why the case cannot be measured here, known without starting a worker; empty when it can be tried."""
        return self._devices.absence(case)

    def carried_over(self, nodeid: str) -> CaseResult | None:
        """What an earlier session measured of this test, where this one takes it up again."""
        return self.earlier.complete.get(nodeid)

    def from_fleet(self, nodeid: str) -> FleetResult | None:
        """What a machine of the fleet made of the test's case, once its block has ended; None without a fleet."""
        return None if self._fleet is None else self._fleet.result(nodeid)

    def outcome(self, case: Case) -> CaseOutcome:
        """What became of the case; measures its whole block first where that has not been done."""
        return self._blocks.outcome(case)

    def measured(self, nodeid: str, case: Case, outcome: CaseMeasured) -> CaseResult:
        """The saved form of a measured case."""
        return measured_result(
            nodeid,
            case,
            outcome,
            busy_processors=self._blocks.busy_processors(case.block),
            throttling=self._blocks.throttling(case.block),
            occasion=self._created,
        )

    def conclude(self, nodeid: str, case: Case) -> CaseResult:
        """Measure the case where it can be, and say what became of it: what its own test would do."""
        try:
            if absence := self.absence(case):
                return unmeasured(nodeid, case, status="skipped", reason=absence)
        except LookupError as error:
            return unmeasured(nodeid, case, status="failed", reason=str(error))
        return self._without_its_test(nodeid, case, self.outcome(case))

    def note(self, result: CaseResult) -> None:
        """Keep what became of a case. The first outcome stays: failing to tear down does not undo a measurement."""
        self._results.setdefault(result.nodeid, result)

    def record(self) -> RunRecord:
        """The whole session, every selected case in it; made once."""
        if self._record is None:
            for nodeid, case in self._cases.items():
                self.note(self.earlier.complete.get(nodeid) or self._so_far(nodeid, case))
            older = self.earlier.complete | self.earlier.interrupted
            results = {
                nodeid: older[nodeid]
                if self._results[nodeid].status == "skipped" and nodeid in older
                else self._results[nodeid]
                for nodeid in self._cases
            }
            # What an earlier session measured and this one did not select is part of the whole all the same.
            cases = tuple((older | results).values())
            self._record = self._record_of(cases, ratios=find_ratios(cases), probes=self.probes.results())
        return self._record

    def end(self) -> None:
        """Nothing more is measured, here or elsewhere: what is still at work on a fleet ends."""
        if self._fleet is not None:
            self._fleet.close()

    def _record_of(
        self,
        cases: tuple[CaseResult, ...],
        *,
        ratios: tuple[Ratio, ...] = (),
        probes: tuple[ProbeResult, ...] = (),
        idle_machines: bool = False,
    ) -> RunRecord:
        """``idle_machines`` describes those of a fleet too that have measured none of the cases."""
        machines = dict(NO_MACHINES if self._fleet is None else self._fleet.environments)
        machines |= {} if self.choices.earlier is None else self.choices.earlier.machines
        used = {case.machine for case in cases}
        return RunRecord(
            schema_version=SCHEMA_VERSION,
            created=self._created,
            preset=self.choices.preset.name,
            seed=self.choices.seed,
            in_process=self.choices.in_process,
            environment=self._environment,
            cases=cases,
            ratios=ratios,
            probes=probes,
            machines={name: machine for name, machine in machines.items() if idle_machines or name in used},
        )

    def _keep(self, outcomes: Mapping[Case, CaseOutcome]) -> None:
        """Store what was measured before anything else is done; what was not can be measured again."""
        # What runs inside pytest is never taken up again.
        if not self.choices.in_process and any(isinstance(outcome, CaseMeasured) for outcome in outcomes.values()):
            results = [
                self._without_its_test(nodeid, case, outcomes[case])
                for nodeid, case in self._cases.items()
                if case in outcomes
            ]
            self._keep_results(results)

    def _keep_results(self, results: Sequence[CaseResult]) -> None:
        self._journal.keep(results, session=self._older, machines=self._machines_of(results))

    def _keep_probe(self, result: ProbeResult) -> None:
        if not self.choices.in_process:
            self._journal.keep_probe(result, session=self._older)

    def _machines_of(self, results: Sequence[CaseResult]) -> Machines:
        """Of a fleet, those that measured these."""
        known = NO_MACHINES if self._fleet is None else self._fleet.environments
        return {result.machine: known[result.machine] for result in results if result.machine}

    def _older(self) -> RunRecord:
        """This session with no more than what an earlier one left to it."""
        older = self.earlier.complete | self.earlier.interrupted
        probes = () if self.choices.earlier is None else self.choices.earlier.probes
        return self._record_of(tuple(older.values()), probes=probes, idle_machines=True)

    def _so_far(self, nodeid: str, case: Case) -> CaseResult:
        elsewhere = None if self._fleet is None else self._fleet.result_so_far(nodeid)
        return elsewhere or self._without_its_test(nodeid, case, self._blocks.outcome_so_far(case))

    def _without_its_test(self, nodeid: str, case: Case, outcome: CaseOutcome | None) -> CaseResult:
        """The result of a case whose own test has not run, though it may have been measured with its block."""
        match outcome:
            case CaseMeasured():
                return self.measured(nodeid, case, outcome)
            case CaseFailed(error):
                return unmeasured(nodeid, case, status="failed", reason=str(error))
            case CaseUnavailable(reason):
                return unmeasured(nodeid, case, status="skipped", reason=reason)
            case None:
                return unmeasured(nodeid, case, status="skipped", reason=NOT_MEASURED)


def _ask_alone(fleet: FleetBlocks, *cases: Any, **how: Any) -> None:
    """Ask probes, which take every processor of this machine, when no block is measured on it or another."""
    fleet.finish()
    ask_all(*cases, **how)
