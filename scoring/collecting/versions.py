"""Which names are releases: ``1.2``, ``v1.2.3``, ``jax-v0.4.23``; and which are pre-releases of one.

Versions are recognised and never put in order.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_VERSION = re.compile(
    r"(?P<release>\d+(?:\.\d+)+)"
    r"(?P<pre>[-_.]?(?:alpha|beta|preview|pre|rc|a|b|c)[-_.]?\d*)?"
    r"(?P<post>(?:[-_.]?(?:post|rev|r)[-_.]?\d*)|(?:-\d+))?"
    r"(?P<dev>[-_.]?dev[-_.]?\d*)?"
    r"(?:\+[a-z0-9.]+)?"
)
"""PEP 440, less epochs and whole numbers: a tag ``2024`` or ``build-7`` is no release."""
_PROJECT_TAG = re.compile(r"(?P<project>.+?)[-_/@]v?(?P<version>\d.*)")


def is_version(text: str) -> bool:
    return _VERSION.fullmatch(text.lower()) is not None


def is_final(text: str) -> bool:
    """True for a version that is neither a pre-release nor a development release."""
    match = _VERSION.fullmatch(text.lower())
    return match is not None and not match["pre"] and not match["dev"]


def version_in_tag(tag: str, *, projects: Collection[str]) -> str | None:
    """The version that a tag names, or None for any other tag.

    A repository may hold several projects, each with tags of its own: ``jaxlib-v0.4.23`` is no release of ``jax``. So
    only the names in ``projects``, ``release`` and ``v`` may stand before the version.
    """
    text = tag.lower()
    if is_version(text.removeprefix("v")):
        return text.removeprefix("v")
    match = _PROJECT_TAG.fullmatch(text)
    if match is None or not is_version(match["version"]):
        return None
    allowed = {normal_name(project) for project in (*projects, "release")}
    return match["version"] if normal_name(match["project"]) in allowed else None


def normal_name(name: str) -> str:
    """A project's name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
