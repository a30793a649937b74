"""The page's server: a task comes back as what the page made of it, or as what went wrong, and never hangs."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from speedscore.bench_suite.probes.export.browser.page_server import PageError, PageServer


@pytest.fixture
def page(tmp_path: Path) -> Iterator[PageServer]:
    (tmp_path / "library.wasm").write_bytes(b"wasm")
    opened = PageServer(runtime="onnx", libraries={"@some/library": str(tmp_path)})
    yield opened
    opened.close()


def _address(page: PageServer, name: str) -> str:
    return page.address.replace("page.html?runtime=onnx", name)


def _get(page: PageServer, name: str) -> bytes:
    with urllib.request.urlopen(_address(page, name), timeout=60) as reply:
        data: bytes = reply.read()
    return data


def _perform(page: PageServer, **answer: Any) -> threading.Thread:
    """Stands for the page: takes one task and answers it so, or with the file that it names."""

    def run() -> None:
        task = json.loads(_get(page, "task"))
        told = answer or {"value": {"read": _get(page, task["name"]).decode()}}
        body = json.dumps({"number": task["number"]} | told).encode()
        urllib.request.urlopen(_address(page, "answer"), data=body, timeout=60).close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_page_gets_its_files_and_its_answer_comes_back(page: PageServer) -> None:
    thread = _perform(page)
    assert page.ask("read", files={"model": b"weights"}, name="model") == {"read": "weights"}
    thread.join()
    assert b'src="page.mjs"' in _get(page, "page.html?runtime=onnx")
    assert _get(page, "library/@some/library/library.wasm") == b"wasm"


def test_what_the_page_says_went_wrong_is_raised(page: PageServer) -> None:
    thread = _perform(page, error="no such operator")
    with pytest.raises(PageError, match="no such operator"):
        page.ask("run", files={})
    thread.join()


def test_a_page_that_never_answers_is_waited_for_no_longer_than_said(page: PageServer) -> None:
    with pytest.raises(TimeoutError, match=r"did not answer within 0\.5 s"):
        page.ask("run", files={}, limit_seconds=0.5)


def test_a_browser_that_has_gone_is_not_waited_for(page: PageServer) -> None:
    page.is_alive = lambda: False
    with pytest.raises(ConnectionError, match="ended before the page answered"):
        page.ask("run", files={})


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(page: PageServer) -> None:
    page.answers.put({"number": 0, "value": {"old": True}})
    thread = _perform(page, value={"old": False})
    assert page.ask("run", files={}) == {"old": False}
    thread.join()


def test_nobody_who_lacks_the_secret_is_answered(page: PageServer) -> None:
    address = page.address.rsplit("/", 2)[0] + "/page.html"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address, timeout=60)
