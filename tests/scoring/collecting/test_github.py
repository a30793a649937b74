"""GitHub's GraphQL API as documented: pages, points, secondary limits, refusals. No second is really waited."""

from __future__ import annotations

import datetime

import msgspec
import pytest

from speedscore.scoring.collecting.collected import Collected, CollectError
from speedscore.scoring.collecting.github import checked_name, collect
from speedscore.scoring.collecting.github_api import PATIENCE_SECONDS, GitHub, Waiting
from tests.scoring.collecting.graphql_server import FakeGitHub
from tests.scoring.collecting.local_server import Reply, Request, as_json, nobody_there, serving

pytest.importorskip("httpx")

UNTIL = datetime.date(2024, 1, 31)
NOON = datetime.datetime(2024, 1, 31, 12, tzinfo=datetime.UTC)
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.moment = NOON.timestamp()
        self.slept: list[float] = []
        self.said: list[str] = []

    def waiting(self) -> Waiting:
        return Waiting(now=lambda: self.moment, sleep=self.sleep, say=self.said.append)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ask(
    server: FakeGitHub,
    clock: Clock,
    *,
    token: str = "a-token",
    until: datetime.date = UNTIL,
    repository: str = "google/flax",
) -> Collected:
    with serving(server) as address, GitHub(token, endpoint=f"{address}/graphql", waiting=clock.waiting()) as github:
        return collect(github, repository, until=until, today=UNTIL)


def refused(server: FakeGitHub, clock: Clock, **options: str) -> str:
    with pytest.raises(CollectError) as caught:
        ask(server, clock, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    assert options.get("token", "a-token") not in message
    return message


def values(collected: Collected) -> dict[str, float]:
    return {fact.key: fact.value for fact in collected.facts}


def day(date: datetime.date, *, hour: int = 12) -> str:
    return f"{date}T{hour:02}:00:00Z"


def issue(created: datetime.date, *, closed_after_days: int | None) -> tuple[str, str | None]:
    closed = None if closed_after_days is None else day(created + datetime.timedelta(days=closed_after_days))
    return day(created), closed


def test_the_counts_of_today_and_the_share_of_issues_closed(clock: Clock) -> None:
    server = FakeGitHub()
    # Of the four in the window, two within thirty days. The window ends on 2023-12-31 and begins 364 days before.
    server.issues = [
        issue(datetime.date(2024, 1, 1), closed_after_days=1),
        issue(datetime.date(2023, 12, 31), closed_after_days=30),
        issue(datetime.date(2023, 8, 1), closed_after_days=31),
        issue(datetime.date(2023, 6, 1), closed_after_days=None),
        issue(datetime.date(2023, 1, 2), closed_after_days=0),
        issue(datetime.date(2023, 1, 1), closed_after_days=0),
    ]
    # The last second of the 52 weeks, their first one, and the one before.
    server.commits = ["2024-01-31T23:59:59Z", "2023-02-02T00:00:00Z", "2023-02-01T23:59:59Z"]
    collected = ask(server, clock)
    assert values(collected) == {
        "github_stars": 5_144,
        "github_forks": 600,
        "github_discussions": 1_500,
        "security_policy_level": 0,
        "commits_per_week": 0.04,
        "issues_closed_within_30d_pct": 50.0,
    }
    assert collected.missing == ()
    assert {fact.as_of for fact in collected.facts} == {"2024-01-31"}
    assert {fact.source for fact in collected.facts} == {"google/flax, GitHub GraphQL API"}
    ways = {fact.key: fact.definition for fact in collected.facts}
    assert ways["github_stars"] == ways["github_forks"] == ways["github_discussions"] == "GitHub"
    assert ways["commits_per_week"] == "GitHub, with merges, 52 weeks"
    # There is one way to count these.
    assert ways["security_policy_level"] == ways["issues_closed_within_30d_pct"] == ""
    assert "2 of 4 issues created 2023-01-02 to 2023-12-31" in collected.facts[-1].method
    assert clock.slept == []


@pytest.mark.parametrize(("policy", "level"), [(True, 10), (False, 0), (None, None)])
def test_a_policy_is_what_github_shows_and_unknown_where_it_does_not_say(
    clock: Clock, policy: bool | None, level: float | None
) -> None:
    server = FakeGitHub()
    server.security_policy = policy
    collected = ask(server, clock)
    assert values(collected).get("security_policy_level") == level
    assert ("security_policy_level" in {missing.key for missing in collected.missing}) == (policy is None)


def test_commits_of_a_past_year_are_still_known_and_those_of_no_branch_are_not(clock: Clock) -> None:
    server = FakeGitHub()
    server.commits = ["2023-01-05T00:00:00Z"] * 520
    assert values(ask(server, clock, until=datetime.date(2023, 12, 31)))["commits_per_week"] == 10
    server.commits = None
    collected = ask(server, clock)
    assert "commits_per_week" not in values(collected)
    assert "commits_per_week" in {missing.key for missing in collected.missing}


def test_every_page_of_the_window_is_asked_for_and_none_beyond(clock: Clock) -> None:
    server = FakeGitHub()
    newest = datetime.date(2023, 12, 31)
    # 250 issues in the window, every fifth still open, then 200 older ones, of which the first 50 share a page with it.
    server.issues = [issue(newest, closed_after_days=None if number % 5 == 0 else 3) for number in range(250)]
    server.issues += [issue(datetime.date(2022, 1, 1), closed_after_days=3)] * 200
    assert values(ask(server, clock))["issues_closed_within_30d_pct"] == 80.0
    cursors = [msgspec.json.decode(request.body)["variables"].get("after") for request in server.requests[1:]]
    assert cursors[0] is None
    assert len(cursors) == len(set(cursors)) == 3


def test_pages_that_do_not_go_on_end_the_collection(clock: Clock) -> None:
    server = FakeGitHub()
    page = {
        "pageInfo": {"hasNextPage": True, "endCursor": None},
        "nodes": [{"createdAt": day(UNTIL), "closedAt": None}],
    }

    def answer(request: Request) -> Reply:
        known = server(request)
        return known if len(server.requests) == 1 else as_json({"data": {"repository": {"issues": page}}})

    with (
        serving(answer) as address,
        GitHub("a-token", endpoint=address, waiting=clock.waiting()) as github,
        pytest.raises(CollectError, match="do not go on"),
    ):
        collect(github, "google/flax", until=UNTIL, today=UNTIL)


def test_a_past_day_gets_no_count_of_today(clock: Clock) -> None:
    server = FakeGitHub()
    server.issues = [issue(datetime.date(2023, 6, 1), closed_after_days=2)]
    collected = ask(server, clock, until=datetime.date(2023, 12, 31))
    assert values(collected) == {"commits_per_week": 0, "issues_closed_within_30d_pct": 100.0}
    assert [missing.key for missing in collected.missing] == [
        "github_stars",
        "github_forks",
        "github_discussions",
        "security_policy_level",
    ]
    assert "only what it is today" in collected.missing[0].reason


def test_what_a_repository_does_not_have_is_missing_and_not_zero(clock: Clock) -> None:
    server = FakeGitHub()
    server.discussions_enabled, server.discussions = False, 0
    collected = ask(server, clock)
    assert values(collected) == {
        "github_stars": 5_144,
        "github_forks": 600,
        "security_policy_level": 0,
        "commits_per_week": 0,
    }
    assert [missing.key for missing in collected.missing] == ["github_discussions", "issues_closed_within_30d_pct"]


def test_used_up_points_are_waited_for_before_the_next_question(clock: Clock) -> None:
    server = FakeGitHub()
    server.remaining, server.reset_at = 1, NOON + datetime.timedelta(seconds=120)
    ask(server, clock)
    assert clock.slept == [121.0]
    assert clock.said == ["waiting 121 s for GitHub: the points of this hour are used up"]


def test_a_reset_that_has_passed_is_not_waited_for(clock: Clock) -> None:
    server = FakeGitHub()
    server.remaining, server.reset_at = 1, NOON - datetime.timedelta(seconds=1)
    ask(server, clock)
    assert clock.slept == []


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (as_json(SECONDARY, status=403, Retry_After="37"), [37.0]),
        (as_json(SECONDARY, status=429, Retry_After="5"), [5.0]),
        (as_json({}, status=429), [60.0]),
        (as_json(SECONDARY, status=403), [60.0]),
        (as_json({"errors": [SECONDARY]}), [60.0]),
        (as_json({}, status=403, Retry_After="0"), [1.0]),
        (as_json(SECONDARY, status=403, Retry_After="Wed, 31 Jan 2024 12:00:10 GMT"), [60.0]),
        (
            as_json(
                {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]},
                x_ratelimit_remaining="0",
                x_ratelimit_reset=str(int(NOON.timestamp()) + 300),
            ),
            [301.0],
        ),
        (Reply(502, b"<html>no JSON here</html>"), [5.0]),
        (Reply(504, b""), [5.0]),
    ],
    ids=str,
)
def test_a_limit_is_waited_out_as_long_as_github_asks(clock: Clock, reply: Reply, seconds: list[float]) -> None:
    server = FakeGitHub()
    server.first = [reply]
    assert values(ask(server, clock))["github_stars"] == 5_144
    assert clock.slept == seconds


def test_without_a_stated_time_the_waits_grow_and_then_it_ends(clock: Clock) -> None:
    server = FakeGitHub()
    server.first = [as_json(SECONDARY, status=403)] * 9
    message = refused(server, clock)
    assert clock.slept == [60.0, 120.0, 240.0, 480.0]
    assert sum(clock.slept) <= PATIENCE_SECONDS
    assert "still refuses after 4 retries (403 You have exceeded a secondary rate limit" in message


def test_short_waits_end_after_some_retries_too(clock: Clock) -> None:
    server = FakeGitHub()
    server.first = [as_json(SECONDARY, status=403, Retry_After="2")] * 9
    assert "still refuses after 4 retries" in refused(server, clock)
    assert clock.slept == [2.0] * 4


def test_all_waits_together_have_a_bound(clock: Clock) -> None:
    server = FakeGitHub()
    server.first = [as_json(SECONDARY, status=403, Retry_After="400")] * 9
    assert "12:20 UTC (403 You have exceeded a secondary rate limit" in refused(server, clock)
    assert clock.slept == [400.0, 400.0]


@pytest.mark.parametrize("header", ["Retry_After", "x_ratelimit_reset"])
def test_a_wait_beyond_every_calendar_is_not_begun(clock: Clock, header: str) -> None:
    server = FakeGitHub()
    server.first = [as_json(SECONDARY, status=403, x_ratelimit_remaining="0", **{header: "9" * 400})]
    assert "GitHub asks to wait until" in refused(server, clock)
    assert clock.slept == []


def test_a_wait_of_an_hour_is_not_begun(clock: Clock) -> None:
    server = FakeGitHub()
    server.remaining, server.reset_at = 1, NOON + datetime.timedelta(minutes=50)
    assert "wait until 2024-01-31 12:50 UTC" in refused(server, clock)
    assert clock.slept == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (as_json({"message": "Bad credentials"}, status=401), "does not accept the token in GITHUB_TOKEN (401)"),
        (as_json({"message": "Resource not accessible"}, status=403), "refuses: 403 Resource not accessible"),
        (as_json({"errors": [{"message": "Something\nwent wrong"}]}), "refuses: Something went wrong"),
        (as_json({"data": {"repository": None}}), "has not the form"),
        (
            as_json({"data": {"repository": {"nameWithOwner": "google/flax", "stargazerCount": "many"}}}),
            "has not the form",
        ),
        (as_json({"data": None}), "has not the form"),
        (Reply(200, b"<html>a login page</html>"), "not the JSON"),
        (Reply(200, b"\xff\xfe"), "not the JSON"),
        (Reply(404, b""), "refuses: 404"),
        (Reply(301, b"", {"Location": "http://127.0.0.1:1/"}), "refuses: 301"),
        (as_json({"errors": [{"message": "no a-token for you"}]}), "no [token] for you"),
    ],
    ids=str,
)
def test_a_refusal_is_one_line_and_is_not_retried(clock: Clock, reply: Reply, reason: str) -> None:
    server = FakeGitHub()
    server.first = [reply]
    assert reason in refused(server, clock)
    assert len(server.requests) == 1
    assert clock.slept == []


def test_an_unknown_repository_is_named(clock: Clock) -> None:
    assert "Could not resolve to a Repository" in refused(FakeGitHub(), clock, repository="google/flux")


def test_a_wrong_token_is_refused_and_never_shown(clock: Clock) -> None:
    assert "is it expired, or mistyped" in refused(FakeGitHub(), clock, token="ghp_secret")


@pytest.mark.parametrize(
    ("token", "reason"),
    [("", "is not set"), (" \n", "is not set"), ("ghp_\nsecret", "characters"), ("ghp_sécret", "char")],
)
def test_a_token_that_cannot_be_one_is_refused_before_anything_is_sent(token: str, reason: str) -> None:
    with pytest.raises(CollectError, match=reason) as caught:
        GitHub(token, endpoint=nobody_there())
    assert not token.strip() or token.strip() not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("http://github.example.com/graphql", "over https only"),
        ("http://127.0.0.1.example.com/graphql", "over https only"),
        ("github.example.com", "over https only"),
        ("https://[github", "is no address"),
    ],
)
def test_the_token_goes_over_https_only(endpoint: str, reason: str) -> None:
    with pytest.raises(CollectError, match=reason):
        GitHub("a-token", endpoint=endpoint)


def test_nobody_answers(clock: Clock) -> None:
    address = nobody_there()
    with (
        GitHub("a-token", endpoint=address, waiting=clock.waiting()) as github,
        pytest.raises(CollectError, match=r"no answer \(ConnectError\)"),
    ):
        collect(github, "google/flax", until=UNTIL, today=UNTIL)


@pytest.mark.parametrize("name", ["flax", "google/flax/tree", "https://github.com/google/flax", "google/", "a b/c", ""])
def test_a_repository_has_an_owner_and_a_name(name: str) -> None:
    with pytest.raises(CollectError, match="is not owner/name"):
        checked_name(name)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("query { repository(owner: 1, name: 2) { starCount } }", "doesn't exist on type 'Repository'"),
        ("query { repository(owner: 1, named: 2) { forkCount } }", "doesn't accept argument"),
        ("query($a: String!) { rateLimit { cost } }", "variables"),
    ],
)
def test_the_server_of_these_tests_refuses_what_the_schema_lacks(query: str, reason: str) -> None:
    body = msgspec.json.encode({"query": query, "variables": {"b": 1} if reason == "variables" else {}})
    reply = FakeGitHub()(Request("POST", "/graphql", {"authorization": "Bearer a-token"}, body))
    assert reason.lower() in reply.body.decode().lower()
