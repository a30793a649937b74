"""By which definition each fact is counted where there are several, in the words that stand in a fact's ``definition``.

Facts of one key are comparable where these words are the same, so fixtures that were counted in the same way by hand
bear the same words. ``docs/collecting.md`` says each of them at length. Nothing is counted here.
"""

from __future__ import annotations

COUNTED_BY_GITHUB = "GitHub"
"""Stars, forks and discussions, where others publish lists of them."""
COMMITS = "git, no merges, 52 weeks"
COMMITS_ON_GITHUB = "GitHub, with merges, 52 weeks"
CONTRIBUTORS = "git, joined by name or e-mail"
RECENT_CONTRIBUTORS = "git, joined by name or e-mail, 52 weeks"
"""Also of the absence factor, which is counted over them."""
TAGGED_RELEASES = "git tags, 52 weeks"
UPLOADED_RELEASES = "package index, 52 weeks"
FIRST_TAG = "git tags"
FIRST_UPLOAD = "package index"
