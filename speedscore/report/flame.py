"""A differential flame graph: which functions called which, how long, and which of them grew between two sides.

Widths are head's seconds, so what only base ran is not drawn; colours are the difference (B. Gregg, "Differential Flame
Graphs", 2014). It lays out rectangles and draws none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from speedscore.gate.reasons.reasons import StackTimes
from speedscore.text.numbers import duration
from speedscore.text.wrapping import shortened

WIDTH, ROW_HEIGHT = 1200, 18
"""Pixels."""
_LETTER_WIDTH = 6.8
_NARROWEST = 1.0
"""Pixels of a rectangle that is drawn."""
_LEAST_SECONDS = 1e-12
"""Of a call, which no clock can tell from none."""
_WHOLE = "a call of the benchmark"
_PALE, _GREW, _SHRANK = (238, 238, 232), (226, 104, 84), (98, 148, 222)
"""Red, green and blue; dark text has a contrast of more than 4.5:1 on each (WCAG 2.2, 1.4.3)."""


class Rectangle(msgspec.Struct, frozen=True):
    """A function below those that called it."""

    x: float
    y: float
    width: float
    fill: str
    label: str
    """As much of the name as has room."""
    title: str
    """All that is known of it."""


class FlameGraph(msgspec.Struct, frozen=True):
    """Its rectangles, in a box of ``WIDTH`` and ``height`` pixels."""

    rectangles: tuple[Rectangle, ...]
    height: int


class _Node:
    def __init__(self) -> None:
        self.base_seconds = 0.0
        self.head_seconds = 0.0
        self.callees: dict[str, _Node] = {}

    @property
    def growth(self) -> float:
        return self.head_seconds - self.base_seconds

    def all_below(self) -> Iterator[_Node]:
        for node in self.callees.values():
            yield node
            yield from node.all_below()


def flame_graph(stacks: Sequence[StackTimes]) -> FlameGraph | None:
    """None where head has no time to show."""
    root = _tree(stacks)
    if root.head_seconds < _LEAST_SECONDS:
        return None
    largest = max((abs(node.growth) for node in root.all_below()), default=0.0)
    rectangles = tuple(_laid_out(_WHOLE, root, x=0.0, depth=0, scale=WIDTH / root.head_seconds, largest=largest))
    return FlameGraph(rectangles, height=round(max(each.y for each in rectangles)) + ROW_HEIGHT)


def _tree(stacks: Sequence[StackTimes]) -> _Node:
    root = _Node()
    for stack in stacks:
        node = root
        for frame in (None, *stack.frames):
            node = node if frame is None else node.callees.setdefault(frame, _Node())
            node.base_seconds += stack.base_seconds
            node.head_seconds += stack.head_seconds
    return root


def _laid_out(name: str, node: _Node, *, x: float, depth: int, scale: float, largest: float) -> Iterator[Rectangle]:
    """The rectangle and those below it; callees side by side, by name, so that two graphs look alike."""
    width = node.head_seconds * scale
    if width < _NARROWEST:
        return
    room = int((width - 6) / _LETTER_WIDTH)
    yield Rectangle(
        x=round(x, 2),
        y=depth * ROW_HEIGHT,
        width=round(width, 2),
        fill=_fill(node.growth / largest if largest else 0.0),
        label=shortened(name, room) if room >= 3 else "",
        title=f"{name}: {_seconds(node.base_seconds)} on base, {_seconds(node.head_seconds)} on head",
    )
    for callee, below in sorted(node.callees.items()):
        yield from _laid_out(callee, below, x=x, depth=depth + 1, scale=scale, largest=largest)
        x += below.head_seconds * scale


def _seconds(seconds: float) -> str:
    return duration(seconds) if seconds else "none"


def _fill(share: float) -> str:
    """From -1, which shrank most, to 1, which grew most."""
    goal = _GREW if share > 0 else _SHRANK
    mixed = (round(pale + (full - pale) * min(1.0, abs(share))) for pale, full in zip(_PALE, goal, strict=True))
    return f"#{''.join(f'{part:02x}' for part in mixed)}"
