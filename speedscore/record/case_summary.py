"""What several readers of a case ask of it, worked out once for all of them. It reads no file and judges nothing."""

from __future__ import annotations

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.rounds import process_medians
from speedscore.record.run_record import CaseResult, RunRecord


class CaseSummary(msgspec.Struct, frozen=True, gc=False):
    medians: tuple[float, ...]
    """Seconds: of each process the median of its rounds; none where the case has no rounds."""
    program: dict[str, Scalar]
    """All that is known of it, by flat names."""
    worker: dict[str, Scalar]


def summary_of(case: CaseResult) -> CaseSummary:
    return CaseSummary(process_medians(case.rounds), case.program.fields(), case.worker.fields())


def summaries_of(run: RunRecord) -> dict[str, CaseSummary]:
    """Of every case, by node id."""
    return {case.nodeid: summary_of(case) for case in run.cases}
