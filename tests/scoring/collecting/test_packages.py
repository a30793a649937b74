"""The simple API of a package index, as PEP 691 and PEP 700 describe it, and the answers that must be refused."""

from __future__ import annotations

import datetime
import gzip
from typing import Any

import pytest
from packaging.version import Version

from speedscore.scoring.collecting import web
from speedscore.scoring.collecting.collected import Collected, CollectError
from speedscore.scoring.collecting.packages import collect, version_of_file
from tests.scoring.collecting.local_server import Reply, Request, as_json, nobody_there, serving

pytest.importorskip("httpx")

UNTIL = datetime.date(2024, 1, 31)
JSON = "application/vnd.pypi.simple.v1+json"


def file(name: str, uploaded: str | None, *, yanked: bool | str = False) -> dict[str, Any]:
    moment = {"upload-time": f"{uploaded}T12:00:00.123456Z"} if uploaded else {}
    return {"filename": name, "url": f"https://files/{name}", "hashes": {}, "size": 1, "yanked": yanked, **moment}


FILES = [
    file("alpha-0.0.1.tar.gz", "2020-01-31"),
    # Before the window, which begins on 2023-02-02.
    file("alpha-0.1.0-py3-none-any.whl", "2023-02-01"),
    # One release of three files, the first of which decides; it came before the window.
    file("alpha-0.1.1.tar.gz", "2023-02-01"),
    file("alpha-0.1.1-cp311-cp311-linux_x86_64.whl", "2023-06-01"),
    file("alpha-0.1.1-1-cp312-cp312-linux_x86_64.whl", "2024-01-01"),
    file("alpha-0.2.0-py3-none-any.whl", "2023-02-02"),
    file("alpha-0.3.0.zip", "2024-01-31"),
    # Neither a pre-release, nor a withdrawn one, nor one after the last day.
    file("alpha-0.4.0rc1-py3-none-any.whl", "2024-01-10"),
    file("alpha-0.4.0.dev20240111.tar.gz", "2024-01-11"),
    file("alpha-0.3.1-py3-none-any.whl", "2024-01-12", yanked="broken"),
    file("alpha-0.3.2-py3-none-any.whl", "2024-01-12", yanked=""),
    file("alpha-0.4.0-py3-none-any.whl", "2024-02-01"),
    # Half withdrawn stands.
    file("alpha-0.3.3-py3-none-any.whl", "2024-01-13", yanked=True),
    file("alpha-0.3.3.tar.gz", "2024-01-13"),
    file("alpha.exe", None),
]


def project(files: list[dict[str, Any]], *, version: str = "1.1") -> Reply:
    return as_json({"meta": {"api-version": version}, "name": "alpha", "versions": [], "files": files}, kind=JSON)


def ask(reply: Reply, *, package: str = "alpha", until: datetime.date = UNTIL) -> tuple[Collected, Request]:
    requests: list[Request] = []

    def answer(request: Request) -> Reply:
        requests.append(request)
        return reply

    with serving(answer) as address:
        collected = collect(package, index=f"{address}/simple/", until=until)
    return collected, requests[0]


def test_releases_are_counted_by_their_first_upload() -> None:
    collected, request = ask(project(FILES))
    assert {fact.key: fact.value for fact in collected.facts} == {
        "releases_per_year": 3,
        "years_since_first_release": 4.0,
    }
    assert {fact.as_of for fact in collected.facts} == {"2024-01-31"}
    assert "2023-02-02 to 2024-01-31" in collected.facts[0].method
    assert collected.facts[0].source == "127.0.0.1, release history of alpha"
    assert request.path == "/simple/alpha/"
    assert request.headers["accept"] == JSON


def test_a_name_is_asked_for_as_indexes_write_it() -> None:
    assert ask(project(FILES), package="Al_.ha")[1].path == "/simple/al-ha/"


def test_a_release_without_an_upload_time_makes_the_count_missing() -> None:
    collected, _ = ask(project([*FILES, file("alpha-0.3.5.tar.gz", None)]))
    assert collected.facts == ()
    assert [missing.key for missing in collected.missing] == ["releases_per_year", "years_since_first_release"]
    assert "no upload time for 1 of 10 releases" in collected.missing[0].reason


@pytest.mark.parametrize(
    "moment",
    ["yesterday", "2024-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", ""],
    ids=["word", "no zone", "year 1", "year 9999", "empty"],
)
def test_an_odd_upload_time_is_none_and_no_reason_to_give_up(moment: str) -> None:
    collected, _ = ask(project([{**FILES[0], "upload-time": moment}, *FILES[1:]]))
    assert collected.facts == ()
    assert "no upload time for 1 of 9 releases" in collected.missing[0].reason


@pytest.mark.parametrize("reply", [Reply(404, b""), Reply(500, b""), Reply(200, b"<", {"Content-Type": "text/html"})])
def test_a_password_in_the_address_is_shown_to_nobody(reply: Reply) -> None:
    with serving(lambda _: reply) as address, pytest.raises(CollectError) as caught:
        collect("alpha", index=address.replace("://", "://me:secret@") + "/simple/?token=secret", until=UNTIL)
    assert "secret" not in str(caught.value)
    with pytest.raises(CollectError) as caught:
        collect("alpha", index=nobody_there().replace("://", "://me:secret@"), until=UNTIL)
    assert "secret" not in str(caught.value)


def test_an_answer_that_unpacks_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "ANSWER_BYTES", 1_000_000)
    packed = Reply(200, gzip.compress(bytes(50_000_000)), {"Content-Type": JSON, "Content-Encoding": "gzip"})
    with pytest.raises(CollectError, match="the answer is larger than 1 MB"):
        ask(packed)


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "ANSWER_SECONDS", -1.0)
    with pytest.raises(CollectError, match="was not complete after"):
        ask(project(FILES))


def test_before_the_first_release_there_is_nothing() -> None:
    collected, _ = ask(project(FILES), until=datetime.date(2019, 1, 1))
    assert collected.facts == ()
    assert "no release of alpha up to 2019-01-01" in collected.missing[0].reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(404, b""), "there is no project 'alpha'"),
        (Reply(503, b""), "answered 503"),
        (Reply(200, b"<html>", {"Content-Type": "text/html"}), "answered text/html where"),
        (as_json([], kind=JSON), "has not the form"),
        (Reply(200, b"{", {"Content-Type": JSON}), "has not the form"),
        (Reply(200, b"\xff", {"Content-Type": JSON}), "has not the form"),
        (as_json({"meta": {}, "files": []}, kind=JSON), "has not the form"),
        (project([], version="2.0"), "speaks version 2.0"),
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_refused_in_one_line(reply: Reply, reason: str) -> None:
    with pytest.raises(CollectError) as caught:
        ask(reply)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nobody_answers() -> None:
    with pytest.raises(CollectError, match=r"no answer \(ConnectError\)"):
        collect("alpha", index=nobody_there(), until=UNTIL)


@pytest.mark.parametrize("index", ["", "pypi", "ftp://example.com/", "http://[::1"])
def test_an_index_that_is_no_address_is_refused(index: str) -> None:
    with pytest.raises(CollectError, match="no answer"):
        collect("alpha", index=index, until=UNTIL)


@pytest.mark.parametrize("package", ["", "..", "a/b", "-alpha", "alpha "])
def test_a_name_that_is_none_is_refused(package: str) -> None:
    with pytest.raises(CollectError, match="is no name of a package"):
        collect(package, index=nobody_there(), until=UNTIL)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("jax-0.4.23-py3-none-any.whl", "0.4.23"),
        ("dm-haiku-0.0.11.tar.gz", "0.0.11"),
        ("dm_haiku-0.0.11-py3-none-any.whl", "0.0.11"),
        ("torch-2.1.0-1-cp311-cp311-manylinux1_x86_64.whl", "2.1.0"),
        ("alpha-1.0.post1.zip", "1.0.post1"),
        ("alpha-0.1-py2.7.egg", "0.1"),
        ("alpha-0.1.win32-py2.7.exe", None),
        ("alpha.whl", None),
        ("alpha.tar.gz", None),
    ],
)
def test_the_version_is_read_from_the_file_name(name: str, version: str | None) -> None:
    assert version_of_file(name) == (version and Version(version))
