"""``pytest --gate``: from its options to a report and an exit code.

With --gate there is no pytest session here: the sides are pytest processes of their own, and this one only waits for
them. Nothing is measured or decided in this module.
"""

from __future__ import annotations

import contextlib
import random
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from speedscore.fleet.log_folder import LogFolder
from speedscore.fleet.work import FleetError
from speedscore.gate.checkouts.base_setup import prepare_base
from speedscore.gate.checkouts.changed_files import ChangedFiles
from speedscore.gate.checkouts.projects import layout_of
from speedscore.gate.checkouts.worktrees import CheckoutError, SourceTree, base_tree, working_tree
from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.building import build
from speedscore.gate.environments.interpreters import Environment, differing_packages, environment_of, environments
from speedscore.gate.errors import GateError
from speedscore.gate.loop.affected import why_all_before
from speedscore.gate.loop.loop import Gate
from speedscore.gate.loop.outcome import GateOutcome
from speedscore.gate.pairs.plan import GatePlan, SidePlace, inside, places, plan_side
from speedscore.gate.parts.arguments import arguments_of_part
from speedscore.gate.parts.fleet_gate import gate_on_fleet
from speedscore.gate.reporting.progress import ProgressLines, say, say_lines
from speedscore.gate.reporting.report import GateExit, GateReport
from speedscore.gate.reporting.report_building import GateContext, blank_report, cannot_run, commands, report_of
from speedscore.gate.reporting.report_file import write_partial_report, write_report
from speedscore.gate.reporting.terminal import terminal_lines
from speedscore.gate.request import GateRequest, find_rootdir_again, read_request
from speedscore.gate.sides.own_code import hint_to_build
from speedscore.gate.sides.side import StartSide
from speedscore.gate.sides.side_process import SideProcess
from speedscore.gate.upgrades.evidence import described, explain
from speedscore.gate.upgrades.report import UpgradeReport
from speedscore.gate.upgrades.stage_pairs import watch_stages
from speedscore.gate.upgrades.upgrading import Upgrade, upgrade
from speedscore.gate.upgrades.wording import upgrade_headline
from speedscore.host.clock import Clock
from speedscore.host.clock import seconds as monotonic_seconds
from speedscore.host.distributions import installed_versions
from speedscore.host.fingerprint import fingerprint
from speedscore.host.processors import usable_processors
from speedscore.host.reaper import end_leftovers
from speedscore.host.scratch import remove_leftovers
from speedscore.host.signals import ENDING, interrupt_on
from speedscore.host.signals import ignore as ignore_signals
from speedscore.verdicts.settings import Settings, SettingsError, read_table


def run_gate(config: pytest.Config, *, start_side: StartSide = SideProcess, clock: Clock = monotonic_seconds) -> int:
    """Gate head against base, print and write the report. Returns the exit code."""
    began = clock()
    end_leftovers()
    remove_leftovers()
    try:
        find_rootdir_again(config)
        config.add_cleanup(interrupt_on(signal.SIGINT, *ENDING))
        settings = Settings(read_table(config.rootpath), detect=config.getoption("speedscore_gate_detect"))
        request = read_request(config)
        report = _gate(config, request, settings, start_side=start_side, clock=clock, began=began)
    except (CheckoutError, GateError, SettingsError) as error:
        report = cannot_run(f"cannot run: {error}", config, seconds=clock() - began)
    except KeyboardInterrupt:
        report = cannot_run("cannot run: interrupted before it began", config, seconds=clock() - began)
    say_lines(terminal_lines(report))
    json_path, markdown_path = (config.getoption(f"speedscore_gate_{name}") for name in ("json", "markdown"))
    return report.exit_code if write_report(report, json_path, markdown_path) else GateExit.CANNOT_RUN


def _gate(
    config: pytest.Config,
    request: GateRequest,
    settings: Settings,
    *,
    start_side: StartSide,
    clock: Clock,
    began: float,
) -> GateReport:
    """The report of a gate that could begin; the checkout of base is there as long as it is needed."""
    if config.getoption("dist", "no") != "no" or config.getoption("numprocesses", None):
        say_lines(["gate: -n of pytest-xdist is left out: the sides take turns on this machine"])
    deadline = GateDeadline(began + request.budget_seconds if request.budget_seconds else None, clock)
    logs = _log_folder(request)
    head = working_tree(config.rootpath, base=request.base)
    with contextlib.ExitStack() as stack:
        base = head if request.base is None else stack.enter_context(base_tree(request.base, head))
        sides = _environments(request, deadline, checkout=head.root)
        if request.upgrade:
            base, head = described(head, request.upgrade)
        context = GateContext(config, request, settings, base=base, head=head, packages=sides.packages)
        warnings = _set_up_base(context, deadline)
        if request.fleet is not None:
            report = _gate_on_fleet(context, deadline, warnings=warnings, logs=logs)
            return msgspec.structs.replace(report, seconds=clock() - began)
        plan = _plan(context, sides, deadline)
        blank = blank_report(context, environment=fingerprint(config.rootpath), warnings=warnings)

        def write_so_far(outcome: GateOutcome) -> None:
            so_far = report_of(outcome, context, blank, seconds=clock() - began)
            write_partial_report(so_far, config.getoption("speedscore_gate_json"))

        listener = ProgressLines(clock, began, so_far=write_so_far)
        outcome, explained = _gated(plan, context, sides.upgrade, start_side=start_side, clock=clock, listener=listener)
        # The verdicts are still to be written.
        ignore_signals()
    if outcome.nothing:
        hint = hint_to_build([plan.base.spec, plan.head.spec], outcome.warnings)
        outcome = msgspec.structs.replace(outcome, nothing=outcome.nothing + hint)
    return _with_upgrade(report_of(outcome, context, blank, seconds=clock() - began), explained, context)


class _SideEnvironments(msgspec.Struct, frozen=True):
    """What the two sides run in."""

    base: Environment
    head: Environment
    packages: tuple[dict[str, str], dict[str, str]]
    """Versions of those that differ between base and head."""
    upgrade: Upgrade | None = None
    """What made them, where that was asked for."""

    @property
    def are_two(self) -> bool:
        return self.base.prefix != self.head.prefix


def _environments(request: GateRequest, deadline: GateDeadline, *, checkout: Path) -> _SideEnvironments:
    if request.upgrade:
        present = environment_of(sys.executable)
        made = upgrade(request.upgrade, present, checkout=checkout, say=say, deadline=deadline)
        return _SideEnvironments(made.base, made.head, made.differing, upgrade=made)
    base, head = environments(request.base_python, in_full=request.build)
    return _SideEnvironments(base, head, differing_packages(base, head))


def _set_up_base(context: GateContext, deadline: GateDeadline) -> list[str]:
    """Make what git does not keep of a base that was checked out for this gate. Returns what a reader must know."""
    settings, python = context.settings, context.request.base_python
    if not settings.base_setup or not context.base.is_temporary:
        return []
    folder, _ = places(context.config.rootpath, context.head, context.base)
    return prepare_base(settings, folder, python=python, deadline=deadline, say=say)


def _log_folder(request: GateRequest) -> LogFolder | None:
    """Raises GateError where it cannot be written."""
    if request.fleet_logs is None:
        return None
    try:
        return LogFolder(request.fleet_logs, warn=lambda warning: say(f"gate: {warning}"), prefix="share-")
    except FleetError as error:
        raise GateError(f"--gate-fleet-logs: {error}") from None


def _gate_on_fleet(
    context: GateContext, deadline: GateDeadline, *, warnings: Sequence[str], logs: LogFolder | None
) -> GateReport:
    """The gate of all cases, on the machines of ``--gate-fleet``."""
    # Imported here because only who asked for it needs a cluster.
    from speedscore.fleet.fleet import open_fleet
    from speedscore.fleet.waiting import patience_within

    report = gate_on_fleet(
        context.request.fleet or "",
        head=context.head,
        base=context.base,
        arguments=arguments_of_part(context.config, root=context.head.root),
        folder=context.config.invocation_params.dir,
        whole=blank_report(context, environment=fingerprint(context.config.rootpath), warnings=warnings),
        packages=installed_versions(),
        inconclusive_passes=context.request.inconclusive_passes,
        left_seconds=lambda: deadline.left_seconds,
        say=say,
        settled=ignore_signals,
        open_fleet=partial(
            open_fleet,
            machines=context.request.fleet_machines,
            logs=logs,
            packages=context.request.fleet_packages,
            say=lambda line: say(f"gate: {line}"),
            patience=patience_within(deadline.left_seconds),
        ),
    )
    return msgspec.structs.replace(report, reproduce=commands(report))


def _plan(context: GateContext, sides: _SideEnvironments, deadline: GateDeadline) -> GatePlan:
    request, base, head = context.request, context.base, context.head
    base_place, head_place = _places(context, sides, deadline)
    # To read every file takes its time: only where something depends on it.
    orders = request.only_affected or deadline.end_seconds is not None
    changed = ChangedFiles(base.root, head.root) if orders else None
    all_because = _why_all(request, changed, sides) if request.only_affected else ""
    return GatePlan(
        base=plan_side(context.config, "base", place=base_place, head=head, other=head),
        head=plan_side(context.config, "head", place=head_place, head=head, other=base),
        extra_work=request.canary,
        other_environment=any(sides.packages),
        deadline=deadline,
        claims=request.claims,
        why=request.why and not request.canary,
        changed=changed,
        only_affected=request.only_affected and not all_because,
        all_because=all_because,
        part=request.part,
        instructions=request.instructions,
    )


def _places(context: GateContext, sides: _SideEnvironments, deadline: GateDeadline) -> list[SidePlace]:
    """Of base and of head, each built where that is asked for. Both are found before one is built."""
    both = ((context.base, context.head, sides.base), (context.head, context.base, sides.head))
    found = [
        _place(context, tree, other, python=environment.python, own_environment=sides.are_two)
        for tree, other, environment in both
    ]
    if not context.request.build:
        return found
    return [
        _built(place, environment, base_setup=context.settings.base_setup, deadline=deadline)
        for place, (_, _, environment) in zip(found, both, strict=True)
    ]


def _place(
    context: GateContext, tree: SourceTree, other: SourceTree, *, python: str, own_environment: bool
) -> SidePlace:
    project, _ = places(context.config.rootpath, context.head, tree)
    return SidePlace(
        tree=tree,
        project=project,
        layout=layout_of(tree.root, project=project, besides=inside(other.root, tree.root, project=project)),
        python=python,
        python_path=context.settings.python_path,
        own_environment=own_environment,
    )


def _built(place: SidePlace, environment: Environment, *, base_setup: str, deadline: GateDeadline) -> SidePlace:
    done = build(
        place.tree,
        place.layout,
        project=place.project,
        environment=environment,
        base_setup=base_setup,
        say=say,
        deadline=deadline,
    )
    return msgspec.structs.replace(place, build=done)


def _why_all(request: GateRequest, changed: ChangedFiles | None, sides: _SideEnvironments) -> str:
    """Why no benchmark can be left out, as far as that is known before they run; else empty."""
    if request.build:
        return "what is built of a checkout is not followed back to its sources"
    if any(sides.packages) or sides.are_two:
        return "base has an environment of its own"
    return why_all_before(changed) if changed is not None else ""


def _gated(
    plan: GatePlan,
    context: GateContext,
    made: Upgrade | None,
    *,
    start_side: StartSide,
    clock: Clock,
    listener: ProgressLines,
) -> tuple[GateOutcome, UpgradeReport | None]:
    """What comes of the gate, and beside it of an upgrade's."""

    def gate(plan: GatePlan) -> Gate:
        order = random.SystemRandom()
        return Gate(
            plan,
            context.settings,
            start_side=start_side,
            clock=clock,
            order=order,
            listener=listener,
            processors=usable_processors(),
        )

    whole = gate(plan)
    outcome = whole.run()
    if made is None:
        return outcome, None
    watch = partial(watch_stages, plan, start_side=start_side, clock=clock, hash_seed=whole.hash_seed())
    again = (lambda narrowed: gate(narrowed).run()) if context.request.blame else None
    return explain(made, outcome, plan, context.request.upgrade, watch=watch, gate=again, say=say)


def _with_upgrade(report: GateReport, explained: UpgradeReport | None, context: GateContext) -> GateReport:
    if explained is None:
        return report
    headline = upgrade_headline(report.headline, report.verdicts, explained, context.packages)
    return msgspec.structs.replace(report, headline=headline, upgrade=explained)
