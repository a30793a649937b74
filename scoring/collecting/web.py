"""The way to httpx, which is optional: all of scoring but collecting over the network works without it.

It opens clients, bounds what a server may answer in time and size, and turns what httpx raises into one line. It sends
nothing by itself and knows no server.
"""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from speedscore.host.extras import install_command
from speedscore.scoring.collecting.collected import CollectError

if TYPE_CHECKING:
    import httpx

_TIMEOUT_SECONDS = 30.0
"""How long a server may send nothing."""
ANSWER_SECONDS = 120.0
"""How long a whole answer may take: a server that sends a byte now and then never reaches the other limit."""
ANSWER_BYTES = 100 * 1000 * 1000
"""Unpacked. The largest project of the index answers with a tenth of it."""


class Answer(msgspec.Struct, frozen=True):
    """What a server answered, whatever its status."""

    status_code: int
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes


def open_client(*, headers: dict[str, str], follow_redirects: bool) -> httpx.Client:
    """A client for one server; the caller closes it. Raises CollectError where httpx is not installed."""
    try:
        import httpx
    except ImportError as error:
        raise CollectError(f"httpx is not installed; {install_command('collect')}") from error
    return httpx.Client(headers=headers, follow_redirects=follow_redirects, timeout=_TIMEOUT_SECONDS)


def send(client: httpx.Client, method: str, url: str, *, json: object = None) -> Answer:
    """The server's answer, of whatever status. Raises CollectError where there is none, or it has no end."""
    import httpx

    try:
        with client.stream(method, url, json=json) as response:
            content = _read_all(response, url=url)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(status_code=response.status_code, headers=headers, content=content)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Only the kind of the error: its text may quote what was sent.
        raise CollectError(
            f"{without_password(url)}: no answer ({type(error).__name__}); is the address right and the network up?"
        ) from None


def _read_all(response: httpx.Response, *, url: str) -> bytes:
    content = bytearray()
    deadline = time.monotonic() + ANSWER_SECONDS
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > ANSWER_BYTES:
            problem = f"is larger than {ANSWER_BYTES / 1e6:.0f} MB"
        elif time.monotonic() > deadline:
            problem = f"was not complete after {ANSWER_SECONDS:.0f} s"
        else:
            continue
        raise CollectError(f"{without_password(url)}: the answer {problem}; is the address right?")
    return bytes(content)


def without_password(url: str) -> str:
    """The address as it may be shown: without what stands before an ``@`` in its host, and without a query."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return "the address"
    host = parts.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((parts.scheme, host, parts.path, "", ""))
