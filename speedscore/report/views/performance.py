"""The second tab: what was measured, by model and phase, and what was not, with the reasons.

It puts blocks in order; what each says is made in ``speedscore.report.performance``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from speedscore.report.blocks import Block, View
from speedscore.report.content import Content
from speedscore.report.performance import (
    comparing_groups,
    compiling,
    memory,
    paying,
    ratios,
    roofline,
    rounds,
    tails,
    unmeasured,
)
from speedscore.report.performance.groups import Group, find_groups


def view(content: Content) -> View | None:
    """None where no run selected a case."""
    groups = find_groups(content)
    if not groups:
        return None
    blocks = (*comparing_groups.tables(groups), *unmeasured.tables(content), *_by_group(groups), *_by_phase(groups))
    several = len({group.run_title for group in groups}) > 1
    return View(
        id="performance",
        title="Performance",
        blocks=blocks,
        filters=("run", "device", "phase", "model") if several else ("device", "phase", "model"),
    )


def _by_group(groups: Sequence[Group]) -> Iterator[Block]:
    for group in groups:
        yield from unmeasured.note(group)
        if not group.measured:
            continue
        yield rounds.figure(group)
        yield from ratios.blocks(group)
        yield from compiling.blocks(group, groups)
        yield from paying.blocks(group, groups)
        yield from memory.blocks(group)
        yield from tails.blocks(group)


def _by_phase(groups: Sequence[Group]) -> Iterator[Block]:
    places = dict.fromkeys((group.run.name, group.run_title, group.place, group.phase) for group in groups)
    for place in places:
        chosen = [group for group in groups if (group.run.name, group.run_title, group.place, group.phase) == place]
        yield from roofline.blocks(chosen)
