"""Which probes answer a question, and what of their answers is its value.

A rule of this kind is data in ``rubric.toml`` and is checked once, when it is made. It reads no run and knows no
framework: families, targets, outcomes and measurements are those that the probes themselves wrote into the saved run.
"""

from __future__ import annotations

import math

import msgspec


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The probes that prove a family: one that must pass and one that must not, for each framework and target."""

    family: str
    """The family that the controls belong to."""
    holds: str
    """Their outcome where the family's answers can be believed."""
    needless: tuple[str, ...]
    """Outcomes of the family that need no proof, as where there is no way to try."""


class ProbeMeasure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which probes, and exactly one statistic of them: ``worth``, ``count`` over ``of``, or ``figure``."""

    families: tuple[str, ...]
    """All are needed, and each has the same part in the value, however many probes it has."""
    targets: tuple[tuple[str, ...], ...] = ()
    """Each a group of alternatives: the best answer among them is the group's. Empty: every probe by itself, as a
    probe without a target always is."""
    subjects: tuple[str, ...] = ()
    """The subjects that are asked; empty for all."""
    worth: dict[str, float] = {}
    """Outcome → 0 to 1, an outcome that is not listed 0: the value is 100 times the mean."""
    unknown: tuple[str, ...] = ()
    """Outcomes that say nothing of the question, and so answer it no more than a probe that was skipped."""
    count: tuple[str, ...] = ()
    """Names of measurements: the value is 100 times their sum over the sum of those in ``of``."""
    of: tuple[str, ...] = ()
    figure: str = ""
    """Name of a measurement: the value is its mean over the probes, in its own unit."""
    own_questions: bool = False
    """Whether each line is asked what is its own, as with mistakes that only it allows. Then the scored and the base
    line both answer, each for itself, and frameworks are compared on all that each was asked; otherwise on what all of
    them were asked."""

    def __post_init__(self) -> None:
        targets = [name for group in self.targets for name in group]
        names = (*self.families, *self.subjects, *self.count, *self.of, *self.worth, *self.unknown, *targets)
        if not self.families or not all(self.targets) or not all(name.strip() for name in names):
            raise ValueError("expected families, and no empty name or group of targets, in probes")
        if sum(map(bool, (self.worth, self.count, self.figure))) != 1:
            raise ValueError("expected exactly one of worth, count and figure in probes")
        if bool(self.count) != bool(self.of):
            raise ValueError("count and of need each other in probes")
        if not all(math.isfinite(worth) and 0 <= worth <= 1 for worth in self.worth.values()):
            raise ValueError("a worth in probes lies outside 0 to 1")
        if self.worth and not max(self.worth.values()) == 1:
            raise ValueError("no outcome in worth is worth 1, so nothing could answer in full")
        if len(set(targets)) < len(targets) or len(set(self.families)) < len(self.families):
            raise ValueError("a family or target is named twice in probes")
        if self.targets and not self.worth:
            raise ValueError("groups of targets need worth, by which the best of them is known")

    def asks(self, *, family: str, subject: str) -> bool:
        """Whether a probe of this family and subject is one of those that answer, whatever its target."""
        return family in self.families and (not self.subjects or subject in self.subjects)

    def target_group(self, target: str) -> tuple[str, ...]:
        """The alternatives that ``target`` is one of; empty where the question does not ask for it."""
        if not self.targets or not target:
            return (target,)
        return next((group for group in self.targets if target in group), ())
