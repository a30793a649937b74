"""What GitHub tells of a public repository to somebody without a token: stars and forks of today.

Its REST API answers strangers 60 times an hour. Discussions are not told there, and the issues of a year are more
pages than that; both are missing, with the reason. Nothing is waited for.
"""

from __future__ import annotations

import datetime

import msgspec

from speedscore.scoring.collecting import definitions, github, web
from speedscore.scoring.collecting.collected import Collected, CollectError, MissingFact, joined

REST = "https://api.github.com"
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "speedscore"}


class _Repository(msgspec.Struct, frozen=True):
    full_name: str
    stargazers_count: int
    forks_count: int


def collect(
    repository: str, *, endpoint: str = REST, until: datetime.date, today: datetime.date, now: datetime.datetime
) -> Collected:
    """What the public API says of ``owner/name``. Raises CollectError where it says nothing."""
    url = f"{endpoint.rstrip('/')}/repos/{github.checked_name(repository)}"
    # A repository that was renamed answers with its new address; no token is there to be carried elsewhere.
    with web.open_client(headers=_HEADERS, follow_redirects=True) as client:
        found = _decode(web.send(client, "GET", url), repository=repository, now=now)
    values = {
        "github_stars": (found.stargazers_count, "stars", "stargazers_count of that day"),
        "github_forks": (found.forks_count, "forks", "forks_count of that day"),
    }
    needs_token = "GitHub tells it only with a token: set GITHUB_TOKEN"
    missing = tuple(
        MissingFact(key=key, reason=needs_token)
        for key in ("github_discussions", "issues_closed_within_30d_pct", "security_policy_level")
    )
    counted = github.counts_of_today(
        values,
        source=f"{found.full_name}, GitHub REST API",
        until=until,
        today=today,
        definition=definitions.COUNTED_BY_GITHUB,
    )
    return joined((counted, Collected(missing=missing)))


def _decode(response: web.Answer, *, repository: str, now: datetime.datetime) -> _Repository:
    status, headers = response.status_code, response.headers
    if status == 429 or (status == 403 and (headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers)):
        raise CollectError(
            "GitHub answers 60 questions an hour without a token, and they are used up; "
            f"set GITHUB_TOKEN, or run it again {_when(headers.get('x-ratelimit-reset', ''), now=now)}"
        )
    if status == 404:
        raise CollectError(f"GitHub shows no public repository {repository}; check --repository, or set GITHUB_TOKEN")
    if status != 200:
        raise CollectError(f"GitHub answered {status} where 200 was expected; try again later, or set GITHUB_TOKEN")
    try:
        return msgspec.json.decode(response.content, type=_Repository)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CollectError(
            f"GitHub's answer has not the form that its API documents ({' '.join(str(error).split())})"
        ) from None


def _when(reset: str, *, now: datetime.datetime) -> str:
    """When the next hour begins, as far as GitHub says it."""
    try:
        moment = datetime.datetime.fromtimestamp(int(reset), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return "in an hour"
    return f"after {moment:%H:%M} UTC" if moment > now else "now"
