"""Digests of arrays, by which two processes find out whether they hold the same to the bit without sending any.

It imports no framework, and never rounds: two arrays have one digest exactly when type, shape and every bit agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np


def digest_arrays(arrays: Mapping[str, Any]) -> dict[str, str]:
    """Name → 16 hex digits of whatever ``numpy.asarray`` makes of each array."""
    return {name: _digest(np.asarray(array)) for name, array in arrays.items()}


def _digest(array: Any) -> str:
    heading = f"{array.dtype} {array.shape} ".encode()
    return hashlib.sha256(heading + np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def first_difference(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """The first name, in the order of ``expected``, that one side lacks or whose digests differ; empty for none."""
    for name in (*expected, *found):
        if expected.get(name) != found.get(name):
            return name
    return ""
