"""The command that gates one case of a report alone, as it can be typed at the root of any clone of the repository.

It names no folder of this machine, and runs nothing.
"""

from __future__ import annotations

import re
import shlex

from speedscore.gate.reporting.report import GateReport

_UPGRADE = "--gate-upgrade"


def command_alone(report: GateReport, case: str) -> str:
    """With ``BASE`` for the reader to fill in where no commit holds the base; empty where the report does not say what
    to compare with."""
    base = report.base
    is_commit = re.fullmatch("[0-9a-f]{7,64}", base.commit) and not base.dirty
    # An upgrade is among the arguments, and takes the place of the base.
    is_upgrade = any(argument.partition("=")[0] == _UPGRADE for argument in report.arguments)
    if report.upgrade is not None and not is_upgrade:
        return ""  # its base is the very commit that would be gated
    against = [] if is_upgrade else [f"--gate={base.commit[:12] if is_commit else 'BASE'}"]
    command = shlex.join(["pytest", case, "--benchmark-only", *report.arguments, *against])
    return f"cd {shlex.quote(report.folder)} && {command}" if report.folder else command
