"""The way to httpx, which is optional: all of scoring but collecting over the network works without it.

It opens clients and turns what httpx raises into one line. It sends nothing by itself and knows no server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from speedscore.scoring.collecting.collected import CollectError

if TYPE_CHECKING:
    import httpx

_TIMEOUT_SECONDS = 30.0


def open_client(*, headers: dict[str, str], follow_redirects: bool) -> httpx.Client:
    """A client for one server; the caller closes it. Raises CollectError where httpx is not installed."""
    try:
        import httpx
    except ImportError as error:
        raise CollectError('httpx is not installed; pip install "speedscore[collect]"') from error
    return httpx.Client(headers=headers, follow_redirects=follow_redirects, timeout=_TIMEOUT_SECONDS)


def send(client: httpx.Client, method: str, url: str, *, json: object = None) -> httpx.Response:
    """The server's answer, of whatever status. Raises CollectError where there is none."""
    import httpx

    try:
        return client.request(method, url, json=json)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Only the kind of the error: its text may quote what was sent.
        raise CollectError(
            f"{url}: no answer ({type(error).__name__}); is the address right and the network up?"
        ) from None
