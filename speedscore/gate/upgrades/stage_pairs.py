"""Additional processes of each side, alone and untimed, that say where the seconds of the tests go, and what XLA made.

No round of theirs is compared: what they say is evidence beside the verdicts, and where they fail there is less of it.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from speedscore.gate.errors import BudgetSpentError
from speedscore.gate.hlo import Operation, dump_variables, dumped_modules, lowers, operations_in
from speedscore.gate.pairs.plan import GatePlan
from speedscore.gate.sides.side import CaseRequest, Finished, SideSpec, StartSide
from speedscore.gate.sides.untimed import run_untimed
from speedscore.gate.upgrades.program_changes import ProgramChange, program_change
from speedscore.gate.upgrades.stages import StageSample, StageTimes, stage_times
from speedscore.host.clock import Clock
from speedscore.host.piped import ProcessLostError
from speedscore.host.scratch import make_scratch

PROCESSES = 3
"""Of each side: with fewer nobody could tell a stage from the noise of one process."""


class StageEvidence(msgspec.Struct, frozen=True):
    """By case; a case of which a side said nothing is not there."""

    stages: dict[str, tuple[StageTimes, ...]]
    programs: dict[str, ProgramChange]
    remarks: tuple[str, ...] = ()


def watch_stages(
    plan: GatePlan, cases: Sequence[str], *, start_side: StartSide, clock: Clock, hash_seed: int
) -> StageEvidence:
    """Run the cases in ``PROCESSES`` processes of each side, and in one more for what XLA writes of JAX's programs."""
    watch = _Watch(plan, cases, start_side=start_side, clock=clock, hash_seed=hash_seed)
    remarks: list[str] = []
    programs: dict[str, ProgramChange] = {}
    try:
        for number in range(PROCESSES):
            watch.stages(reverse=bool(number % 2))
        compiled = [case for case in cases if watch.compiles(case)]
        if compiled:
            programs = watch.programs(compiled)
    except (ProcessLostError, OSError) as error:
        remarks.append(f"the stages are not known in full: {str(error).partition(chr(10))[0]}")
    except BudgetSpentError:
        remarks.append("the stages are not known in full: the time budget was spent")
    return StageEvidence(stages=watch.times(), programs=programs, remarks=tuple(remarks))


class _Watch:
    def __init__(
        self, plan: GatePlan, cases: Sequence[str], *, start_side: StartSide, clock: Clock, hash_seed: int
    ) -> None:
        self._plan = plan
        self._cases = cases
        self._start_side = start_side
        self._clock = clock
        self._hash_seed = hash_seed
        self._samples: dict[str, dict[str, list[StageSample]]] = {"base": defaultdict(list), "head": defaultdict(list)}

    def stages(self, *, reverse: bool) -> None:
        """One process of each side. Raises ProcessLostError, BudgetSpentError."""
        for spec, other in self._sides(reverse=reverse):
            for case, finished, import_seconds in self._run(spec, other, self._cases, {"SPEEDSCORE_GATE_STAGES": "1"}):
                if finished.outcome != "passed" or finished.stages_seconds is None:
                    continue
                set_up = ({} if import_seconds is None else {"import": import_seconds}) | dict(finished.stages_seconds)
                self._samples[spec.label][case].append(StageSample(set_up, finished.round_stages_seconds or {}))

    def compiles(self, case: str) -> bool:
        samples = [sample for side in self._samples.values() for sample in side[case]]
        return any(lowers((*sample.set_up, *sample.rounds)) for sample in samples)

    def programs(self, cases: Sequence[str]) -> dict[str, ProgramChange]:
        """What XLA says that it made, by case. Raises ProcessLostError, BudgetSpentError."""
        found: dict[str, dict[str, Counter[Operation]]] = {"base": {}, "head": {}}
        for spec, other in self._sides(reverse=False):
            scratch = make_scratch("hlo")
            try:
                seen: set[Path] = set()

                def collected(seen: set[Path] = seen, scratch: Path = scratch) -> None:
                    # What test modules compile as they are imported is no case's.
                    seen |= dumped_modules(scratch)

                for case, _, _ in self._run(spec, other, cases, dump_variables(scratch), collected=collected):
                    fresh = dumped_modules(scratch) - seen
                    found[spec.label][case] = operations_in(fresh)
                    seen |= fresh
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        changes = {case: program_change(found["base"][case], found["head"][case]) for case in cases}
        return {case: change for case, change in changes.items() if change is not None}

    def times(self) -> dict[str, tuple[StageTimes, ...]]:
        base, head = self._samples["base"], self._samples["head"]
        return {case: stage_times(base[case], head[case]) for case in self._cases if base[case] and head[case]}

    def _sides(self, *, reverse: bool) -> list[tuple[SideSpec, SideSpec]]:
        base, head = self._plan.base.spec, self._plan.head.spec
        both = [(base, head), (head, base)]
        return both[::-1] if reverse else both

    def _run(
        self,
        spec: SideSpec,
        other: SideSpec,
        cases: Sequence[str],
        variables: Mapping[str, str],
        *,
        collected: Callable[[], None] = lambda: None,
    ) -> Iterator[tuple[str, Finished, float | None]]:
        """Each case with how it ended, and the import of the process."""
        side = self._start_side(
            msgspec.structs.replace(spec, variables={**spec.variables, **variables}),
            other=other,
            hash_seed=self._hash_seed,
            most_seconds=self._plan.deadline.left_seconds,
        )
        try:
            import_seconds = side.collected().import_seconds
            collected()
            for case, following in zip(cases, (*cases[1:], None), strict=True):
                request = CaseRequest(case=case, next=following, processors=None, iterations=None)
                yield case, run_untimed(side, request, clock=self._clock), import_seconds
            side.end()
        finally:
            side.close()
