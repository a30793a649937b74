"""A folder and an object store are the same to a history: files with names, each there whole or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

pytest.importorskip("fsspec", reason="needs speedscore[sql]")

import fsspec

from speedscore.history.errors import HistoryError
from speedscore.history.storage import ObjectStore, Place, place_of


@pytest.fixture(name="place", params=["folder", "file://", "memory://"])
def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "memory://":
        return place_of(f"memory://{secrets.token_hex(8)}/with/folders/")
    return place_of(f"{request.param.removeprefix('folder')}{tmp_path / 'made when it is written to'}")


def test_what_was_written_is_listed_and_read(place: Place) -> None:
    assert place.names() == place.names("one") == []
    place.write("mark.json", b"{}")
    place.write("one/two/a.parquet", b"a")
    with place.writing("one/b.parquet") as handle:
        handle.write(b"b")
    assert sorted(place.names()) == ["mark.json", "one/b.parquet", "one/two/a.parquet"]
    assert sorted(place.names("one")) == ["one/b.parquet", "one/two/a.parquet"]
    assert place.read(["mark.json", "one/b.parquet", "absent", "mark.json/below"]) == {
        "mark.json": b"{}",
        "one/b.parquet": b"b",
    }
    assert place.read([]) == {}


def test_what_was_removed_is_gone_and_may_be_removed_again(place: Place) -> None:
    for name in ("one/a", "one/b", "c"):
        place.write(name, b"")
    place.remove(["one/a", "c", "absent"])
    assert place.names() == ["one/b"]
    place.remove(["one/a", "one/b"])
    place.remove([])
    assert place.names() == []


def test_pyarrow_reads_below_the_same_name(place: Place) -> None:
    pytest.importorskip("pyarrow", reason="needs speedscore[sql]")
    place.write("one/a", b"content")
    filesystem, root = place.arrow()
    with filesystem.open_input_file(f"{root}one/a") as file:
        assert file.read() == b"content"


def test_a_file_of_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    place = place_of(str(tmp_path))
    place.write("file", b"before")
    with pytest.raises(TypeError), place.writing("file") as handle:
        handle.writelines([b"half", "of it"])
    assert place.names() == ["file"]
    assert place.read(["file"]) == {"file": b"before"}


def test_whatever_a_store_raises_is_an_error_of_a_file() -> None:
    class WithoutCredentials(fsspec.AbstractFileSystem):  # type: ignore[misc]
        cachable = False

        def find(self, *_: object, **__: object) -> list[str]:
            raise RuntimeError("no credentials")

        def cat(self, path: list[str], **_: object) -> dict[str, object]:
            return {name: PermissionError("not yours") for name in path}

    place = ObjectStore(WithoutCredentials(), "bucket/history", "s3://bucket/history")
    with pytest.raises(OSError, match="RuntimeError: no credentials"):
        place.names()
    with pytest.raises(PermissionError, match="not yours"):
        place.read(["mark"])


def test_what_went_wrong_first_is_raised_where_the_file_cannot_be_closed_either() -> None:
    class OutOfReach:
        def close(self) -> None:
            raise ConnectionError("the network is down")

    class Store(fsspec.AbstractFileSystem):  # type: ignore[misc]
        cachable = False

        def open(self, *_: object, **__: object) -> OutOfReach:
            return OutOfReach()

    place = ObjectStore(Store(), "bucket/history", "s3://bucket/history")
    with pytest.raises(KeyboardInterrupt), place.writing("file"):
        raise KeyboardInterrupt
    with pytest.raises(ConnectionError), place.writing("file"):
        pass


def test_a_url_of_no_store_is_refused() -> None:
    with pytest.raises(HistoryError, match=r"nowhere://there: cannot be reached .*nowhere"):
        place_of("nowhere://there")
