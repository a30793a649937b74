"""Facts that only GitHub knows: stars, forks, discussions, how soon issues are closed, and its security policy.

It also counts the commits of a year, merges included, which for a repository too large to clone is all there is.
Every question is a query over GitHub's documented GraphQL schema. Nothing is written to GitHub, and a count of today
never stands for one of another day.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping

import msgspec

from speedscore.scoring.collecting import definitions
from speedscore.scoring.collecting.collected import Collected, CollectedFact, CollectError, MissingFact, joined
from speedscore.scoring.collecting.github_api import RATE, GitHub, Moment
from speedscore.scoring.collecting.window import WEEKS, Window, per_week, weeks_before

CLOSED_WITHIN = datetime.timedelta(days=30)

_COUNTS = f"""query($owner: String!, $name: String!, $since: GitTimestamp!, $until: GitTimestamp!) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner stargazerCount forkCount hasDiscussionsEnabled isSecurityPolicyEnabled
    discussions(first: 1) {{ totalCount }}
    defaultBranchRef {{ target {{ ... on Commit {{ history(since: $since, until: $until) {{ totalCount }} }} }} }}
  }}
  {RATE}
}}"""
_ISSUES = f"""query($owner: String!, $name: String!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    issues(first: 100, after: $after, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ createdAt closedAt }}
    }}
  }}
  {RATE}
}}"""


class _Total(msgspec.Struct, frozen=True, rename="camel"):
    total_count: int


class _Commit(msgspec.Struct, frozen=True):
    history: _Total


class _Branch(msgspec.Struct, frozen=True):
    target: _Commit


class _Counts(msgspec.Struct, frozen=True, rename="camel"):
    name_with_owner: str
    stargazer_count: int
    fork_count: int
    has_discussions_enabled: bool
    discussions: _Total
    is_security_policy_enabled: bool | None = None
    default_branch_ref: _Branch | None = None
    """None of a repository without a commit."""


class _CountsData(msgspec.Struct, frozen=True):
    repository: _Counts


class Issue(msgspec.Struct, frozen=True, rename="camel"):
    """When it was opened and, unless it is open, last closed."""

    created_at: Moment
    closed_at: Moment | None = None


class _PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    page_info: _PageInfo
    nodes: tuple[Issue | None, ...] | None


class _Issues(msgspec.Struct, frozen=True):
    issues: _Page


class _IssuesData(msgspec.Struct, frozen=True):
    repository: _Issues


def collect(github: GitHub, repository: str, *, until: datetime.date, today: datetime.date) -> Collected:
    """What GitHub says of ``owner/name``. Raises CollectError where it says nothing.

    Stars, forks, discussions and the policy are those of ``today``: GitHub keeps no older counts, so for an ``until``
    before today they are missing.
    """
    owner, _, name = checked_name(repository).partition("/")
    year = weeks_before(until)
    stretch = {"since": f"{year.since}T00:00:00Z", "until": f"{until}T23:59:59Z"}
    counts = github.ask(_COUNTS, {"owner": owner, "name": name, **stretch}, form=_CountsData).repository
    source = f"{counts.name_with_owner}, GitHub GraphQL API"
    # Every issue that is asked about has had its thirty days in full.
    window = weeks_before(until - CLOSED_WITHIN - datetime.timedelta(days=1))
    issues = list(issues_created(github, owner, name, window=window))
    return joined(
        (
            _counted(counts, source=source, until=until, today=today),
            _policy(counts.is_security_policy_enabled, source=source, until=until, today=today),
            _commits(counts, window=year, source=source),
            _closed(issues, window=window, source=source, until=until),
        )
    )


def checked_name(repository: str) -> str:
    """``owner/name`` as given. Raises CollectError for anything else."""
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", repository):
        raise CollectError(f"--repository {repository!r} is not owner/name, as in google/flax")
    return repository


def issues_created(github: GitHub, owner: str, name: str, *, window: Window) -> Iterator[Issue]:
    """The issues created within ``window``, the newest first."""
    after: str | None = None
    while True:
        page = github.ask(_ISSUES, {"owner": owner, "name": name, "after": after}, form=_IssuesData).repository.issues
        issues = [issue for issue in page.nodes or () if issue is not None]
        yield from (issue for issue in issues if issue.created_at in window)
        past = any(issue.created_at.astimezone(datetime.UTC).date() < window.since for issue in issues)
        if past or not page.page_info.has_next_page:
            return
        if page.page_info.end_cursor in (None, after):
            raise CollectError("GitHub's pages of issues do not go on: the same cursor came twice; try again later")
        after = page.page_info.end_cursor


def counts_of_today(
    values: Mapping[str, tuple[float, str, str]],
    *,
    source: str,
    until: datetime.date,
    today: datetime.date,
    definition: str = "",
) -> Collected:
    """``values`` (key → value, unit, method) as facts of ``today``; all missing where another day is asked for."""
    if until != today:
        reason = f"GitHub tells only what it is today, and {until} was asked for"
        return Collected(missing=tuple(MissingFact(key=key, reason=reason) for key in values))
    return Collected(
        facts=tuple(
            CollectedFact(
                key=key,
                value=value,
                unit=unit,
                as_of=str(until),
                source=source,
                method=method,
                definition=definition,
            )
            for key, (value, unit, method) in values.items()
        )
    )


def _counted(counts: _Counts, *, source: str, until: datetime.date, today: datetime.date) -> Collected:
    values: dict[str, tuple[float, str, str]] = {
        "github_stars": (counts.stargazer_count, "stars", "stargazerCount of that day"),
        "github_forks": (counts.fork_count, "forks", "forkCount of that day, forks of forks included"),
    }
    missing = []
    if counts.has_discussions_enabled:
        method = "discussions.totalCount of that day"
        values["github_discussions"] = (counts.discussions.total_count, "threads", method)
    else:
        missing.append(MissingFact(key="github_discussions", reason="the repository has discussions turned off"))
    definition = definitions.COUNTED_BY_GITHUB
    counted = counts_of_today(values, source=source, until=until, today=today, definition=definition)
    return joined((counted, Collected(missing=tuple(missing))))


def _policy(enabled: bool | None, *, source: str, until: datetime.date, today: datetime.date) -> Collected:
    key = "security_policy_level"
    if enabled is None:
        return Collected(missing=(MissingFact(key=key, reason="GitHub does not say whether there is a policy"),))
    method = "isSecurityPolicyEnabled of that day: its own policy, or its organisation's"
    return counts_of_today({key: (10 if enabled else 0, "level", method)}, source=source, until=until, today=today)


def _commits(counts: _Counts, *, window: Window, source: str) -> Collected:
    """Commits a week up to any day: unlike the other counts, GitHub still has the history."""
    if counts.default_branch_ref is None:
        return Collected(missing=(MissingFact(key="commits_per_week", reason="the repository has no main branch"),))
    total = counts.default_branch_ref.target.history.total_count
    return Collected(
        facts=(
            CollectedFact(
                key="commits_per_week",
                value=per_week(total),
                unit="commits/week",
                as_of=str(window.until),
                source=source,
                method=f"{total:,} commits on the main branch over {WEEKS} weeks, {window}, merges and bots included",
                definition=definitions.COMMITS_ON_GITHUB,
            ),
        )
    )


def _closed(issues: list[Issue], *, window: Window, source: str, until: datetime.date) -> Collected:
    key = "issues_closed_within_30d_pct"
    if not issues:
        return Collected(missing=(MissingFact(key=key, reason=f"no issue was created from {window}"),))
    soon = sum(issue.closed_at is not None and issue.closed_at - issue.created_at <= CLOSED_WITHIN for issue in issues)
    return Collected(
        facts=(
            CollectedFact(
                key=key,
                value=round(100 * soon / len(issues), 1),
                unit="%",
                as_of=str(until),
                source=source,
                method=(f"{soon} of {len(issues)} issues created {window}, each by its last closing"),
            ),
        )
    )
