"""``pytest --gate``: from its options to a report and an exit code.

With --gate there is no pytest session here: the sides are pytest processes of their own, and this one only waits for
them. Nothing is measured or decided in this module.
"""

from __future__ import annotations

import contextlib
import random
import signal
import sys
from collections.abc import Callable
from functools import partial

import msgspec
import pytest

from speedscore.gate.affected import why_all_before
from speedscore.gate.base_setup import prepare_base
from speedscore.gate.building import build
from speedscore.gate.changed_files import ChangedFiles
from speedscore.gate.environments import Environment, differing_packages, environment_of, environments
from speedscore.gate.errors import GateError
from speedscore.gate.loop import Gate
from speedscore.gate.outcome import GateOutcome
from speedscore.gate.own_code import hint_to_build
from speedscore.gate.parts.arguments import arguments_of_part
from speedscore.gate.parts.fleet_gate import gate_on_fleet
from speedscore.gate.plan import GatePlan, SidePlace, inside, places, plan_side
from speedscore.gate.progress import ProgressLines, say, say_lines
from speedscore.gate.projects import layout_of
from speedscore.gate.report import GateExit, GateReport
from speedscore.gate.report_building import GateContext, blank_report, cannot_run, commands, report_of
from speedscore.gate.report_file import write_partial_report, write_report
from speedscore.gate.request import GateRequest, find_rootdir_again, read_request
from speedscore.gate.side_process import SideProcess
from speedscore.gate.sides import StartSide
from speedscore.gate.terminal import terminal_lines
from speedscore.gate.upgrades.evidence import described, explain
from speedscore.gate.upgrades.report import UpgradeReport
from speedscore.gate.upgrades.stage_pairs import watch_stages
from speedscore.gate.upgrades.upgrading import Upgrade, upgrade
from speedscore.gate.upgrades.wording import upgrade_headline
from speedscore.gate.worktrees import CheckoutError, SourceTree, base_tree, working_tree
from speedscore.host.clock import Clock
from speedscore.host.clock import seconds as monotonic_seconds
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
    if config.getoption("dist", "no") != "no" or config.getoption("numprocesses", None):
        say_lines(["gate: -n of pytest-xdist is left out: the sides take turns on this machine"])
    head = working_tree(config.rootpath, base=request.base)
    with contextlib.ExitStack() as stack:
        base = head if request.base is None else stack.enter_context(base_tree(request.base, head))
        deadline = began + request.budget_seconds if request.budget_seconds else None
        made = _made(request, most_seconds=None if deadline is None else max(0.0, deadline - clock()))
        both = (made.base, made.head) if made else environments(request.base_python, in_full=request.build)
        packages = made.differing if made else differing_packages(*both)
        if made:
            base, head = described(head, request.upgrade)
        set_up: list[str] = []
        if settings.base_setup and base.is_temporary:
            most_seconds = None if deadline is None else max(0.0, deadline - clock())
            folder, _ = places(config.rootpath, head, base)
            set_up = prepare_base(settings, folder, python=request.base_python, most_seconds=most_seconds, say=say)
        context = GateContext(config, request, settings, base=base, head=head, packages=packages)
        if request.fleet is not None:
            blank = blank_report(context, environment=fingerprint(config.rootpath), warnings=set_up)
            report = _gate_on_fleet(
                context, blank, left_seconds=lambda: None if deadline is None else deadline - clock()
            )
            return msgspec.structs.replace(report, seconds=clock() - began)
        side_places = [
            _place(config, settings, tree=tree, other=other, head=head, environment=environment, both=both)
            for tree, other, environment in zip((base, head), (head, base), both, strict=True)
        ]
        if request.build:
            side_places = [
                _built(
                    place,
                    environment,
                    base_setup=settings.base_setup,
                    most_seconds=None if deadline is None else max(0.0, deadline - clock()),
                )
                for place, environment in zip(side_places, both, strict=True)
            ]
        base_plan, head_plan = (
            plan_side(config, label, place=place, head=head, other=other)
            for label, place, other in zip(("base", "head"), side_places, (head, base), strict=True)
        )
        # To read every file takes its time: only where something depends on it.
        orders = request.only_affected or deadline is not None
        changed = ChangedFiles(base.root, head.root) if orders else None
        all_because = _why_all(request, changed, packages=packages, environments=both) if request.only_affected else ""
        plan = GatePlan(
            base=base_plan,
            head=head_plan,
            extra_work=request.canary,
            other_environment=any(packages),
            deadline_seconds=deadline,
            claims=request.claims,
            why=request.why and not request.canary,
            changed=changed,
            only_affected=request.only_affected and not all_because,
            all_because=all_because,
            part=request.part,
            told=request.told,
        )
        blank = blank_report(context, environment=fingerprint(config.rootpath), warnings=set_up)

        def write_so_far(outcome: GateOutcome) -> None:
            so_far = report_of(outcome, context, blank, seconds=clock() - began)
            write_partial_report(so_far, config.getoption("speedscore_gate_json"))

        listener = ProgressLines(clock, began, so_far=write_so_far)
        outcome, explained = _gated(
            plan, settings, request, made, start_side=start_side, clock=clock, listener=listener
        )
        # The verdicts are still to be written.
        ignore_signals()
    if outcome.nothing:
        hint = hint_to_build([plan.base.spec, plan.head.spec], outcome.warnings)
        outcome = msgspec.structs.replace(outcome, nothing=outcome.nothing + hint)
    report = report_of(outcome, context, blank, seconds=clock() - began)
    if explained:
        headline = upgrade_headline(report.headline, outcome.verdicts, explained, packages)
        report = msgspec.structs.replace(report, headline=headline, upgrade=explained)
    return report


def _gate_on_fleet(context: GateContext, blank: GateReport, *, left_seconds: Callable[[], float | None]) -> GateReport:
    """The gate of all cases, on the machines of ``--gate-fleet``."""
    # Imported here because only who asked for it needs a cluster.
    from speedscore.fleet.fleet import open_fleet

    report = gate_on_fleet(
        context.request.fleet or "",
        head=context.head,
        base=context.base,
        arguments=arguments_of_part(context.config, root=context.head.root),
        folder=context.config.invocation_params.dir,
        whole=blank,
        inconclusive_passes=context.request.inconclusive_passes,
        left_seconds=left_seconds,
        say=say,
        settled=ignore_signals,
        open_fleet=open_fleet,
    )
    return msgspec.structs.replace(report, reproduce=commands(report))


def _gated(
    plan: GatePlan,
    settings: Settings,
    request: GateRequest,
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
            settings,
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
    again = (lambda narrowed: gate(narrowed).run()) if request.blame else None
    return explain(made, outcome, plan, request.upgrade, watch=watch, gate=again, say=say, clock=clock)


def _made(request: GateRequest, *, most_seconds: float | None) -> Upgrade | None:
    if not request.upgrade:
        return None
    return upgrade(request.upgrade, environment_of(sys.executable), say=say, most_seconds=most_seconds)


def _place(
    config: pytest.Config,
    settings: Settings,
    *,
    tree: SourceTree,
    other: SourceTree,
    head: SourceTree,
    environment: Environment,
    both: tuple[Environment, Environment],
) -> SidePlace:
    project, _ = places(config.rootpath, head, tree)
    return SidePlace(
        tree=tree,
        project=project,
        layout=layout_of(tree.root, project=project, besides=inside(other.root, tree.root, project=project)),
        python=environment.python,
        python_path=settings.python_path,
        own_environment=both[0].prefix != both[1].prefix,
    )


def _built(place: SidePlace, environment: Environment, *, base_setup: str, most_seconds: float | None) -> SidePlace:
    done = build(
        place.tree,
        place.layout,
        project=place.project,
        environment=environment,
        base_setup=base_setup,
        say=say,
        most_seconds=most_seconds,
    )
    return msgspec.structs.replace(place, build=done)


def _why_all(
    request: GateRequest,
    changed: ChangedFiles | None,
    *,
    packages: tuple[dict[str, str], dict[str, str]],
    environments: tuple[Environment, Environment],
) -> str:
    """Why no benchmark can be left out, as far as that is known before they run; else empty."""
    if request.build:
        return "what is built of a checkout is not followed back to its sources"
    if any(packages) or environments[0].prefix != environments[1].prefix:
        return "base has an environment of its own"
    return why_all_before(changed) if changed is not None else ""
