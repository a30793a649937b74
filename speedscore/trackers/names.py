"""The names under which a run is logged: one table for every tracker, valid in all, and never two things by one.

MLflow takes letters, digits and ``_ - . / :`` and blanks, 250 characters at most, no empty parts and no "..", and its
store of files makes a folder of each part, so that no name may be the beginning of another one's path. TensorBoard
groups by what stands before the first ``/``, and so does Weights & Biases, to which two names that differ by upper and
lower case alone are one. So names are paths of parts; what a part must not hold is replaced, and then its end tells it
from every other. Names say the unit: the last part is the metric's own name. Nothing is logged here.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

MOST_LETTERS = 52
"""Of a part without what tells it from others: the longest name then has 250 characters, with a device of 40."""
MOST_MACHINE_LETTERS = 15
"""Of a machine's name within a device."""
_DIGITS = 8
_MARKED = re.compile(rf"-[0-9a-f]{{{_DIGITS}}}$")
_OTHER = re.compile(r"[^A-Za-z0-9_.-]+")


class Name(msgspec.Struct, frozen=True):
    """A line of the table."""

    pattern: str
    """Parts, of which those in braces are filled in."""
    description: str
    keeps_case: bool = False
    """True where no tracker takes upper and lower case for the same."""

    def of(self, **parts: str) -> str:
        """The name of one figure or text."""
        return self.pattern.format_map({key: part(text, keep_case=self.keeps_case) for key, text in parts.items()})


FIGURE = Name(
    "{phase}/{model}/{framework}/{device}/{metric}",
    "a metric of a case: of its own the geometric mean over processes of the median round, of any other the median",
)
ROUND = Name(
    "rounds/{phase}/{model}/{framework}/{device}/{metric}", "the rounds of a case, a step each, as they were taken"
)
CHECK = Name(
    "checks/{phase}/{model}/{framework}/{device}/worst_error_over_tolerance",
    "of a case's certificate: 1 is the limit, 0 is exact",
)
RATIO = Name(
    "ratios/{phase}/{model}/{device}/{faster}/{slower}/{limit}",
    "how many times as fast one framework is as another: times_as_fast, and times_as_fast_low and times_as_fast_high, "
    "the limits of its 95 % interval",
)
PROBE = Name("probes/{family}/{id}/{metric}", "a metric of a probe, the median of its samples")
STATUS = Name("status/{status}_{what}", "how many cases were measured, failed or skipped, and probes answered")
RUN = Name("run/{field}", "id, created, preset, seed and in_process, as text")
ENVIRONMENT = Name(
    "environment/{field}",
    "a field of the machine, as text: environment/cpu.model, environment/git.commit",
    keeps_case=True,
)

MACHINE = Name(
    "machines/{machine}/{field}",
    "the same of another machine that cases of the run were measured on; those have it in their device, as in "
    "on-box-2-gpu",
    keeps_case=True,
)

METRICS = (FIGURE, ROUND, CHECK, RATIO, PROBE, STATUS)
"""Numbers: metrics of MLflow and Weights & Biases, scalars of TensorBoard."""
PARAMETERS = (RUN, ENVIRONMENT, MACHINE)
"""Text: parameters of MLflow, hyperparameters of TensorBoard, the configuration of Weights & Biases."""


def part(text: str, *, keep_case: bool = False, most_letters: int = MOST_LETTERS) -> str:
    """``text`` where it may be part of a name, or what is left of it and eight hexadecimal digits of all of it.

    Two texts that differ have parts that differ, also without regard to upper and lower case unless it is kept.
    """
    kept = _OTHER.sub("_", text if keep_case else text.lower())[:most_letters]
    if kept == text and text[:1].isalnum() and not _MARKED.search(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:_DIGITS]
    return f"{kept.lstrip('.-_') or 'x'}-{digest}"
