"""Whole sessions for the tests: a folder with the matrix's benchmarks in it, and the sample framework in the table."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from speedscore import bench_suite
from speedscore.bench_suite.workloads.presets import Gauging, Preset, WarmUp
from tests.bench_suite.sample_framework.tables import SampleTables
from tests.places import HELPERS

SOURCES = Path(bench_suite.__file__).parent

QUICK = Preset(
    "smoke",
    rounds_seconds=0.3,
    round_seconds=0.001,
    limit_seconds=600.0,
    warm_up=WarmUp(limit_seconds=0.1, chunk_seconds=0.001),
    gauging=Gauging(gemm_size=64, gemm_seconds=0.001, call_samples=3, call_sample_seconds=0.0001),
    busy_look_seconds=0.01,
    audited=False,
)
"""As short as a session can be that still does all that a session does, but for certifying its rounds."""

CONFTEST = """
import sys
sys.path.insert(0, {helpers!r})
from sample_framework.tables import set_up

set_up({document!r})
pytest_plugins = {plugins!r}
"""

REFUSED = ("the steps cannot have done their work", "its clock is wrong")
"""End the reasons of cases whose figures cannot be true, or seem so where others took the processors meanwhile."""

MEASURING = "speedscore.bench_suite.plugin"
ONE_PROCESS = "--processes=1"
WITHOUT_SCORES = ("-p", "no:speedscore.scoring.plugin")


def is_refused(said: str) -> bool:
    """Whether a session says so of one of its cases."""
    return any(words in " ".join(said.split()) for words in REFUSED)


class Matrix:
    """A small matrix, and the sessions that measure it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.folder = pytester.path

    def make(
        self, *phases: str, conftest: str = "", plugins: Iterable[str] = (), preset: Preset = QUICK, **variants: str
    ) -> None:
        """The benchmarks of ``phases`` for frameworks that are the sample under other names, with the perceptron alone.

        Without any, the matrix keeps the frameworks and models that it has. ``plugins`` are modules of the sample
        framework's folder; ``conftest`` is a line or two for what no other test needs.
        """
        document = msgspec.json.encode(SampleTables(preset=preset, variants=variants)).decode()
        loaded = [MEASURING, *(f"sample_framework.{name}" for name in plugins)]
        text = CONFTEST.format(helpers=str(HELPERS), document=document, plugins=loaded)
        self.pytester.makeconftest(text + conftest)
        for phase in phases:
            shutil.copy(SOURCES / f"test_{phase}.py", self.folder)

    def run(self, *arguments: str) -> pytest.RunResult:
        """A whole session, in one process for each cell unless ``arguments`` ask for more."""
        return self.pytester.runpytest_subprocess(
            "--benchmark-only", "--benchmark-quiet", ONE_PROCESS, *WITHOUT_SCORES, *arguments
        )

    def configure(self, *arguments: str, **hooks: Callable[[], object]) -> pytest.Config:
        """A session that was told its options and collects nothing, in this process: what is refused, is raised here.

        ``hooks`` are what another package answers to. The folder's conftest is for another process, and not loaded.
        """
        others = type("Others", (), {name: staticmethod(hook) for name, hook in hooks.items()})
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(self.pytester, "plugins", [others()])
            return self.pytester.parseconfigure("--noconftest", "-p", MEASURING, *WITHOUT_SCORES, *arguments)
