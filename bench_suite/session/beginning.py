"""How a session of the matrix begins, once it is known what was selected: all that it is given is put together here.

It measures nothing. What was measured before, and by whom, is looked at before anything is started.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from speedscore import bench_suite
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.session.fleet.opening import open_blocks
from speedscore.bench_suite.session.options import read_choices
from speedscore.bench_suite.session.printing.progress import Progress
from speedscore.bench_suite.session.printing.screen import Terminal
from speedscore.bench_suite.session.running.machine import this_machine
from speedscore.bench_suite.session.running.worker_factory import block_workers
from speedscore.bench_suite.session.saving.journal import Journal, left_over
from speedscore.bench_suite.session.saving.resuming import first_words
from speedscore.bench_suite.session.saving.standing import StandingCases
from speedscore.bench_suite.session.session import Session
from speedscore.bench_suite.session.stash import FILES, JOURNAL
from speedscore.host.processors import usable_processors
from speedscore.host.scratch import make_scratch, remove_leftovers
from speedscore.record.run_file import RunFileError
from speedscore.text.cleaning import one_line


def begin(config: pytest.Config, cases: dict[str, Case], probes: dict[str, ProbeCase]) -> Session:
    """The session of what was selected. Raises UsageError where it cannot be as it was asked for."""
    choices = read_choices(config)
    folder = config.stash[FILES].folder()
    remove_leftovers()
    task_caches = make_scratch("caches")
    config.add_cleanup(partial(shutil.rmtree, task_caches, ignore_errors=True))
    config.stash[JOURNAL] = Journal(folder)
    machine = this_machine(Path(bench_suite.__file__).parent)
    screen = Terminal(config)
    # A fleet is reached only where something is to be measured on it: probes are asked here.
    fleet = open_blocks(config, machine.environment, screen=screen) if cases else None
    try:
        session = Session(
            choices,
            cases,
            machine=machine,
            open_workers=partial(block_workers, choices.preset, in_process=choices.in_process, task_caches=task_caches),
            make_progress=lambda total_blocks: Progress(screen, total_blocks=total_blocks),
            objection=StandingCases(
                choices.preset, machine.environment, cases, processors=usable_processors()
            ).objection,
            journal=config.stash[JOURNAL],
            probe_cases=probes,
            hear_probe=Progress(screen, probes=tuple(probes.values())).probe_done,
            fleet=fleet,
        )
    except RunFileError as error:
        raise pytest.UsageError(f"--resume: {error}") from None
    _say(config, first_words(session.earlier, left_over=left_over(folder), taken_up=choices.earlier_path))
    return session


def _say(config: pytest.Config, lines: Sequence[str]) -> None:
    reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        for line in lines:
            reporter.write_line(one_line(line))
