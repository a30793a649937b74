"""What a field of a fingerprint can hold: fields have flat dotted names, so that two machines can be compared."""

from __future__ import annotations

from typing import Annotated

import msgspec

from speedscore.text.cleaning import NAME_PATTERN

Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
"""One line that a terminal prints as it stands; checked where a file is read."""

Scalar = str | int | float | bool | None
