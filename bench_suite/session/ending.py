"""The end of a session: the run is saved, other plugins are told of it, and missing devices become an exit code.

It says in which order this happens around pytest's and pytest-benchmark's own hooks; how the run is saved is in
``saving``. What interrupts the session meanwhile waits until that is done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from speedscore.bench_suite.session.requiring import unmet
from speedscore.bench_suite.session.saving.journal import is_journal
from speedscore.bench_suite.session.saving.resuming import option, take_up
from speedscore.bench_suite.session.saving.shielding import shielded
from speedscore.bench_suite.session.stash import FILES, JOURNAL, SESSION
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.text.cleaning import one_line

NOTHING_MEASURED = "speedscore: the session ended before anything was measured; nothing was saved"


class SessionEnd:
    """Registered by the plugin in such an order that it goes before pytest-benchmark's own saving, and in its place.

    An error while saving must cost neither the summary of the tests nor an older run: it is said in one line, and
    becomes the exit code.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._lines: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        bench_session = self._config.stash.get(SESSION, None)
        if bench_session is None:
            result = yield
            self._require_devices(session, cases=())
            return result
        bench_session.end()
        run = bench_session.record()
        run_path = self._save(session, run)
        if bench_session.profiles is not None:
            self._lines += [f"speedscore: {line}" for line in bench_session.profiles.lines(run.cases)]
        result = yield
        self._config.hook.pytest_speedscore_run(
            config=self._config, run=run, run_path=str(run_path) if run_path else None
        )
        self._require_devices(session, cases=run.cases)
        return result

    def _save(self, session: pytest.Session, run: RunRecord) -> Path | None:
        """Saves the run where there is one; returns where it is."""
        files, journal = self._config.stash[FILES], self._config.stash[JOURNAL]
        is_empty = not any(case.rounds for case in run.cases) and not any(probe.outcome for probe in run.probes)
        if session.exitstatus == pytest.ExitCode.INTERRUPTED and is_empty:
            files.leave_alone()
            self._lines.append(NOTHING_MEASURED)
            return None
        with shielded() as signals_came:
            saved = files.save(run)
            if saved.path is not None:
                journal.remove()
                self._remove_what_was_taken_up(run)
        self._lines += saved.lines
        cut_off = sum(case.stopped == "interrupted" for case in run.cases)
        if cut_off and saved.path is not None:
            self._lines.append(
                f"speedscore: {cut_off} of {len(run.cases)} cases were interrupted, and have fewer rounds or processes "
                f"than were asked for: {option(saved.path)} measures them again"
            )
        if saved.path is None and journal.path is not None:
            part = f"a part of what was measured ({journal.problem})" if journal.problem else "what was measured"
            self._lines.append(f"speedscore: {part} stands in {journal.path}: {take_up(journal.path)}")
        if saved.problems:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if signals_came:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        return saved.path

    def _remove_what_was_taken_up(self, run: RunRecord) -> None:
        """The journal of an earlier session, once all of it stands in this run, measured then or now."""
        choices = self._config.stash[SESSION].choices
        if choices.earlier is None or choices.earlier_path is None or not is_journal(choices.earlier_path):
            return
        if _known(run) >= _known(choices.earlier) | choices.earlier_left_out.keys():
            with contextlib.suppress(OSError):
                choices.earlier_path.unlink()

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self._lines:
            terminalreporter.write_line(one_line(line))

    def _require_devices(self, session: pytest.Session, *, cases: Sequence[CaseResult]) -> None:
        if self._config.option.collectonly:
            return
        for device in dict.fromkeys(self._config.getoption("require_device")):
            lacks = unmet(device, cases)
            if not lacks:
                continue
            self._lines.append(f"speedscore: --require-device {device}: {lacks}")
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _known(run: RunRecord) -> set[str]:
    """The node ids of what was measured or answered."""
    measured = {case.nodeid for case in run.cases if case.status == "measured"}
    return measured | {probe.nodeid for probe in run.probes if probe.status == "answered"}
