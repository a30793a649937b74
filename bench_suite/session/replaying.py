"""The test of one case: its measured rounds are replayed to pytest-benchmark, what went wrong becomes its report.

The rounds were measured before, together with the case's block: no test times anything itself.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Literal

import pytest

from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.measuring.outcomes import CaseFailed, CaseMeasured, CaseUnavailable
from speedscore.bench_suite.probes.pool import ProbeOutcome
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.session.probing import probe_result
from speedscore.bench_suite.session.results import unmeasured
from speedscore.bench_suite.session.session import Session
from speedscore.bench_suite.session.stash import SESSION
from speedscore.bench_suite.session.virtual_clock import VirtualClock
from speedscore.host.fields import Scalar
from speedscore.record.run_record import CaseResult
from speedscore.text.cleaning import one_line, printable

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture


def replay_case(case: Case, *, item: pytest.Item, clock: VirtualClock, benchmark: BenchmarkFixture) -> None:
    """Measure the case with its block, then play its rounds back. Skips or fails the test where there are none."""
    session = item.config.stash[SESSION]
    result = session.carried_over(item.nodeid) or _from_fleet(session, case, item) or _measure(session, case, item)
    benchmark.extra_info.update(_extra_info(result))
    benchmark.pedantic(clock.player(result.rounds_seconds), rounds=len(result.rounds), iterations=1)
    session.note(result)


def _from_fleet(session: Session, case: Case, item: pytest.Item) -> CaseResult | None:
    known = session.from_fleet(item.nodeid)
    if known is None:
        return None
    result = known.result
    if result.status != "measured" or known.problem:
        # It names its machine, and a figure of too few processes stays; the test says what is missing.
        session.note(result)
    if result.status == "skipped":
        pytest.skip(one_line(result.reason))
    if result.status == "failed" or known.problem:
        where = f" on {result.machine}" if result.machine else ""
        again = _run_alone(session, item, machine=result.machine)
        pytest.fail(printable(f"{case.id}{where}: {known.problem or result.reason}\n{again}"), pytrace=False)
    return result


def _measure(session: Session, case: Case, item: pytest.Item) -> CaseResult:
    if absence := session.absence(case):
        pytest.skip(absence)
    match outcome := session.outcome(case):
        case CaseMeasured():
            return session.measured(item.nodeid, case, outcome)
        case CaseUnavailable(reason):
            pytest.skip(reason)
        case CaseFailed(error) if session.choices.in_process:
            raise error
        case CaseFailed(error):
            # The reason alone; how to run the case again is for whoever reads the terminal.
            session.note(unmeasured(item.nodeid, case, status="failed", reason=str(error)))
            pytest.fail(f"{case.id}: {error}\n{_run_alone(session, item)}", pytrace=False)


def replay_probe(probe: ProbeCase, *, item: pytest.Item, clock: VirtualClock, benchmark: BenchmarkFixture) -> None:
    """Ask the probe with all others, then play its seconds back. Skips or fails the test where there is no answer."""
    result = item.config.stash[SESSION].probes.result(item.nodeid)
    if result.status == "skipped":
        pytest.skip(result.reason)
    if result.status == "failed":
        pytest.fail(f"{probe.id}: {result.reason}", pytrace=False)
    benchmark.extra_info.update(
        {
            "outcome": result.outcome,
            **{measurement.name: measurement.samples[0] for measurement in result.measurements},
            **result.observations,
        }
    )
    benchmark.pedantic(clock.player(result.seconds), rounds=len(result.seconds), iterations=1)


def note_probe_report(session: Session, probe: ProbeCase, report: pytest.TestReport) -> None:
    """Keep why the test of a probe was skipped or failed, whoever decided so."""
    status, reason = _verdict(report)
    session.probes.note(probe_result(report.nodeid, probe, ProbeOutcome(status, reason=reason), occasion=""))


def note_report(session: Session, case: Case, report: pytest.TestReport) -> None:
    """Keep why a test was skipped or failed, whoever decided so."""
    status, reason = _verdict(report)
    session.note(unmeasured(report.nodeid, case, status=status, reason=reason))


def _verdict(report: pytest.TestReport) -> tuple[Literal["skipped", "failed"], str]:
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return "skipped", reason.removeprefix("Skipped: ")
    return "failed", report.longreprtext.strip()


def _run_alone(session: Session, item: pytest.Item, *, machine: str = "") -> str:
    """``machine`` is that of a fleet on which it failed; empty where none had it, or there is no fleet."""
    fleet = _fleet_words(item.config)
    how = "to run it alone (add --in-process --pdb for a debugger)"
    if fleet:
        where = machine or "a machine of its kind"
        how = f"to run it alone on the fleet (on {where} itself, without --fleet, for a debugger)"
    words = ("python", "-m", "pytest", "--benchmark-only", "--preset", session.choices.preset.name, *fleet, item.nodeid)
    return f"{how}:\n  cd {shlex.quote(str(item.config.rootpath))} && {shlex.join(words)}"


def _fleet_words(config: pytest.Config) -> list[str]:
    """The options that say on which machines a case is measured, as they were given."""
    address = config.getoption("fleet")
    if address is None:
        return []
    words = ["--fleet", address]
    for option in ("--fleet-only", "--fleet-allow"):
        words += [word for value in config.getoption(option) for word in (option, value)]
    return [*words, "--fleet-packages"] if config.getoption("fleet_packages") else words


def _extra_info(result: CaseResult) -> dict[str, Scalar]:
    """What readers of pytest-benchmark's own files find beside the rounds."""
    certificate = result.certificate
    return {
        "metric": result.metric.name,
        "steps_per_round": result.steps_per_round,
        "stopped": result.stopped,
        # The file's own machine_info is of the machine that led.
        **({"machine": result.machine} if result.machine else {}),
        **{measurement.name: measurement.samples[0] for measurement in result.measurements},
        **({f"certificate.{check.quantity}": check.error for check in certificate.checks} if certificate else {}),
        **{f"workload.{name}": value for name, value in result.workload.items()},
        **{f"program.{name}": value for name, value in result.program.fields().items()},
        **{f"worker.{name}": value for name, value in result.worker.fields().items()},
    }
