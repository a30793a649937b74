"""Whether both sides ran their own code, from what they say they imported; if not, the reason and what to do.

It judges what the sides tell and looks at no file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from speedscore.gate.sides.side import Ended, SideSpec

_MOST_NAMED = 3


def why_not_own_code(spec: SideSpec, ended: Ended) -> str:
    """Which modules of its checkout a side imported from elsewhere; empty where it ran its own."""
    if not ended.foreign:
        return ""
    named = [f"{name} from {path}" for name, path in list(ended.foreign.items())[:_MOST_NAMED]]
    more = len(ended.foreign) - len(named)
    also = f" and {more} more" if more > 0 else ""
    if spec.is_built:
        return (
            f"{spec.label} imported {', '.join(named)}{also}, and not what was built of it: does a test or a "
            "conftest.py import the sources, or another copy, by their path?"
        )
    return (
        f"{spec.label} imported {', '.join(named)}{also}, and not its own checkout's ({spec.root}), so the two sides "
        "cannot be told apart: name the folders that hold its packages in python_path of [tool.speedscore.gate], give "
        "base an environment of its own with --gate-python, or let the gate build each side with --gate-build"
    )


def why_unlike_builds(base: Ended, head: Ended) -> str:
    """Which compiled modules one side alone has beside its sources, or both do without; empty where there is none."""
    for label, other_label, only in (
        ("head", "base", sorted(set(head.extensions) - set(base.extensions))),
        ("base", "head", sorted(set(base.extensions) - set(head.extensions))),
    ):
        if only:
            return (
                f"{label} ran {', '.join(only[:_MOST_NAMED])} as compiled, and {other_label}, whose checkout has not "
                "been built, did not: two different programs. Let the gate build both with --gate-build"
            )
    if both := sorted(set(base.unbuilt) & set(head.unbuilt)):
        return (
            f"both sides did without {', '.join(both[:_MOST_NAMED])}, which only building makes, and ran what stands "
            "in for it: let the gate build both with --gate-build"
        )
    return ""


def hint_to_build(specs: Sequence[SideSpec], warnings: Sequence[str]) -> str:
    """What to do where tests were not collected for want of a module that building would make; empty elsewhere."""
    lacking = {name for warning in warnings for name in re.findall(r"No module named '(\w+)", warning)}
    own = {name for spec in specs if not spec.is_built for root in spec.code.roots for name in root.names}
    own |= {name.replace("-", "_") for spec in specs if not spec.is_built for name in spec.distributions}
    return "; what only building makes is made with --gate-build" if lacking & own else ""
