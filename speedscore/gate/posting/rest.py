"""JSON over HTTP for a host of repositories: with limits of time and size, and one line for what it refuses.

It uses Python's own client, because the command runs wherever the tests of a project do, and should bring them nothing.
It knows no host by name and prints nothing.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")
_TIMEOUT_SECONDS = 30.0
_MOST_BYTES = 20_000_000
"""Of one answer."""
_A_PAGE, _MOST_PAGES = 100, 50
_TRIES = 3
_PASSING = frozenset({429, 500, 502, 503, 504})
"""What a server says that may answer a moment later."""
_REPEATABLE = frozenset({"GET", "PATCH", "PUT"})
"""Sent twice they do what they do once; a comment that is posted twice stands there twice."""


class PostingError(RuntimeError):
    """The comment cannot be written. The message is one line: what was tried, what came of it, what to do."""


class RefusedError(PostingError):
    """The server answered that it will not."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Rest:
    """A host's interface, with the headers that say who asks."""

    def __init__(self, address: str, *, headers: Mapping[str, str]) -> None:
        if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
            raise PostingError(f"expected the address of an API, as https://api.github.com, found {address!r}")
        self._address = address.rstrip("/")
        self._headers = headers

    def get(self, path: str, kind: type[_T], **query: str | int) -> _T:
        """The answer, which is of that kind. Raises PostingError, and RefusedError for what the server refuses."""
        return self._send("GET", path, kind, query=query)

    def pages(self, path: str, kind: type[_T], **query: str | int) -> Iterator[_T]:
        """The items of a list that is given in pages; at most 5,000."""
        for page in range(1, _MOST_PAGES + 1):
            items = self._send("GET", path, list[kind], query={**query, "per_page": _A_PAGE, "page": page})  # type: ignore[valid-type]
            yield from items
            if len(items) < _A_PAGE:
                return

    def send(self, method: str, path: str, kind: type[_T], *, body: Mapping[str, str]) -> _T:
        return self._send(method, path, kind, body=msgspec.json.encode(body))

    def download(self, path: str, *, most_bytes: int) -> bytes:
        """Raises PostingError where there is more than ``most_bytes``."""
        return self._ask("GET", path, most_bytes=most_bytes)

    def _send(
        self,
        method: str,
        path: str,
        kind: type[_T],
        *,
        query: Mapping[str, str | int] | None = None,
        body: bytes | None = None,
    ) -> _T:
        asked = f"{path}?{urllib.parse.urlencode(query)}" if query else path
        answer = self._ask(method, asked, body=body)
        try:
            return msgspec.json.decode(answer, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise PostingError(
                f"{method} {self._address}{path}: the answer is not what was expected: {error}"
            ) from None

    def _ask(self, method: str, path: str, *, body: bytes | None = None, most_bytes: int = _MOST_BYTES) -> bytes:
        tries = _TRIES if method in _REPEATABLE else 1
        for seconds in [1.0, 4.0][: tries - 1]:
            try:
                return self._ask_once(method, path, body, most_bytes)
            except RefusedError as refused:
                if refused.status not in _PASSING:
                    raise
            except _UnreachableError:
                pass
            time.sleep(seconds)
        return self._ask_once(method, path, body, most_bytes)

    def _ask_once(self, method: str, path: str, body: bytes | None, most_bytes: int) -> bytes:
        what = f"{method} {self._address}{path.partition('?')[0]}"
        request = urllib.request.Request(f"{self._address}{path}", data=body, method=method)
        for name, value in self._headers.items():
            # An artifact lies on another server: a token that followed there would be given away.
            request.add_unredirected_header(name, value)
        if body is not None:
            request.add_unredirected_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                read: bytes = answer.read(most_bytes + 1)
        except urllib.error.HTTPError as error:
            with error:
                raise RefusedError(f"{what}: {error.code} {_reason(error)}", error.code) from None
        except (OSError, HTTPException) as error:
            why = getattr(error, "reason", error)
            raise _UnreachableError(f"{what}: no answer ({why}); try again, or look at the address") from None
        if len(read) > most_bytes:
            raise PostingError(f"{what}: expected at most {most_bytes} bytes, found more")
        return read


class _UnreachableError(PostingError):
    """Nobody answered."""


def _reason(error: urllib.error.HTTPError) -> str:
    """What the server says of it, in so many words as fit into a line."""
    try:
        said = msgspec.json.decode(error.read(10_000), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, OSError, HTTPException):
        return str(error.reason)
    return str(said.get("message") or said.get("error") or error.reason)[:200]
