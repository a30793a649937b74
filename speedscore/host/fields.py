"""What a field of a fingerprint can hold: fields have flat dotted names, so that two machines can be compared."""

from __future__ import annotations

Scalar = str | int | float | bool | None
