"""Who made a commit: which names and addresses are one person, which are of no person, and the absence factor.

This is the one definition of people, for the collector and for the counts in the fixtures. Two commits are of one
person where git's mailmap or the address joins them, or where they bear the same full name; a placeholder such as
``root`` joins nobody. Apps, import services and agents are told apart from people. Nothing here reads a repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_NO_REPLY = re.compile(r"(?:\d+\+)?(?P<login>[^@+]+)@users\.noreply\.github\.com")
# "[bot]" is GitHub's own mark for an app. A final word "bot" is none: it is also a surname.
_BOT = re.compile(r"\[bot\]|[-_](?:ro)?bot\b|\b(?:ro)?bot[-_]")
_GROUP = re.compile(r"\b(?:authors|contributors?|team|maintainers)$")
"""How an import signs for people whose names it drops, as in ``jax authors``; "Author" alone may be anybody."""
_MAILBOXES = frozenset({"actions", "agent", "automation", "bot", "do-not-reply", "no-reply", "noreply", "robot"})
"""No person reads them, whoever signs: import services and coding agents commit from such addresses. GitHub's private
addresses are no such ones, as the person's login stands before the ``@``."""
_SERVICES = frozenset(
    {
        "actions-user",
        "codex",
        "copilot",
        "copilot-swe-agent",
        "copybara-service",
        "copybara-worker",
        "cursor agent",
        "cursoragent",
        "dependabot",
        "devin ai",
        "facebook-github-bot",
        "github actions",
        "github copilot",
        "github-actions",
        "google-ml-automation",
        "gardener",
        "imgbot",
        "mergify",
        "openhands",
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
_PLACEHOLDERS = frozenset(
    {"", "admin", "anonymous", "author", "author name", "none", "root", "ubuntu", "unknown", "user", "your name"}
)
"""What git or a tutorial puts where a name belongs."""


class Author(NamedTuple):
    """Who signed a commit, after git's mailmap."""

    email: str
    name: str

    @property
    def address(self) -> str:
        """The email in one spelling: GitHub's two forms of a private address, with and without a number, become one."""
        address = self.email.strip().lower()
        match = _NO_REPLY.fullmatch(address)
        return match["login"] if match else address

    @property
    def full_name(self) -> str:
        return " ".join(self.name.casefold().split())

    @property
    def is_service(self) -> bool:
        """True for an app, a merge queue, an import service or a coding agent; when in doubt it is a person."""
        mailbox = self.address.partition("@")[0]
        # Before the "@" of a private address stands a login, which may be anything.
        if mailbox != self.address and mailbox in _MAILBOXES:
            return True
        return bool(_GROUP.search(self.full_name)) or any(
            _BOT.search(text) or text in _SERVICES for text in (self.full_name, mailbox)
        )


def join_people(authors: Iterable[Author]) -> dict[Author, str]:
    """Each author's person: one and the same text for all whom an address or a full name joins, over any number of
    steps, whatever their order."""
    authors = sorted(set(authors))
    leader: dict[str, str] = {}

    def find(mark: str) -> str:
        while leader.setdefault(mark, mark) != mark:
            mark = leader[mark] = leader[leader[mark]]
        return mark

    for author in authors:
        marks = _marks(author)
        for mark in marks[1:]:
            first, other = sorted((find(marks[0]), find(mark)))
            leader[other] = first
    return {author: find(_marks(author)[0]) for author in authors}


def _marks(author: Author) -> list[str]:
    """What a person can be known by; at least one."""
    marks = [f"address {author.address}"] if author.address else []
    marks += [f"name {author.full_name}"] if author.full_name not in _PLACEHOLDERS else []
    return marks or [f"name {author.full_name}"]


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
