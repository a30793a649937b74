"""What GitHub's public API tells without a token, and how it refuses."""

from __future__ import annotations

import datetime

import pytest

from speedscore.scoring.collecting.collected import Collected, CollectError
from speedscore.scoring.collecting.github_public import collect
from tests.scoring.collecting.local_server import Reply, Request, as_json, nobody_there, serving

pytest.importorskip("httpx")

NOW = datetime.datetime(2024, 1, 31, 12, tzinfo=datetime.UTC)
TODAY = NOW.date()
FOUND = {"full_name": "google/flax", "stargazers_count": 5_144, "forks_count": 600, "open_issues_count": 7}


def ask(reply: Reply, *, until: datetime.date = TODAY) -> tuple[Collected, list[Request]]:
    requests: list[Request] = []

    def answer(request: Request) -> Reply:
        requests.append(request)
        return reply if len(requests) == 1 else as_json(FOUND)

    with serving(answer) as address:
        return collect("google/flax", endpoint=address, until=until, today=TODAY, now=NOW), requests


def refused(reply: Reply) -> str:
    with pytest.raises(CollectError) as caught:
        ask(reply)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_stranger_is_told_stars_and_forks_and_for_the_rest_what_it_takes() -> None:
    collected, (request,) = ask(as_json(FOUND))
    assert {fact.key: fact.value for fact in collected.facts} == {"github_stars": 5_144, "github_forks": 600}
    assert {fact.source for fact in collected.facts} == {"google/flax, GitHub REST API"}
    assert [missing.key for missing in collected.missing] == [
        "github_discussions",
        "issues_closed_within_30d_pct",
        "security_policy_level",
    ]
    assert all("set GITHUB_TOKEN" in missing.reason for missing in collected.missing)
    assert request.path == "/repos/google/flax"
    assert "authorization" not in request.headers


def test_a_past_day_gets_no_count_of_today() -> None:
    collected, _ = ask(as_json(FOUND), until=TODAY - datetime.timedelta(days=1))
    assert collected.facts == ()
    assert "only what it is today" in collected.missing[0].reason


def test_a_renamed_repository_is_followed() -> None:
    moved = as_json({"message": "Moved Permanently"}, status=301, Location="/repositories/1")
    collected, requests = ask(moved)
    assert collected.facts[0].value == 5_144
    assert requests[1].path == "/repositories/1"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            as_json({}, status=403, X_RateLimit_Remaining="0", X_RateLimit_Reset=str(int(NOW.timestamp()) + 600)),
            "60 questions an hour without a token, and they are used up; set GITHUB_TOKEN, or run it again after 12:10",
        ),
        (as_json({}, status=429, X_RateLimit_Reset="soon"), "or run it again in an hour"),
        (as_json({}, status=403, X_RateLimit_Remaining="0", X_RateLimit_Reset="1" * 30), "or run it again in an hour"),
        (as_json({}, status=403, Retry_After="60"), "are used up"),
        (as_json({}, status=403), "GitHub answered 403"),
        (as_json({}, status=404), "GitHub shows no public repository google/flax"),
        (as_json({}, status=500), "GitHub answered 500"),
        (as_json({"full_name": "x"}), "has not the form"),
        (Reply(200, b"<html>"), "has not the form"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(reply: Reply, message: str) -> None:
    assert message in refused(reply)


def test_without_a_network_one_line_says_so() -> None:
    with pytest.raises(CollectError, match="is the address right and the network up"):
        collect("google/flax", endpoint=nobody_there(), until=TODAY, today=TODAY, now=NOW)
