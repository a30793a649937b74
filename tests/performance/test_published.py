"""No straw men: each of our implementations against its framework's own published model, two processes taking turns.

Prints a row for each comparison and keeps all rows in ``.benchmarks/published.json``, from which a page of the
documentation can be made. It asserts that both sides train, and that they are of one size where they are meant to be.
No ratio fails it: a ratio belongs to the machine, and that of one pair of processes decides nothing.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.measuring.stopping import median_interval
from speedscore.host.processors import allowed_processors
from tests.performance.published.rows import ABSENT, ROWS, Row
from tests.performance.published.sources import find_source, missing_packages, package_folders
from tests.places import ROOT

RESULTS = ROOT / ".benchmarks" / "published.json"

ROUND_SECONDS = 0.1
"""Shortest round of the slower side."""
PAIRS_SECONDS = 5.0
FEWEST_PAIRS = 9
"""With these the interval of the median leaves out the farthest ratio on either side."""
MOST_PAIRS = 60


class Result(msgspec.Struct, frozen=True):
    """A row as it was measured."""

    framework: str
    model: str
    preset: str
    published: str
    """Package with version, or source, and class."""
    ours_ms: float
    """Median of the rounds, milliseconds a step; so is the next."""
    published_ms: float
    ratio: float
    """Ours over published: the median of the ratios of neighbouring rounds."""
    ratio_low: float
    """The 95 % interval of that median. It says nothing of how another pair of processes would differ."""
    ratio_high: float
    pairs: int
    ours_parameters: int
    published_parameters: int
    ours_loss: tuple[float, float]
    """Of the first step, and of the last one before the rounds; so is the next."""
    published_loss: tuple[float, float]
    remark: str


class Side:
    """The process of one side, stopped whenever it is not its turn."""

    def __init__(self, which: str, row: Row, folder: Path) -> None:
        self.which = which
        self._log = folder / f"{which}.log"
        extra = package_folders(row.packages) if which == "published" else []
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join((str(ROOT), *extra)),
            # Compiling in the process itself leaves no processes behind when it is killed.
            "TORCHINDUCTOR_COMPILE_THREADS": "1",
            "TMPDIR": str(folder),
        }
        command = [sys.executable, "-m", "tests.performance.published.side", which, row.id, str(folder / which)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env=environment,
            )

    def ask(self, line: str) -> str:
        """The answer to a line, after which the process is stopped: threads that wait for work may spin."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGCONT)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            said = self._log.read_text(errors="replace").strip()
            last = said.rpartition("\n")[2][-300:]
            pytest.fail(f"the process of {self.which} ended: {last}; its last lines:\n{said[-3000:]}")
        self.process.send_signal(signal.SIGSTOP)
        return answer

    def seconds(self, steps: int) -> float:
        """Seconds per step of one round."""
        return float(self.ask(str(steps)))

    def close(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def both_sides(row: Row, folder: Path) -> Iterator[tuple[Side, Side]]:
    sides: list[Side] = []
    try:
        # One by one: should the second fail to start, the first must still be closed.
        sides.append(Side("ours", row, folder))
        sides.append(Side("published", row, folder))
        yield sides[0], sides[1]
    finally:
        for side in sides:
            side.close()


def require(row: Row) -> None:
    """Skip the row, with the reason, where one of its sides cannot be had."""
    framework = FRAMEWORKS[row.framework]
    if missing := framework.missing_packages():
        pytest.skip(f"{', '.join(missing)} not installed: {framework.remedy}")
    if not framework.has_model(row.model):
        pytest.skip(f"this suite has no {row.model} in {row.framework}")
    if absent := missing_packages(row.packages, folders=package_folders(row.packages)):
        pytest.skip(f"published side: {', '.join(absent)} not installed; see tests/performance/published")
    if row.source:
        try:
            find_source(row.source)
        except FileNotFoundError as error:
            pytest.skip(f"published side: {error}")


def compare(row: Row, folder: Path) -> Result:
    with both_sides(row, folder) as (ours, published):
        # Only importing and building overlap: two pools of as many threads as processors would stand in their own way.
        facts = json.loads(ours.ask("warm up"))
        published_facts = json.loads(published.ask("warm up"))
        sides = {"ours": ours, "published": published}
        trial = max(side.seconds(1) for side in sides.values())
        steps = max(1, math.ceil(ROUND_SECONDS / trial))
        seconds: dict[str, list[float]] = {"ours": [], "published": []}
        ends = time.monotonic() + PAIRS_SECONDS
        while len(seconds["ours"]) < FEWEST_PAIRS or (len(seconds["ours"]) < MOST_PAIRS and time.monotonic() < ends):
            # Each side goes first in every other pair, so that a drift of the machine favours neither.
            for which in ("ours", "published") if len(seconds["ours"]) % 2 else ("published", "ours"):
                seconds[which].append(sides[which].seconds(steps))
    ratios = [one / other for one, other in zip(seconds["ours"], seconds["published"], strict=True)]
    interval = median_interval(ratios)
    assert interval is not None
    return Result(
        framework=row.framework,
        model=row.model,
        preset=row.preset,
        published=published_facts["origin"],
        ours_ms=1e3 * statistics.median(seconds["ours"]),
        published_ms=1e3 * statistics.median(seconds["published"]),
        ratio=statistics.median(ratios),
        ratio_low=interval[0],
        ratio_high=interval[1],
        pairs=len(ratios),
        ours_parameters=facts["parameters"],
        published_parameters=published_facts["parameters"],
        ours_loss=(facts["first_loss"], facts["later_loss"]),
        published_loss=(published_facts["first_loss"], published_facts["later_loss"]),
        remark=row.remark,
    )


def show(result: Result) -> None:
    difference = result.published_parameters / result.ours_parameters - 1
    print(
        f"\n{result.framework} {result.model} {result.preset}: ours {result.ours_ms:.3f} ms, published "
        f"{result.published_ms:.3f} ms, ratio {result.ratio:.3f} ({result.ratio_low:.3f} to {result.ratio_high:.3f}, "
        f"{result.pairs} pairs of rounds)\n"
        f"  published: {result.published}; parameters {result.ours_parameters:,} and {result.published_parameters:,} "
        f"({difference:+.2%})\n"
        f"  loss of ours {result.ours_loss[0]:.3f} → {result.ours_loss[1]:.3f}, of published "
        f"{result.published_loss[0]:.3f} → {result.published_loss[1]:.3f}; {result.remark or 'no other difference'}"
    )


def keep(row: Row, result: Result | str) -> None:
    """Put the row in the file, or the reason why it has no figures, among those of other sessions.

    A row that is measured again replaces itself.
    """
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    rows, unmeasured = kept.get("rows", {}), kept.get("unmeasured", {})
    if isinstance(result, str):
        # What was measured before stays.
        unmeasured |= {} if row.id in rows else {row.id: result}
    else:
        unmeasured.pop(row.id, None)
        rows[row.id] = msgspec.to_builtins(result) | {
            "processors": len(allowed_processors()),
            "python": platform.python_version(),
            "date": time.strftime("%Y-%m-%d"),
        }
    page = {
        "rows": {each: rows[each] for each in ROWS if each in rows},
        "unmeasured": {each: unmeasured[each] for each in ROWS if each in unmeasured},
        "absent": ABSENT,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(page, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_ours_against_the_published(row: Row, tmp_path: Path) -> None:
    try:
        require(row)
        result = compare(row, tmp_path)
    except (pytest.skip.Exception, pytest.fail.Exception) as why_not:
        keep(row, str(why_not).splitlines()[0])
        raise
    show(result)
    keep(row, result)
    if row.same_parameters:
        assert result.published_parameters == pytest.approx(result.ours_parameters, rel=0.01)
