"""Which machine a run was made on: runs of one machine may be compared, and those of two are never mixed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec

from speedscore.history.figures.compared_fields import names_of
from speedscore.host.fields import Scalar

_DIGITS = 12
_MOST_LETTERS = 24


def machine_id(environment: Mapping[str, Scalar]) -> str:
    """The processor's name, for people, and twelve hexadecimal digits, as in ``amd-epyc-0123456789ab``.

    The digits are of every field that ``speedscore compare`` refuses to see differ: the processor, how many there are
    and which a run may use, graphics cards, limits of memory, the interpreter. So what shares them can be compared, and
    a machine whose quota or card was changed counts as another. The name is safe as a folder's.
    """
    fields = [(name, environment[name]) for name in names_of(tuple(environment))[1]]
    digest = hashlib.sha256(msgspec.json.encode(fields)).hexdigest()[:_DIGITS]
    name = re.sub(r"[^a-z0-9]+", "-", str(environment.get("cpu.model", "")).lower())[:_MOST_LETTERS].strip("-")
    return f"{name or 'machine'}-{digest}"
