"""Runs models in a page of a headless browser that this process starts, on WebAssembly and one thread.

Latencies are the browser's own. The browser is a child of this process and ends with it; all that it writes lies in the
probe's folder.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from speedscore.bench_suite.probes.export.browser.page_server import PageServer

_OPTIONS = (
    "--headless",
    # It opens one page, ours; containers and root have no sandbox to offer.
    "--no-sandbox",
    "--no-zygote",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    # Whatever it would ask of the network, it does not find.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def load(
    memory: dict[str, Any],
    *,
    folder: str,
    artefact: str,
    browser: str,
    runtime: str,
    libraries: dict[str, str],
    versions: dict[str, str],
) -> dict[str, str]:
    """Answers ``Target.load``; the browser stays open for the next artefact. ``needs`` finds the last four."""
    if "page" not in memory:
        memory["page"] = start_browser(browser, PageServer(runtime=runtime, libraries=libraries))
    page: PageServer = memory["page"]
    model = Path(folder) / artefact
    # ONNX may keep large weights in files beside the model, and names them in it.
    beside = {file.name: file.read_bytes() for file in sorted(model.parent.glob(f"{model.name}.*"))}
    page.ask("open", files={"model": model.read_bytes(), **beside}, beside=list(beside))

    def call(batch: Any) -> Any:
        logits = page.ask("run", files={"batch": batch.tobytes()}, type=str(batch.dtype), shape=batch.shape)
        # What is not finite is null in JSON, and becomes not a number here.
        return np.array(logits["values"], dtype=np.float32).reshape(logits["shape"])

    def time_calls(batch: Any, calls: int) -> list[float]:
        timed = page.ask(
            "time", files={"batch": batch.tobytes()}, type=str(batch.dtype), shape=batch.shape, calls=calls
        )
        return [milliseconds / 1e3 for milliseconds in timed["milliseconds"]]

    memory |= {"call": call, "time": time_calls}
    return versions


def start_browser(browser: str, page: PageServer) -> PageServer:
    """The server, with a browser that opens its page."""
    home = Path(tempfile.mkdtemp(prefix="browser-"))
    process = subprocess.Popen(
        [browser, *_OPTIONS, f"--user-data-dir={home / 'profile'}", page.address],
        stdin=subprocess.DEVNULL,
        env=os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)},
    )
    page.is_alive = lambda: process.poll() is None
    return page
