"""The command-line options of the measuring half: what they are called, and what a session was asked for by them.

It reads and checks options and acts on none of them.
"""

from __future__ import annotations

import argparse
import contextlib
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from speedscore.bench_suite.workloads.presets import PRESETS, find_preset
from speedscore.host.fields import Whole
from speedscore.record.phases import DEVICES
from speedscore.record.run_file import RunFileError, load_run
from speedscore.text.durations import parse_duration

if TYPE_CHECKING:
    from speedscore.bench_suite.session.choices import Choices
    from speedscore.record.run_record import RunRecord

DEFAULT_PROCESSES = 2
_PROFILE = "speedscore_profile"
"""Where the folder of ``--profile`` is kept."""


class _SessionOption(NamedTuple):
    """An option that says how an ordinary session measures, or what is to come of it."""

    flag: str
    dest: str
    beside_gate: str
    """Why a gate has no use for it and what to do, with ``{}`` for what was given."""
    default: object = None
    needs_cases: bool = False
    """Whether something is expected of it that comes of measured cases alone."""

    def is_given(self, config: pytest.Config) -> bool:
        # The report's plugin may be switched off, and another plugin may have an option --profile.
        value = config.getoption(self.dest, self.default)
        return value is not None and value != self.default


_OF_A_SESSION = (
    _SessionOption(
        "--profile",
        _PROFILE,
        "a gate compares rounds and profiles none; profile the case in a session of its own, once on each side",
        needs_cases=True,
    ),
    _SessionOption(
        "--fleet",
        "fleet",
        "places the blocks of an ordinary session, and a gate has none; write --gate-fleet {}",
        needs_cases=True,
    ),
    _SessionOption(
        "--time-budget",
        "time_budget",
        "shares out the rounds of an ordinary session, and a gate has none; write --gate-time-budget {}",
        needs_cases=True,
    ),
    _SessionOption(
        "--require-device",
        "require_device",
        "a gate leaves out what neither side can measure; require the device in a session of its own before the gate",
        default=[],
        needs_cases=True,
    ),
    _SessionOption(
        "--report",
        "report",
        "a gate has another page; write --gate-json FILE.json, and then: speedscore report FILE.json -o {}",
        needs_cases=True,
    ),
    _SessionOption("--resume", "resume", "a gate measures both sides anew; leave it out", needs_cases=True),
    _SessionOption(
        "--in-process", "in_process", "a gate measures in processes of its own; leave it out", default=False
    ),
    _SessionOption(
        "--round-order-seed",
        "round_order_seed",
        "a gate lets its two sides take turns in an order of its own; leave it out",
    ),
    _SessionOption(
        "--processes",
        "processes",
        "a gate takes as many pairs of processes as its verdicts need; leave it out",
        default=DEFAULT_PROCESSES,
    ),
)


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("speedscore", "speedscore: framework benchmarks")
    group.addoption(
        "--preset",
        default="smoke",
        metavar="NAME",
        help=f"sizes of the models: {', '.join(PRESETS)} (default: %(default)s)",
    )
    group.addoption(
        "--processes",
        type=int,
        default=DEFAULT_PROCESSES,
        metavar="N",
        help="fresh processes for each cell: the 1st, 3rd, ... start with empty compilation caches, the 2nd, 4th, ... "
        "with those of the one before. Intervals of ratios are over processes (default: %(default)s)",
    )
    group.addoption(
        "--time-budget",
        default=None,
        metavar="TIME",
        help="time for the cases, shared out over their blocks: 90s, 10m, 1h30m. Probes take their own time beside it; "
        '-m "not speedscore_probe" leaves them out',
    )
    group.addoption(
        "--resume",
        type=Path,
        default=None,
        metavar="RUN",
        help="take up a saved session again, or what one that was killed left (.jsonl): measure only what it lacks, "
        "and save the whole",
    )
    group.addoption(
        "--require-device",
        action="append",
        default=[],
        choices=DEVICES,
        help="exit with code 1 unless all selected cases on this device were measured. Those that a framework "
        "declines, whose package is missing or whose precision the device lacks do not count, unless there are no "
        "others. May be given more than once",
    )
    group.addoption(
        "--fleet",
        default=None,
        metavar="ADDRESS",
        help="measure the blocks of the matrix on the machines of a Ray cluster, each with its machine to itself: "
        "ray://HEAD:PORT, HEAD:PORT, auto (inside a job of the cluster), or local (a cluster on this machine). Probes "
        "are asked on this machine, before or after",
    )
    group.addoption(
        "--fleet-allow",
        action="append",
        default=[],
        metavar="FIELD",
        help="a version that may differ on a machine of the fleet, as in package.jax; may be given more than once",
    )
    group.addoption(
        "--fleet-logs",
        default=None,
        metavar="FOLDER",
        help="keep here what each block's processes print on its machine, in one file for each time that it is placed",
    )
    group.addoption(
        "--fleet-machines",
        type=int,
        default=None,
        metavar="N",
        help="how many machines the cluster has: wait until so many have answered, for three minutes, or an hour while "
        "another job holds one; fewer are an error",
    )
    group.addoption(
        "--fleet-only",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help='measure on those machines alone whose fingerprint says so, as in "gpu.0.name=NVIDIA L4" or '
        '"cpu.model=..."; may be given more than once, and then all must hold',
    )
    group.addoption(
        "--fleet-packages",
        action="store_true",
        help="have the packages that are installed here, in the same versions, on each machine of the fleet: what one "
        "lacks is installed there, beside its own",
    )
    group.addoption(
        "--in-process",
        action="store_true",
        help="run the frameworks inside pytest, for a debugger or a profiler; such a run is never ranked",
    )
    # pytest-profiling has an option of this name; where it is installed that one stays, and a session needs no profile.
    with contextlib.suppress(argparse.ArgumentError):
        group.addoption(
            "--profile",
            dest=_PROFILE,
            type=Path,
            default=None,
            metavar="FOLDER",
            help="after the last round of a case, run a few more steps under its framework's own profiler and put what "
            "it writes into this folder, which must be new or empty: files for Perfetto and for xprof",
        )
    group.addoption(
        "--round-order-seed",
        type=int,
        default=None,
        metavar="N",
        help="seed of the order in which workers take turns (default: drawn, and recorded)",
    )
    group.addoption(
        "--full",
        action="store_true",
        help="end with every table and the whole score cards, not with the overview",
    )


def check_options(config: pytest.Config) -> None:
    """Raises UsageError for what can be seen to be wrong before anything is collected."""
    for option, read in (
        ("--preset", find_preset),
        ("--time-budget", _seconds),
        ("--processes", _count),
        ("--round-order-seed", _seed),
    ):
        try:
            read(config.getoption(option))
        except ValueError as error:
            raise pytest.UsageError(f"{option}: {error}") from None
    _refuse_beside_xdist(config)
    _check_fleet(config)
    _check_profile_folder(config.getoption(_PROFILE, None))
    if config.getoption("resume") is not None and config.getoption("in_process"):
        raise pytest.UsageError("--resume: what runs inside pytest (--in-process) cannot complete a session")


def _check_fleet(config: pytest.Config) -> None:
    if config.getoption("fleet") is None:
        for name in ("fleet_allow", "fleet_logs", "fleet_machines", "fleet_only", "fleet_packages"):
            if config.getoption(name) not in (None, [], False):
                raise pytest.UsageError(f"--{name.replace('_', '-')}: there is no fleet without --fleet ADDRESS")
        return
    machines = config.getoption("fleet_machines")
    if machines is not None and machines < 1:
        raise pytest.UsageError(f"--fleet-machines: expected at least one machine, found {machines}")
    fields = Counter(field for field, _ in map(read_only, config.getoption("fleet_only")))
    if twice := [field for field, count in fields.items() if count > 1]:
        raise pytest.UsageError(f"--fleet-only: {twice[0]} is given twice, and no machine can have two values of it")
    if config.getoption("in_process"):
        raise pytest.UsageError("--fleet: what runs inside pytest (--in-process) cannot run on another machine")
    if config.getoption(_PROFILE, None) is not None:
        raise pytest.UsageError("--fleet: profiles stay where they are made; profile the case without a fleet")


def read_only(text: str) -> tuple[str, str]:
    """The field and the value of ``--fleet-only``. Raises UsageError where there are none."""
    field, _, value = text.partition("=")
    if not field or not value:
        raise pytest.UsageError(f"--fleet-only: expected FIELD=VALUE, as in cpu.model=..., found {text!r}")
    return field, value


def _check_profile_folder(folder: Path | None) -> None:
    """Raises UsageError where something lies there: profiles of two sessions side by side would be taken for one."""
    if folder is None:
        return
    try:
        found = next(folder.iterdir(), None)
    except FileNotFoundError:
        return
    except OSError as error:
        raise pytest.UsageError(f"--profile {folder}: expected a new or an empty folder ({error.strerror})") from None
    if found is not None:
        raise pytest.UsageError(
            f"--profile {folder}: expected a new or an empty folder, found {found.name} in it; name another"
        )


def refuse_beside_gate(config: pytest.Config) -> None:
    """Raises UsageError for an option that a gate would silently leave unread.

    What a project's settings say for every session is left unread: nobody asked this gate for it.
    """
    # By name: where the gate's plugin is switched off, its options are not there.
    names = ("speedscore_gate", "speedscore_gate_canary", "speedscore_gate_upgrade")
    if all(config.getoption(name, None) is None for name in names):
        return
    asked = {argument.partition("=")[0] for argument in config.invocation_params.args}
    for option in _OF_A_SESSION:
        if option.flag in asked and option.is_given(config):
            value = config.getoption(option.dest)
            raise pytest.UsageError(f"{option.flag}: {option.beside_gate.format(value)}")


def _refuse_beside_xdist(config: pytest.Config) -> None:
    """Raises UsageError for an option from which nothing would come there."""
    if config.getoption("dist", "no") == "no":
        return
    for option in _OF_A_SESSION:
        if option.needs_cases and option.is_given(config):
            raise pytest.UsageError(f"{option.flag}: nothing is measured under pytest-xdist; leave out -n")


def read_choices(config: pytest.Config) -> Choices:
    """What the session was asked for. Raises UsageError when the run to resume cannot be read."""
    # Imported here because collecting alone needs none of it, and has under a second.
    from speedscore.bench_suite.session.choices import Choices
    from speedscore.bench_suite.session.saving.journal import is_journal, load_journal

    seed = config.getoption("round_order_seed")
    in_process = config.getoption("in_process")
    path = config.getoption("resume")
    earlier: RunRecord | None = None
    left_out: dict[str, str] = {}
    try:
        if path is not None and is_journal(path):
            found = load_journal(path)
            earlier, left_out = found.run, found.left_out
        elif path is not None:
            earlier = load_run(path)
    except RunFileError as error:
        raise pytest.UsageError(f"--resume: {error}") from None
    return Choices(
        preset=find_preset(config.getoption("preset")),
        # Inside one process only the first compilation is cold, and nothing is ever fresh again.
        processes=1 if in_process else config.getoption("processes"),
        seed=random.SystemRandom().randrange(2**32) if seed is None else seed,
        in_process=in_process,
        budget_seconds=_seconds(config.getoption("time_budget")),
        profile_folder=config.getoption(_PROFILE, None),
        earlier=earlier,
        earlier_path=path,
        earlier_left_out=left_out,
    )


def _seconds(text: str | None) -> float | None:
    return None if text is None else parse_duration(text)


def _seed(seed: int | None) -> None:
    if seed is None:
        return
    try:
        msgspec.convert(seed, Whole)
    except msgspec.ValidationError:
        raise ValueError(f"expected a whole number of at most 64 bits, found one of {seed.bit_length()}") from None


def _count(processes: Any) -> None:
    if processes < 1:
        raise ValueError(f"expected at least one process, found {processes}")
