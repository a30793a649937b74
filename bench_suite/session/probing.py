"""The probes of a session: all that were selected are asked when the first of them is, and each keeps its answer.

They never run beside a block of measured cases, for those need the machine to themselves. How a probe is asked, and
what its answer means, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.pool import Listener, ProbeOutcome, ask_all
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.session.results import NO_REASON
from speedscore.host.processors import usable_processors
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import find_metric
from speedscore.record.probe_result import ProbeResult
from speedscore.text.cleaning import one_line, writable

NOT_ASKED = "the session ended before this was asked"

AskAll = Callable[..., None]
"""``pool.ask_all``, or what stands for it in a test."""


class SessionProbes:
    """Asks on demand and remembers what came of it."""

    def __init__(
        self,
        cases: Mapping[str, ProbeCase],
        *,
        preset: str,
        created: str,
        earlier: Sequence[ProbeResult] = (),
        keep: Callable[[ProbeResult], None],
        listener: Listener | None = None,
        ask: AskAll = ask_all,
    ) -> None:
        """``cases`` by node id, after all deselecting; ``created`` is when the session began.

        ``earlier`` are those of a session that is taken up again: what was answered there is not asked again. ``keep``
        is given each answer as it comes, and ``listener`` hears of every probe.
        """
        self._cases = dict(cases)
        self._nodeids = {case: nodeid for nodeid, case in self._cases.items()}
        self._preset = preset
        self._created = created
        self._keep = keep
        self._listener = listener
        self._ask = ask
        self._results = {result.nodeid: result for result in earlier if result.status == "answered"}
        self._asked = False

    def result(self, nodeid: str) -> ProbeResult:
        """What became of the probe; asks all that were selected where that has not been done.

        Whatever ends that early, Ctrl-C above all, is raised when every process has ended, and costs no answer.
        """
        if nodeid not in self._results and not self._asked:
            self._asked = True
            open_cases = [case for nodeid, case in self._cases.items() if nodeid not in self._results]
            self._ask(open_cases, preset=self._preset, processors=usable_processors(), listener=self._ended)
        return self._results.get(nodeid) or self._unanswered(nodeid)

    def note(self, result: ProbeResult) -> None:
        """Keep why a test was skipped or failed, whoever decided so; an answer stays."""
        self._results.setdefault(result.nodeid, result)

    def results(self) -> tuple[ProbeResult, ...]:
        """Every probe that was selected, and what an earlier session was answered beside them."""
        selected = {nodeid: self._results.get(nodeid) or self._unanswered(nodeid) for nodeid in self._cases}
        return tuple((self._results | selected).values())

    def _ended(self, case: ProbeCase, outcome: ProbeOutcome) -> None:
        nodeid = self._nodeids[case]
        result = probe_result(nodeid, case, outcome, occasion=self._created)
        self._results[nodeid] = result
        if result.status == "answered":
            self._keep(result)
        if self._listener is not None:
            self._listener(case, outcome)

    def _unanswered(self, nodeid: str) -> ProbeResult:
        return probe_result(nodeid, self._cases[nodeid], ProbeOutcome("skipped", reason=NOT_ASKED), occasion="")


def probe_result(nodeid: str, case: ProbeCase, outcome: ProbeOutcome, *, occasion: str) -> ProbeResult:
    """The saved form of what became of a probe."""
    answer = outcome.answer
    identity = {
        "id": case.id,
        "nodeid": nodeid,
        "family": case.family,
        "framework": case.framework,
        "ecosystem": FRAMEWORKS[case.framework].ecosystem,
        "device": case.device,
        "subject": case.subject,
        "target": case.target,
    }
    if answer is None:
        return ProbeResult(**identity, status=outcome.status, reason=writable(outcome.reason) or NO_REASON)  # type: ignore[arg-type]
    return ProbeResult(
        **identity,  # type: ignore[arg-type]
        status="answered",
        outcome=one_line(answer.outcome),
        reason=writable(answer.reason),
        seconds=answer.seconds,
        observations=dict(answer.observations),
        measurements=tuple(Measurement.of(find_metric(name), values) for name, values in answer.measurements.items()),
        versions=answer.versions,
        occasion=occasion,
    )
