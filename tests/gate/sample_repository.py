"""Small git repositories with benchmarks whose clock counts work and not time, and gates that are run in them.

A gate here is a process of its own, as its users start it. Whatever it is asked, and however it ends, ``run`` and
``Begun.end`` see to it that neither a process nor a worktree nor a temporary file of it is left.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.git import GIT_ENVIRONMENT, git
from tests.waiting import LIMIT_SECONDS, wait_until

SAMPLES = Path(__file__).parent / "samples"
"""What is gated: modules that a repository is given under names of its own."""


def sample(name: str, *, on_head: bool = False) -> str:
    """The text of a sample, as it is on base or on head."""
    text = (SAMPLES / name).read_text()
    return replaced(text, "ON_HEAD = False", "ON_HEAD = True") if on_head else text


def replaced(text: str, old: str, new: str) -> str:
    """The text with one thing changed, which must be there."""
    assert old in text, f"expected {old!r} in the sample"
    return text.replace(old, new)


QUICK = """
[tool.speedscore.gate]
pair_seconds = 0.01
false_alarm = "49%"
miss = "49%"
memory_detect = "60%"
memory_margin = "30%"
"""
"""Few pairs decide, and what a process's memory does by itself does not matter."""

AT_A_GLANCE = f"{QUICK}seconds = 0.01\n"
"""One pair after the pilot, and no answer about time: for what is known without one."""

ENVIRONMENT = {
    # Plugins that the suite's own environment has and that a side would spend most of its time on.
    "PYTEST_ADDOPTS": "-p no:hypothesispytest -p no:jaxtyping -p no:rerunfailures",
    "COLUMNS": "80",
    **GIT_ENVIRONMENT,
}


class Ran:
    """A gate that has ended."""

    def __init__(self, code: int, printed: str, report: dict[str, Any], markdown: str) -> None:
        self.code = code
        self.printed = printed
        self.report = report
        self.markdown = markdown

    @property
    def lines(self) -> list[str]:
        return self.printed.splitlines()

    @property
    def said(self) -> str:
        """What was printed in one line: lines are wrapped where they are."""
        return " ".join(self.printed.split())

    def verdicts(self, metric: str = "time") -> dict[str, dict[str, Any]]:
        """By the test's name, without its file."""
        verdicts = [verdict for verdict in self.report["verdicts"] if verdict["metric"] == metric]
        return {verdict["case"].partition("::")[2]: verdict for verdict in verdicts}

    def outcomes(self, metric: str = "time") -> dict[str, str]:
        return {name: verdict["outcome"] for name, verdict in self.verdicts(metric).items()}


class Begun:
    """A gate that is running."""

    def __init__(self, repository: Repository, process: subprocess.Popen[str]) -> None:
        self._repository = repository
        self._process = process

    @property
    def sides(self) -> list[psutil.Process]:
        return self._repository.processes(beside=self._process.pid)

    def await_file(self, name: str, *, count: int = 1) -> None:
        """Wait until the tests have written so many files of that name, with whatever ending."""
        wait_until(lambda: len(list(self._repository.scratch.glob(f"{name}*"))) >= count, f"{name} was not written")
        for path in self._repository.scratch.glob(f"{name}*"):
            path.unlink()

    def await_sides(self, count: int) -> None:
        """One that has just been started, or is about to end, may be missed by a look or counted by it."""
        wait_until(lambda: len(self.sides) == count, f"there were not {count} sides")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self, number: signal.Signals) -> Ran:
        """Send a signal, wait, and see that no process is left."""
        self.send(number)
        return self.ended(clean=number != signal.SIGKILL)

    def ended(self, *, clean: bool = True) -> Ran:
        printed, _ = self._process.communicate(timeout=LIMIT_SECONDS)
        return self._repository.ended(self._process.returncode, printed, clean=clean)


class Repository:
    """A folder with benchmarks, and a place for all that its gates make."""

    def __init__(self, folder: Path, *, settings: str = QUICK) -> None:
        self.folder = folder
        self.scratch = folder.parent / f"{folder.name}-scratch"
        self._reports = folder.parent / f"{folder.name}-reports"
        self.folder.mkdir()
        self.scratch.mkdir()
        self._reports.mkdir()
        self.write({"pyproject.toml": settings, "made_up_clock.py": sample("made_up_clock.py")})

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, files: Mapping[str, str]) -> None:
        """Write the files and commit all there is. Makes the repository where there is none."""
        self.write(files)
        if not (self.folder / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main")
            self.write({".gitignore": "__pycache__/\n.pytest_cache/\n"})
        self.git("add", ".")
        self.git("commit", "--quiet", "--message=more")

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments)

    def environment(self, **variables: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
        return inherited | ENVIRONMENT | {"TMPDIR": str(self.scratch)} | variables

    def run(self, *options: str, folder: Path | None = None, python: str = sys.executable, **variables: str) -> Ran:
        """Run a gate to its end."""
        process = self._start(options, folder=folder, python=python, variables=variables)
        try:
            printed, _ = process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.terminate()
            raise AssertionError(f"the gate did not end:\n{process.communicate()[0]}") from None
        return self.ended(process.returncode, printed)

    def begin(self, *options: str, **variables: str) -> Begun:
        return Begun(self, self._start(options, folder=None, python=sys.executable, variables=variables))

    def ended(self, code: int, printed: str, *, clean: bool = True) -> Ran:
        wait_until(lambda: not self.processes(), "a process is left")
        if clean:
            assert list(self.scratch.glob("speedscore-*")) == []
            if (self.folder / ".git").exists():
                assert len(self.git("worktree", "list").splitlines()) == 1
        path, markdown = self._reports / "gate.json", self._reports / "gate.md"
        return Ran(
            code,
            printed,
            report=json.loads(path.read_text()) if path.exists() else {},
            markdown=markdown.read_text() if markdown.exists() else "",
        )

    def processes(self, *, beside: int = 0) -> list[psutil.Process]:
        """All that work in this repository or in a base of it."""
        return [process for process in psutil.process_iter() if process.pid != beside and self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        ours = (str(self.folder), str(self.scratch))
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            places = [process.cwd(), *process.cmdline()]
        except psutil.Error:
            return False
        return process.pid != os.getpid() and any(place.rpartition("=")[2].startswith(ours) for place in places)

    def _start(
        self, options: tuple[str, ...], *, folder: Path | None, python: str, variables: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        for name in ("gate.json", "gate.md"):
            (self._reports / name).unlink(missing_ok=True)
        reports = [f"--gate-json={self._reports / 'gate.json'}", f"--gate-markdown={self._reports / 'gate.md'}"]
        return subprocess.Popen(
            [python, "-m", "pytest", "--benchmark-only", "--gate-why=no", *reports, *options],
            cwd=folder or self.folder,
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
