"""``pytest --gate``: from its options to a report and an exit code.

With --gate there is no pytest session here: the sides are pytest processes of their own, and this one only waits for
them. Nothing is measured or decided in this module.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from speedscore.gate.checkouts import CheckoutError, base_tree, commits_missing_in_head, working_tree
from speedscore.gate.gate import Found, Gate, GateError
from speedscore.gate.invocation import OWN_OPTIONS, joined
from speedscore.gate.output import markdown, terminal_lines
from speedscore.gate.plan import command_for, differing_packages, make_plan
from speedscore.gate.report import SCHEMA_VERSION, GateExit, GateReport, SideReport, conclude, conclude_canary
from speedscore.host.clock import seconds as now
from speedscore.host.fingerprint import fingerprint
from speedscore.host.signals import interrupt_on
from speedscore.record.run_file import RunFileError, write_json
from speedscore.text.durations import parse_duration
from speedscore.verdicts.settings import Settings, SettingsError, fraction, read_table


class _Asked(msgspec.Struct, frozen=True):
    """The options of one gate."""

    base: str | None
    canary: float
    base_python: str
    inconclusive_passes: bool
    budget_seconds: float | None


def run_gate(config: pytest.Config) -> int:
    """Gate head against base, print and write the report. Returns the exit code."""
    began = now()
    try:
        _find_rootdir_again(config)
        config.add_cleanup(interrupt_on(signal.SIGINT, signal.SIGTERM))
        settings = Settings(read_table(config.rootpath), detect=config.getoption("speedscore_gate_detect"))
        report = _gate(config, _read(config), settings, began=began)
    except (CheckoutError, GateError, SettingsError) as error:
        report = _cannot_run(f"cannot run: {error}", config, began=began)
    except KeyboardInterrupt:
        report = _cannot_run("cannot run: interrupted before it began", config, began=began)
    _say(terminal_lines(report))
    return report.exit_code if _write(report, config) else GateExit.CANNOT_RUN


def _find_rootdir_again(config: pytest.Config) -> None:
    """Start this pytest anew where it took a value of ours for a path to tests, and may have the wrong rootdir.

    Raises SettingsError where it was not started from a command line.
    """
    given = tuple(map(str, config.invocation_params.args))
    words = joined(given)
    apart = [value for option, value in pairwise(given) if option in OWN_OPTIONS]
    if not any(Path(value).exists() for value in apart):
        return
    before = sys.orig_argv[1 : len(sys.orig_argv) - len(given)]
    if [*before, *given] != sys.orig_argv[1:]:
        raise SettingsError(f"write options and values in one word: {' '.join(words)}")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *before, *words])


def _read(config: pytest.Config) -> _Asked:
    canary, base = config.getoption("speedscore_gate_canary"), config.getoption("speedscore_gate")
    if base is not None and not base.strip():
        # A variable that is not set; read as the current folder, head would be compared with itself, and pass.
        raise SettingsError("--gate: name a git ref or a directory, found nothing")
    if canary is not None and base is not None:
        raise SettingsError("--gate-canary compares head with a copy of itself; leave out --gate, or the canary")
    if config.getoption("dist", "no") != "no" or config.getoption("numprocesses", None):
        raise SettingsError("the sides take turns on this machine: leave out -n (pytest-xdist)")
    budget = config.getoption("speedscore_gate_time_budget")
    try:
        budget_seconds = parse_duration(budget) if budget else None
    except ValueError as error:
        raise SettingsError(f"--gate-time-budget: {error}") from None
    return _Asked(
        base=base,
        canary=0.0 if canary is None else fraction(canary, what="--gate-canary"),
        base_python=str(Path(config.getoption("speedscore_gate_python") or sys.executable).expanduser()),
        inconclusive_passes=config.getoption("speedscore_gate_inconclusive") == "pass",
        budget_seconds=budget_seconds,
    )


def _gate(config: pytest.Config, asked: _Asked, settings: Settings, *, began: float) -> GateReport:
    head = working_tree(config.rootpath)
    with contextlib.ExitStack() as stack:
        base = head if asked.base is None else stack.enter_context(base_tree(asked.base, head))
        packages = differing_packages(asked.base_python)
        deadline = began + asked.budget_seconds if asked.budget_seconds else None
        plan = make_plan(
            config,
            base=base,
            head=head,
            base_python=asked.base_python,
            other_environment=any(packages),
            canary=asked.canary,
            deadline_seconds=deadline,
        )
        found = Gate(plan, settings, order=random.SystemRandom(), listener=_Progress()).run()
    sides = [
        SideReport(description=tree.description, commit=tree.commit, dirty=tree.dirty, python=python, packages=own)
        for tree, python, own in zip((base, head), found.pythons, packages, strict=True)
    ]
    warnings = found.warnings
    if behind := commits_missing_in_head(head, base):
        warnings = (
            *warnings,
            f"base has {behind} commits that head lacks, and what they changed counts against head: rebase, or gate "
            f"against $(git merge-base HEAD {asked.base})",
        )
    code, headline = _conclude(asked, found)
    regressed = dict.fromkeys(verdict.case for verdict in found.verdicts if verdict.outcome == "regressed")
    return GateReport(
        schema_version=SCHEMA_VERSION,
        created=_date(),
        base=sides[0],
        head=sides[1],
        time=settings.for_case("", "").time,
        memory=settings.for_case("", "").memory,
        looks=found.looks,
        canary=asked.canary or None,
        verdicts=found.verdicts,
        missing=found.missing,
        skipped=found.skipped,
        warnings=warnings,
        cut_off=found.cut_off,
        pairs=found.pairs,
        seconds=now() - began,
        environment=fingerprint(config.rootpath),
        reproduce={} if asked.canary else {case: command_for(config, case) for case in regressed},
        exit_code=code,
        headline=headline,
    )


def _conclude(asked: _Asked, found: Found) -> tuple[GateExit, str]:
    if asked.canary:
        return conclude_canary(found.verdicts, asked.canary)
    return conclude(
        found.verdicts,
        found.missing,
        inconclusive_passes=asked.inconclusive_passes,
        cut_off=found.cut_off,
        nothing=found.nothing,
    )


def _cannot_run(headline: str, config: pytest.Config, *, began: float) -> GateReport:
    return GateReport(
        schema_version=SCHEMA_VERSION,
        created=_date(),
        base=SideReport(description=str(config.getoption("speedscore_gate"))),
        head=SideReport(description=str(config.rootpath)),
        seconds=now() - began,
        exit_code=GateExit.CANNOT_RUN,
        headline=headline,
    )


def _write(report: GateReport, config: pytest.Config) -> bool:
    """The files that were asked for. False where one could not be written, which is said."""
    json_path, markdown_path = config.getoption("speedscore_gate_json"), config.getoption("speedscore_gate_markdown")
    try:
        if json_path is not None:
            write_json(json_path, msgspec.to_builtins(report))
        if markdown_path is not None:
            markdown_path.parent.mkdir(parents=True, exist_ok=True)
            markdown_path.write_text(markdown(report), encoding="utf-8")
    except (OSError, RunFileError) as error:
        _say([f"gate: the report was not written: {error}"])
        return False
    return True


def _date() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class _Progress:
    """Says how far the gate is, a line now and then: a log keeps every line."""

    def collected(self, cases: int) -> None:
        _say([f"gate: cases on both sides: {cases}; a pilot finds out how to run them"])

    def pair_done(self, pairs: int, *, open_cases: int, cases: int) -> None:
        if pairs % 5 == 0 or not open_cases:
            _say([f"gate: {pairs} pairs of processes, {cases - open_cases} of {cases} cases decided"])


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
