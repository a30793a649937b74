"""A conversation with GitHub's GraphQL API: one question after another, with its limits honoured.

The token is sent to the API and nowhere else, and stands in no message. What GitHub asks to wait is waited, as long as
it is minutes; past that the conversation ends with one line. This module knows no question of its own.
"""

from __future__ import annotations

import datetime
import itertools
import re
import time
import urllib.parse
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec

from speedscore.scoring.collecting import web
from speedscore.scoring.collecting.collected import CollectError

GRAPHQL = "https://api.github.com/graphql"
PATIENCE_SECONDS = 900.0
"""All waiting of one conversation together."""
RATE = "rateLimit { cost remaining resetAt }"
"""Belongs into every query, so that the next one can wait for its points."""
_RETRIES = 4

Moment = Annotated[datetime.datetime, msgspec.Meta(tz=True)]


class _Rate(msgspec.Struct, frozen=True, rename="camel"):
    cost: int
    remaining: int
    reset_at: Moment


class _Error(msgspec.Struct, frozen=True):
    message: str = ""
    type: str = ""


class _Answer(msgspec.Struct, frozen=True):
    """What every answer of GitHub may hold, with data or with a complaint."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: tuple[_Error, ...] = ()
    message: str = ""


class _Limited(msgspec.Struct, frozen=True, rename="camel"):
    rate_limit: _Rate | None = None


_Form = TypeVar("_Form")


class Waiting(msgspec.Struct, frozen=True):
    """How time is read and passed, so that a test need not wait."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = lambda _: None
    """Hears of every wait before it begins."""


class GitHub:
    """A conversation with the API: one token, one budget of waiting. A context manager, which closes it."""

    def __init__(self, token: str, *, endpoint: str = GRAPHQL, waiting: Waiting | None = None) -> None:
        try:
            address = urllib.parse.urlsplit(endpoint)
        except ValueError as error:
            raise CollectError(f"{endpoint!r} is no address ({error}); correct GITHUB_GRAPHQL_URL") from error
        if address.scheme != "https" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise CollectError(f"{endpoint}: a token is sent over https only; correct GITHUB_GRAPHQL_URL")
        if not token.strip():
            raise CollectError("GITHUB_TOKEN is not set; GitHub's GraphQL API answers nobody without a token")
        if not re.fullmatch(r"[!-~]+", token.strip()):
            raise CollectError("GITHUB_TOKEN holds characters that no token has, such as a space or a line's end in it")
        self._endpoint = endpoint
        self._token = token.strip()
        self._waiting = waiting or Waiting()
        self._waited_seconds = 0.0
        self._rate: _Rate | None = None
        # GitHub redirects nothing here, and a redirect must not carry the token elsewhere.
        self._client = web.open_client(
            headers={"Authorization": f"Bearer {self._token}", "User-Agent": "speedscore"}, follow_redirects=False
        )

    def __enter__(self) -> GitHub:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, query: str, variables: dict[str, Any], *, form: type[_Form]) -> _Form:
        """The data of one answer. Raises CollectError for a refusal, or when the waiting would take too long."""
        for attempt in itertools.count():
            self._wait_for_points()
            response = web.send(self._client, "POST", self._endpoint, json={"query": query, "variables": variables})
            answer = _read(response)
            seconds = _seconds_to_wait(response, answer, attempt=attempt, now=self._waiting.now())
            if seconds is None:
                return self._data(response, answer, form=form)
            if attempt == _RETRIES:
                raise CollectError(
                    self._clean(f"GitHub still refuses after {_RETRIES} retries ({_error_message(response, answer)})")
                )
            self._wait(seconds, why=_error_message(response, answer))
        raise AssertionError("counting has no end")

    def _data(self, response: web.Answer, answer: _Answer, *, form: type[_Form]) -> _Form:
        if response.status_code == 401:
            raise CollectError("GitHub does not accept the token in GITHUB_TOKEN (401); is it expired, or mistyped?")
        if response.status_code != 200 or answer.errors:
            raise CollectError(self._clean(f"GitHub refuses: {_error_message(response, answer)}"))
        try:
            self._rate = msgspec.json.decode(answer.data, type=_Limited).rate_limit
            return msgspec.json.decode(answer.data, type=form)
        except msgspec.DecodeError as error:
            reason = self._clean(str(error))
            raise CollectError(f"GitHub's answer has not the form that its schema documents ({reason})") from None

    def _wait_for_points(self) -> None:
        """Wait for the next hour's points where the last answer said that too few are left for another like it."""
        if self._rate is not None and self._rate.remaining < max(1, self._rate.cost):
            seconds = self._rate.reset_at.timestamp() - self._waiting.now()
            self._rate = None
            if seconds > 0:
                self._wait(seconds + 1, why="the points of this hour are used up")

    def _wait(self, seconds: float, *, why: str) -> None:
        if self._waited_seconds + seconds > PATIENCE_SECONDS:
            # No calendar reaches as far as a server may ask for.
            until = datetime.datetime.fromtimestamp(self._waiting.now() + min(seconds, 1e9), datetime.UTC)
            raise CollectError(
                self._clean(
                    f"GitHub asks to wait until {until:%Y-%m-%d %H:%M} UTC ({why}), longer than the "
                    f"{PATIENCE_SECONDS / 60:g} minutes that are waited for; run it again then"
                )
            )
        self._waited_seconds += seconds
        self._waiting.say(self._clean(f"waiting {seconds:.0f} s for GitHub: {why}"))
        self._waiting.sleep(seconds)

    def _clean(self, text: str) -> str:
        """One line, without the token should a server have sent it back."""
        return " ".join(text.replace(self._token, "[token]").split())[:300]


def _read(response: web.Answer) -> _Answer:
    try:
        return msgspec.json.decode(response.content, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if response.status_code == 200:
            raise CollectError(
                "GitHub's answer is not the JSON that its schema documents; is the address right?"
            ) from None
        return _Answer()


def _error_message(response: web.Answer, answer: _Answer) -> str:
    message = "; ".join(error.message or error.type for error in answer.errors) or answer.message
    return message if message and response.status_code == 200 else f"{response.status_code} {message}".strip()


def _seconds_to_wait(response: web.Answer, answer: _Answer, *, attempt: int, now: float) -> float | None:
    """How long GitHub's documentation asks to wait before the same question; None where this is the answer."""
    status, headers = response.status_code, response.headers
    if status in (500, 502, 503, 504):
        return 5.0 * float(2**attempt)
    text = _error_message(response, answer).lower()
    spent = headers.get("x-ratelimit-remaining") == "0"
    complains = "rate limit" in text or any(error.type == "RATE_LIMITED" for error in answer.errors)
    limited = (
        status == 429
        or (status == 403 and (complains or spent or "retry-after" in headers))
        or (status == 200 and bool(answer.errors) and complains)
    )
    if not limited:
        return None
    if (after := headers.get("retry-after", "")).isdecimal():
        return max(1.0, float(after))
    if spent and (reset := headers.get("x-ratelimit-reset", "")).isdecimal():
        return max(0.0, float(reset) - now) + 1
    return 60.0 * float(2**attempt)
