"""What comparing looks at of the fields of a case, worked out once for all runs that share them: a history has
thousands whose fields are alike. It compares nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache

import msgspec

from speedscore.comparing.fields import rule_of
from speedscore.host.fields import Scalar


class ComparedFields(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Where two cases have the same object, nothing that comparing looks at differs; two that are equal may be two."""

    of_run: Mapping[str, Scalar]
    """Of the session and the machine."""
    together: Mapping[str, Scalar]
    """These, and the case's own."""
    must_agree: Hashable
    """The names of those that must agree, and their values."""


class LookedAt(msgspec.Struct, frozen=True, gc=False):
    """Of the fields of the session and the machine, or of the case's own, those that comparing looks at."""

    fields: dict[str, Scalar]
    must_agree: tuple[Scalar, ...]
    """Names, and then values."""


def look_at(fields: Mapping[str, Scalar]) -> LookedAt:
    looked_at, refusing = names_of(tuple(fields))
    return LookedAt({name: fields[name] for name in looked_at}, (*refusing, *[fields[name] for name in refusing]))


def together(of_run: LookedAt, of_case: LookedAt) -> ComparedFields:
    return ComparedFields(
        of_run=of_run.fields,
        together=of_run.fields | of_case.fields,
        must_agree=(of_run.must_agree, of_case.must_agree),
    )


@lru_cache(maxsize=1024)
def names_of(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that comparing looks at, and among them, sorted, those whose values must agree. Most runs name the same."""
    looked_at = [name for name in names if rule_of(name).action != "ignore"]
    return tuple(looked_at), tuple(sorted(name for name in looked_at if rule_of(name).action == "refuse"))
