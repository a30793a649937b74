"""The probes of a session: asked once and all together, kept as they come, and not asked again where they were."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.probes.pool import Listener, ProbeOutcome
from speedscore.bench_suite.probes.probe import Answer, ProbeCase
from speedscore.bench_suite.session.probing import NOT_ASKED, SessionProbes, probe_result
from speedscore.bench_suite.session.saving.journal import Journal, load_journal
from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_file import load_run
from tests.bench_suite.sample_session import Matrix
from tests.sample_runs import a_run

CASES = {f"test_import[{name}-cpu]": ProbeCase("import", name) for name in ("jax", "torch", "haiku")}
FIRST, SECOND, THIRD = CASES
ANSWER = ProbeOutcome("answered", Answer("imported", (0.5,), {"jax": "1"}, measurements={"import_seconds": [0.5]}))


class MadeUp:
    """A session's probes with an ``ask_all`` that answers what it is told to, and then raises what it is told to."""

    def __init__(
        self,
        *outcomes: ProbeOutcome,
        earlier: Sequence[ProbeResult] = (),
        then: type[BaseException] | None = None,
    ) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.kept: list[str] = []
        self._outcomes = outcomes
        self._then = then
        self.probes = SessionProbes(
            CASES, preset="smoke", created="now", earlier=earlier, keep=self._keep, ask=self._ask
        )

    def _keep(self, result: ProbeResult) -> None:
        self.kept.append(result.nodeid)

    def _ask(self, cases: Sequence[ProbeCase], *, listener: Listener, **_: Any) -> None:
        self.asked.append(tuple(case.framework for case in cases))
        for case, outcome in zip(cases, self._outcomes, strict=False):
            listener(case, outcome)
        if self._then is not None:
            raise self._then


def test_all_are_asked_when_the_first_is_and_each_keeps_its_answer() -> None:
    made_up = MadeUp(ANSWER, ProbeOutcome("skipped", reason="no"), ProbeOutcome("failed", reason="broken"))
    statuses = [made_up.probes.result(nodeid).status for nodeid in CASES]
    assert statuses == ["answered", "skipped", "failed"]
    assert made_up.asked == [("jax", "torch", "haiku")]
    assert made_up.kept == [FIRST], "only an answer is kept: the others are asked again"
    assert [result.status for result in made_up.probes.results()] == statuses


def test_what_an_earlier_session_was_answered_is_not_asked_again() -> None:
    before = [
        probe_result(FIRST, CASES[FIRST], ANSWER, occasion="then"),
        probe_result(SECOND, CASES[SECOND], ProbeOutcome("failed", reason="broken"), occasion="then"),
        probe_result("another[x]", ProbeCase("import", "equinox"), ANSWER, occasion="then"),
    ]
    made_up = MadeUp(ANSWER, ANSWER, earlier=before)
    assert [made_up.probes.result(nodeid).occasion for nodeid in CASES] == ["then", "now", "now"]
    assert made_up.asked == [("torch", "haiku")]
    assert {result.nodeid for result in made_up.probes.results()} == {*CASES, "another[x]"}


@pytest.mark.parametrize("status", ["answered", "failed"])
def test_the_words_of_a_framework_can_be_saved_whatever_they_hold(status: str) -> None:
    words = "no /data/b\udcfcro"
    answer = Answer("imported", (0.5,), {"jax": "1"}, reason=words)
    outcome = ProbeOutcome("answered", answer) if status == "answered" else ProbeOutcome("failed", reason=words)
    result = probe_result(FIRST, CASES[FIRST], outcome, occasion="now")
    assert (result.status, result.reason) == (status, r"no /data/b\udcfcro")
    assert msgspec.json.decode(msgspec.json.encode(result), type=ProbeResult) == result


def test_an_interrupt_costs_no_answer_and_what_was_not_asked_says_so() -> None:
    made_up = MadeUp(ANSWER, then=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        made_up.probes.result(FIRST)
    results = {result.nodeid: result for result in made_up.probes.results()}
    assert results[FIRST].outcome == "imported"
    assert (results[SECOND].status, results[SECOND].reason) == ("skipped", NOT_ASKED)
    assert made_up.probes.result(SECOND).status == "skipped"
    assert len(made_up.asked) == 1, "a session that was ended asks no more"


def test_answers_stand_in_the_journal_with_those_of_an_earlier_session(tmp_path: Path) -> None:
    first, second = (probe_result(nodeid, CASES[nodeid], ANSWER, occasion="then") for nodeid in (FIRST, SECOND))
    before = a_run(probes=(first,))
    journal = Journal(tmp_path)
    journal.keep_probe(second, session=lambda: before)
    path = journal.path
    journal.close()
    assert path is not None
    assert load_journal(path).run.probes == (first, second)


def test_a_whole_session_asks_and_saves(matrix: Matrix) -> None:
    matrix.make("production", sample="healthy")
    selected = ("-k", "test_import", "--benchmark-json=run.json")
    result = matrix.run(*selected)
    result.assert_outcomes(passed=1, deselected=result.parseoutcomes().get("deselected", 0))
    (probe,) = load_run(matrix.folder / "run.json").probes
    assert (probe.id, probe.framework, probe.ecosystem, probe.outcome) == ("sample-cpu", "sample", "sample", "imported")
    assert len(probe.seconds) == 3
    result.stdout.fnmatch_lines(["*speedscore: asked*", "import*s"])
    again = matrix.run(*selected, "--resume=run.json")
    (taken_up,) = load_run(matrix.folder / "run.json").probes
    assert taken_up == probe, "it was not asked again"
    again.assert_outcomes(passed=1, deselected=result.parseoutcomes().get("deselected", 0))
