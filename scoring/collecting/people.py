"""Who made a commit: one identity per person, bots told apart, and the contributor absence factor.

Identity is the e-mail after git's mailmap. Two e-mails that no mailmap joins are two people here; names never join
anybody, as several people share one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NO_REPLY = re.compile(r"(?:\d+\+)?(?P<login>[^@+]+)@users\.noreply\.github\.com")
# "[bot]" is GitHub's own mark for an app. A final word "bot" is none: it is also a surname.
_BOT = re.compile(r"\[bot\]|[-_]bot\b|\bbot[-_]")
_AUTOMATION = frozenset(
    {
        "copybara-service",
        "dependabot",
        "facebook-github-bot",
        "github actions",
        "github-actions",
        "google-ml-automation",
        "gardener",
        "mergify",
        "pre-commit-ci",
        "pyup-bot",
        "pytorchbot",
        "pytorchmergebot",
        "pytorchupdatebot",
        "renovate",
        "tensorflow copybara",
        "tensorflow-copybara",
        "tensorflower-gardener",
        "web-flow",
    }
)


def identity(email: str, *, name: str) -> str:
    """One string per person. GitHub's two forms of a private address, with and without a number, are the same one."""
    address = email.strip().lower()
    if match := _NO_REPLY.fullmatch(address):
        return match["login"]
    return address or name.strip().lower()


def is_bot(email: str, *, name: str) -> bool:
    """True for an app, a merge queue or an import service; when in doubt it is a person."""
    spoken, address = name.strip().lower(), email.strip().lower()
    mailbox = identity(address, name=spoken).partition("@")[0]
    return any(_BOT.search(text) or text in _AUTOMATION for text in (spoken, mailbox))


def absence_factor(commits: Iterable[int]) -> int:
    """The fewest people who made half of the commits (CHAOSS), from each person's number of commits.

    Raises ValueError where nobody made any.
    """
    ranked = sorted((count for count in commits if count > 0), reverse=True)
    if not ranked:
        raise ValueError("nobody made a commit")
    total, made = sum(ranked), 0
    for people, count in enumerate(ranked, start=1):
        made += count
        if 2 * made >= total:
            return people
    raise AssertionError("all people together made all commits")
