"""Serves the page to a browser on this machine, hands it tasks one at a time, and waits for what comes of each.

It starts no browser and knows no model. Every address begins with a secret, so that no other page or user of this
machine can answer.
"""

from __future__ import annotations

import json
import queue
import secrets
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LIMIT_SECONDS = 60.0
"""How long the page may be at one task."""
_LOOK_SECONDS = 0.2
_CLOSE_SECONDS = 0.05
_TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}
_PAGE = Path(__file__).parent
_OURS = ("page.html", "page.mjs", "onnx.mjs", "litert.mjs")


class PageError(RuntimeError):
    """The page says that a task went wrong; the message is its own."""


class PageServer:
    """Listens as it is made, on a free port of the loopback address."""

    def __init__(self, *, runtime: str, libraries: Mapping[str, str]) -> None:
        """``runtime`` names the script that opens models; ``libraries`` are folders, by what follows ``library/``."""
        self.is_alive: Callable[[], bool] = lambda: True
        """Says whether a browser is there."""
        self.files: dict[str, Path | bytes] = {name: _PAGE / name for name in _OURS}
        for name, folder in libraries.items():
            self.files |= {f"library/{name}/{file.name}": file for file in Path(folder).iterdir()}
        self.tasks = queue.SimpleQueue[dict[str, Any]]()
        self.answers = queue.SimpleQueue[dict[str, Any]]()
        self._number = 0
        self._runtime = runtime
        self._secret = secrets.token_urlsafe(16)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, prefix=f"/{self._secret}/"))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(_CLOSE_SECONDS,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{self._secret}/page.html?runtime={self._runtime}"

    def ask(
        self, action: str, *, files: Mapping[str, bytes], limit_seconds: float = LIMIT_SECONDS, **task: Any
    ) -> dict[str, Any]:
        """Let the page perform a task, for which it may fetch ``files``, and return what came of it.

        Raises PageError for what it says went wrong, TimeoutError when it does not answer in time, and
        ConnectionError when its browser has gone.
        """
        self._number += 1
        self.files |= files
        self.tasks.put({"number": self._number, "action": action, **task})
        deadline = time.monotonic() + limit_seconds
        while time.monotonic() < deadline:
            try:
                answer = self.answers.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                if not self.is_alive():
                    raise ConnectionError("the browser ended before the page answered") from None
                continue
            if answer.get("number") != self._number:
                continue
            if "error" in answer:
                raise PageError(answer["error"])
            value: dict[str, Any] = answer["value"]
            return value
        raise TimeoutError(f"the page did not answer within {limit_seconds:g} s")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(server: PageServer, *, prefix: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self._name()
            if name == "task":
                self._reply(json.dumps(server.tasks.get()).encode(), content_type="application/json")
                return
            content = server.files.get(name)
            if content is None:
                self.send_error(404)
                return
            data = content if isinstance(content, bytes) else content.read_bytes()
            self._reply(data, content_type=_TYPES.get(Path(name).suffix, "application/octet-stream"))

        def do_POST(self) -> None:
            if self._name() != "answer":
                self.send_error(404)
                return
            server.answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._reply(b"", content_type="text/plain")

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
            """Every request would be a line of the process's log."""

        def _name(self) -> str:
            path = urllib.parse.urlsplit(self.path).path
            return path.removeprefix(prefix) if path.startswith(prefix) else ""

        def _reply(self, data: bytes, *, content_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Cache-Control", "no-store")
            # Isolated from other origins a page gets a clock of 5 µs; others get one of 100 µs.
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            self.end_headers()
            self.wfile.write(data)

    return Handler
