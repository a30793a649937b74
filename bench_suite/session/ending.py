"""The end of a session: the run is saved, other plugins are told of it, and missing devices become an exit code.

It says in which order this happens around pytest's and pytest-benchmark's own hooks; how files are written is in
``saving``.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from speedscore.bench_suite.session.saving import RunFiles
from speedscore.bench_suite.session.stash import SESSION
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import CaseResult


class SessionEnd:
    """Registered by the plugin in such an order that it wraps pytest-benchmark's own saving.

    An error while saving must cost neither the summary of the tests nor an older run: it is caught here, said in one
    line, and becomes the exit code.
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
        run = bench_session.record()
        result, run_path = yield from self._save(session)
        self._config.hook.pytest_speedscore_run(
            config=self._config, run=run, run_path=str(run_path) if run_path else None
        )
        self._require_devices(session, cases=run.cases)
        return result

    def _save(self, session: pytest.Session) -> Generator[None, object, tuple[object, Path | None]]:
        """Lets pytest-benchmark save, and saves where it does not; an error costs the new file alone."""
        result: object = None
        files: RunFiles | None = None
        try:
            files = RunFiles(self._config)
            result = yield
            run_path = files.keep() or files.save()
        except BaseException as error:
            if files is not None:
                files.discard()
            if not isinstance(error, OSError | RunFileError):
                raise
            self._lines.append(f"speedscore: the run was not saved: {error}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            return result, None
        if run_path is not None:
            self._lines.append(f"speedscore: the run is saved in {run_path}")
        return result, run_path

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self._lines:
            terminalreporter.write_line(line)

    def _require_devices(self, session: pytest.Session, *, cases: Sequence[CaseResult]) -> None:
        if self._config.option.collectonly:
            return
        for device in dict.fromkeys(self._config.getoption("require_device")):
            asked = [case for case in cases if case.device == device]
            missing = [case for case in asked if case.status != "measured"]
            if asked and not missing:
                continue
            what = f"{len(missing)} of {len(asked)} cases were not measured" if asked else "no case was selected"
            self._lines.append(f"speedscore: --require-device {device}: {what}")
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
