"""Gates of upgrades as a black box: published regressions of JAX between two releases, and controls of equal versions.

Whether a regression is there on this machine at all is found out first, without the gate: fresh processes of the two
versions in turn, the fastest of many calls in each. It only counts and prints:

    python -m tests.performance.upgrade_trials --environment FOLDER --out trials.jsonl
    python -m tests.performance.upgrade_trials --table tests/performance/results/upgrade_trials.jsonl

FOLDER is a virtual environment with pip, pytest and this checkout installed, and without JAX; the versions are put
before it as the gate itself does it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from tabulate import tabulate

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.interpreters import environment_of
from speedscore.gate.upgrades.upgrading import upgrade
from tests.performance.trials import commit_of_code, gated, keep, now, read_lines
from tests.performance.upgrade_regressions import CONTROLS, PUBLISHED

REPRODUCED_FROM = 1.1
"""A ratio by hand from which a regression counts as one that there is on this machine."""
_PROCESSES = 3
_SETTINGS = '[tool.speedscore.gate]\ndetect = "10%"\nseconds = 60\npair_seconds = 0.3\n'
_BY_HAND = """
import sys, time
sys.path.insert(0, {folder!r})
import {module} as module


class Benchmark:
    def __call__(self, function):
        self.pedantic(function)

    def pedantic(self, function, setup=None, rounds=1):
        fastest, began = float("inf"), time.perf_counter()
        for number in range(200):
            if setup:
                setup()
            started = time.perf_counter()
            function()
            fastest = min(fastest, time.perf_counter() - started)
            if number >= 2 and time.perf_counter() - began > 0.7:
                break
        print(fastest)


for name in dir(module):
    if name.startswith("test_"):
        getattr(module, name)(Benchmark())
"""


class Trial(msgspec.Struct, frozen=True):
    """What came of one upgrade."""

    name: str
    source: str
    """Empty for a control."""
    base: str
    head: str
    said: str
    expected_stage: str
    by_hand: float
    """Seconds of head over those of base, without the gate."""
    exit_code: int
    outcome: str
    ratio: float | None
    low: float | None
    high: float | None
    stage: str
    """The one that the gate names; empty without a regression."""
    packages: str
    hlo: str
    pairs: int
    seconds: float
    commit: str
    date: str
    processor: str

    @property
    def is_control(self) -> bool:
        return not self.source

    @property
    def is_there(self) -> bool:
        """Whether the regression is there on this machine."""
        return self.by_hand >= REPRODUCED_FROM

    @property
    def is_found(self) -> bool:
        return self.outcome == "regressed"

    @property
    def is_right(self) -> bool:
        return self.is_found and self.stage == self.expected_stage


def run_trials(names: Sequence[str], *, base: str, head: str, environment: Path) -> list[Trial]:
    """Make the environment with base, and gate its upgrade to head with these benchmarks; jaxlib has JAX's version.

    Benchmarks of the same two versions share the pairs of processes, as in a repository that has them all.
    """
    interpreters = {version: _interpreter(environment, version) for version in dict.fromkeys((base, head))}
    with tempfile.TemporaryDirectory(prefix="upgrade trial ") as folder:
        repository = Path(folder)
        (repository / "pyproject.toml").write_text(_SETTINGS)
        for number, name in enumerate(names):
            (repository / f"test_published_{number}.py").write_text(PUBLISHED[name].text)
        by_hand = [_by_hand(interpreters[base], interpreters[head], repository, number) for number in range(len(names))]
        ran = gated(
            repository,
            f"--gate-upgrade=jax=={head}",
            f"--gate-upgrade=jaxlib=={head}",
            "--gate-why=no",
            environment=_variables(),
            program=(interpreters[base], "-m", "pytest"),
            base=("--benchmark-only", "-p", "no:cacheprovider"),
        )
    seconds = ran.seconds / len(names)
    return [
        _trial(name, ran.report, number, by_hand=by_hand[number], seconds=seconds, base=base, head=head)
        for number, name in enumerate(names)
    ]


def _trial(
    name: str, told: dict[str, Any], number: int, *, by_hand: float, seconds: float, base: str, head: str
) -> Trial:
    module = f"test_published_{number}.py"
    times = [each for each in told["verdicts"] if each["metric"] == "time" and each["case"].startswith(module)]
    published = PUBLISHED[name] if base != head else None
    verdict = times[0] if times else {"outcome": told["headline"]}
    notes = [note for note in verdict.get("notes", ()) if note.startswith(("slower in ", "faster in "))]
    programs = (told.get("upgrade") or {}).get("programs", {})
    found = [change for case, change in programs.items() if case.startswith(module)]
    operations = [f"{o['operation']} {o['base']} -> {o['head']}" for each in found for o in each["operations"]]
    before, after = told["base"].get("packages", {}), told["head"].get("packages", {})
    return Trial(
        name=name,
        source=published.source if published else "",
        base=base,
        head=head,
        said=published.said if published else "",
        expected_stage=published.stage if published else "",
        by_hand=by_hand,
        exit_code=told["exit_code"],
        outcome=verdict["outcome"],
        ratio=verdict.get("ratio"),
        low=verdict.get("low"),
        high=verdict.get("high"),
        stage=notes[0].partition(" in ")[2].partition(":")[0] if notes else "",
        packages=", ".join(f"{each} {before.get(each)} -> {after.get(each)}" for each in sorted(before | after)),
        hlo=", ".join(operations[:6]),
        pairs=told["pairs"],
        seconds=seconds,
        commit=commit_of_code(),
        date=now(),
        processor=str(told.get("environment", {}).get("cpu.model", "")),
    )


def _interpreter(environment: Path, version: str) -> str:
    present = environment_of(str(environment / "bin" / "python"))
    requests = [f"jax=={version}", f"jaxlib=={version}"]
    made = upgrade(requests, present, checkout=environment, say=print, deadline=GateDeadline())
    return made.head.python


def _by_hand(base: str, head: str, repository: Path, number: int) -> float:
    """Fresh processes in turn; the ratio of the medians of the fastest calls."""
    text = _BY_HAND.format(folder=str(repository), module=f"test_published_{number}")
    seconds: dict[str, list[float]] = {"base": [], "head": []}
    for _ in range(_PROCESSES):
        for label, python in (("base", base), ("head", head)):
            done = subprocess.run(
                [python, "-P", "-c", text], env=_variables(), capture_output=True, text=True, check=True
            )
            seconds[label].append(float(done.stdout.split()[-1]))
    return median(seconds["head"]) / median(seconds["base"])


def _variables() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PIP_CONSTRAINT")}
    return kept | {"JAX_PLATFORMS": "cpu", "PYTHONDONTWRITEBYTECODE": "1"}


def tally(trials: Iterable[Trial]) -> str:
    """A line for each published regression, and a sentence on the controls."""
    all_trials = list(trials)
    published = [trial for trial in all_trials if not trial.is_control]
    controls = [trial for trial in all_trials if trial.is_control]
    rows = [
        (
            f"[{trial.name.rpartition('-')[0]}]({trial.source})",
            f"{trial.base} → {trial.head}",
            trial.said,
            f"×{trial.by_hand:.2f}",
            trial.outcome if trial.ratio is None else f"{trial.outcome} ×{trial.ratio:.2f}",
            trial.stage,
            f"{trial.seconds:.0f}",
        )
        for trial in sorted(published, key=lambda trial: (not trial.is_there, trial.name))
    ]
    headers = ("benchmark", "JAX", "reported", "by hand here", "the gate says", "in", "s")
    there = [trial for trial in published if trial.is_there]
    found, right = sum(trial.is_found for trial in there), sum(trial.is_right for trial in there)
    told = [
        f"{len(there)} of {len(published)} are there on this machine (×{REPRODUCED_FROM:g} or more by hand); of those "
        f"{found} were found, {right} with the stage that was reported."
    ]
    if controls:
        alarms = sum(trial.is_found for trial in controls)
        each = ", ".join(f"{trial.name.rpartition('-')[0]} {trial.base}: {trial.outcome}" for trial in controls)
        told.append(f"Controls, the same versions on both sides: {alarms} alarms in {len(controls)} ({each}).")
    return f"{tabulate(rows, headers=headers, tablefmt='github')}\n\n{' '.join(told)}"


def groups(only: str | None = None) -> dict[tuple[str, str], list[str]]:
    """Names of benchmarks by the two versions: the published regressions, then the controls."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, what in PUBLISHED.items():
        found.setdefault((what.base, what.head), []).append(name)
    for version, names in CONTROLS.items():
        found[version, version] = list(names)
    return {key: names for key, names in found.items() if only in (None, "-".join(key))}


def load(path: Path) -> list[Trial]:
    return read_lines(path, Trial)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path)
    parser.add_argument("--only", help="two versions of JAX as 0.4.31-0.5.0; of a control one of them twice")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    if options.table:
        print(tally(load(options.table)))
        return
    for (base, head), names in groups(options.only).items():
        try:
            trials = run_trials(names, base=base, head=head, environment=options.environment)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(f"{base} -> {head}: {error}\n{getattr(error, 'stderr', '')}", file=sys.stderr)
            continue
        for trial in trials:
            print(
                f"{trial.name} {base} -> {head}: by hand {trial.by_hand:.2f}; "
                f"{trial.outcome} {trial.ratio} {trial.stage}"
            )
            if options.out:
                keep(trial, options.out)


if __name__ == "__main__":
    main()
