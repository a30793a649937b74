"""Which of several upgraded packages made a case slower: a bisection over sets of them that resolve.

The sets grow from none of the packages to all, and each can be installed: what one package needs of another is upgraded
with it. It installs nothing and runs no gate: whoever asks says how a set is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from packaging.utils import canonicalize_name

from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.upgrades.conflicts import conflicts, required_name, that_name
from speedscore.gate.upgrades.pins import Pin

Names = frozenset[str]


class BlameStep(msgspec.Struct, frozen=True):
    """One set of packages, upgraded and gated."""

    upgraded: tuple[str, ...]
    is_slower: bool | None
    """None where it could not be gated, or not be told."""
    ratio: float | None = None
    """Of the case's time, over that of the present environment."""


class Blame(msgspec.Struct, frozen=True):
    """What the bisection came to."""

    case: str
    packages: tuple[str, ...]
    """With them the case got slower; several where none of them can be upgraded without the others, or where the sets
    between could not be gated."""
    before: tuple[str, ...]
    """Upgraded already when they made the difference."""
    steps: tuple[BlameStep, ...]


def growing_sets(pins: Sequence[Pin], present: Environment, upgraded: Environment) -> list[Names]:
    """Sets of names that resolve, each within the next, from none of the packages to all of them."""
    whole = frozenset(pin.name for pin in pins)
    sets: list[Names] = [frozenset()]
    needs = _Needs(pins, present, upgraded)
    closures = {closure for name in whole if (closure := needs.closed(frozenset({name}))) is not None}
    for closure in sorted(closures, key=lambda each: (len(each), sorted(each))):
        larger = needs.closed(sets[-1] | closure)
        if larger is not None and larger > sets[-1]:
            sets.append(larger)
    return sets if sets[-1] == whole else [*sets, whole]


def find_blame(case: str, sets: Sequence[Names], judge: Callable[[Names], BlameStep]) -> Blame:
    """Bisect ``sets``, of which the last is known to be slower and the first is the base."""
    left, steps = list(sets), list[BlameStep]()
    low, high = 0, len(left) - 1
    while high - low > 1:
        middle = (low + high) // 2
        step = judge(left[middle])
        steps.append(step)
        if step.is_slower is None:
            del left[middle]
            high -= 1
        elif step.is_slower:
            high = middle
        else:
            low = middle
    blamed = tuple(sorted(left[high] - left[low]))
    return Blame(case=case, packages=blamed, before=tuple(sorted(left[low])), steps=tuple(steps))


class _Needs:
    """What the packages need of each other, in the version that they have now and in that of the upgrade."""

    def __init__(self, pins: Sequence[Pin], present: Environment, upgraded: Environment) -> None:
        installed: dict[str, str] = {canonicalize_name(name): version for name, version in upgraded.packages.items()}
        self._new = {pin.name: installed.get(pin.name, pin.version) for pin in pins}
        self._old = {canonicalize_name(name): version for name, version in present.packages.items()}
        self._old_requires = that_name(present.requires, self._new.keys())
        self._new_requires = that_name(upgraded.requires, self._new.keys())
        # What is not in order now, or will not be, is no reason against a set in between.
        self._known = {each for names in (frozenset[str](), frozenset(self._new)) for each in self._broken(names)}

    def closed(self, names: Names) -> Names | None:
        """The names with all that must be upgraded with them; None where nothing can be added to that end."""
        while broken := self._broken(names) - self._known:
            needed = {name for pair in broken for name in pair} & (self._new.keys() - names)
            if not needed:
                return None
            names |= needed
        return names

    def _broken(self, names: Names) -> set[tuple[str, str]]:
        """Who needs another version of whom, where these names are upgraded and the others are not."""
        versions = self._old | {name: self._new[name] for name in names}
        changed = {name: self._new_requires.get(name, ()) for name in names}
        requires = {name: lines for name, lines in self._old_requires.items() if name not in names} | changed
        broken = {(each.package, required_name(each.requirement)) for each in conflicts(requires, versions)}
        needed = {(package, required_name(line)) for package, lines in requires.items() for line in lines}
        return broken | {(package, name) for package, name in needed if name not in versions}
