"""By which definition each fact is counted where there are several, in the words that stand in a fact's ``definition``.

Facts of one key are comparable where these words are the same, so fixtures that were counted in the same way by hand
bear the same words. ``docs/collecting.md`` says each of them at length. Nothing is counted here.
"""

from __future__ import annotations

COMMITS = "git, no merges, 52 weeks"
CONTRIBUTORS = "git, no merges, joined by address and name"
RECENT_CONTRIBUTORS = "git, no merges, joined by address and name, 52 weeks"
"""Also of the absence factor, which is counted over them."""
TAGGED_RELEASES = "git tags, final versions, 52 weeks"
UPLOADED_RELEASES = "package index, final versions, 52 weeks"
FIRST_TAG = "git tags, first final version"
FIRST_UPLOAD = "package index, first final version"
