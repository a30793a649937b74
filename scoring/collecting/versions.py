"""Which names are releases: ``1.2``, ``v1.2.3``, ``jax-v0.4.23``.

What a version is, and which are pre-releases, is ``packaging``'s to say (PEP 440). Versions are recognised here and
never put in order.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from packaging.utils import canonicalize_name
from packaging.version import Version

_PROJECT_TAG = re.compile(r"(?P<project>.+?)[-_/@](?P<version>v?\d.*)")


def read_version(text: str) -> Version | None:
    """The version that a text is; None for any other, and for a whole number: ``2024`` or ``7`` is no release."""
    if text != text.strip():
        return None
    try:
        version = Version(text)
    except ValueError:
        # Also for a number with thousands of digits, which Python does not convert.
        return None
    return version if len(version.release) > 1 else None


def version_in_tag(tag: str, *, projects: Collection[str]) -> Version | None:
    """The version that a tag names, or None for any other tag.

    A repository may hold several projects, each with tags of its own: ``jaxlib-v0.4.23`` is no release of ``jax``. So
    only the names in ``projects``, ``release`` and ``v`` may stand before the version.
    """
    if version := read_version(tag):
        return version
    match = _PROJECT_TAG.fullmatch(tag.lower())
    if match is None:
        return None
    allowed = {canonicalize_name(project) for project in (*projects, "release")}
    return read_version(match["version"]) if canonicalize_name(match["project"]) in allowed else None
