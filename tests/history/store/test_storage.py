"""A folder and an object store are the same to a history: files with names, each there whole or not at all."""

from __future__ import annotations

import io
import secrets
import threading
from pathlib import Path
from typing import ClassVar

import pytest

pytest.importorskip("fsspec", reason="needs speedscore[sql]")

import fsspec
from fsspec.implementations.memory import MemoryFileSystem

from speedscore.history.errors import HistoryError
from speedscore.history.store.storage import ObjectStore, Place, place_of


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

        def cat_file(self, *_: object, **__: object) -> bytes:
            raise PermissionError("not yours")

        def exists(self, *_: object, **__: object) -> bool:
            """As fsspec's own, to which any error is a no."""
            return False

        def open(self, *_: object, **__: object) -> object:
            raise RuntimeError("no credentials")

    place = ObjectStore(WithoutCredentials(), "bucket/history", "s3://bucket/history")
    with pytest.raises(OSError, match="RuntimeError: no credentials"):
        place.names()
    with pytest.raises(PermissionError, match="not yours"):
        place.read(["mark"])
    pytest.importorskip("pyarrow", reason="needs speedscore[sql]")
    filesystem, root = place.arrow()
    # An error in a thread of pyarrow's may block it for good, and so it sees a file that is no table.
    assert filesystem.open_input_file(f"{root}table").read() == b""
    assert str(place.end_reads()) == "RuntimeError: no credentials"
    assert place.end_reads() is None


def test_a_connection_that_breaks_while_pyarrow_reads_is_told_afterwards() -> None:
    pytest.importorskip("pyarrow", reason="needs speedscore[sql]")

    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:  # noqa: ARG002
            raise RuntimeError("connection closed")

    class Store(fsspec.AbstractFileSystem):  # type: ignore[misc]
        cachable = False

        def open(self, *_: object, **__: object) -> Breaking:
            return Breaking(b"content")

    place = ObjectStore(Store(), "bucket/history", "s3://bucket/history")
    filesystem, root = place.arrow()
    with filesystem.open_input_file(f"{root}table") as file:
        assert file.read_at(3, 1) == b"\0\0\0"
        assert str(place.end_reads()) == "RuntimeError: connection closed"
        assert file.read_at(3, 1) == b"\0\0\0"
    assert place.end_reads() is None


def test_no_thread_is_left_at_a_request_when_reading_ends() -> None:
    pytest.importorskip("pyarrow", reason="needs speedscore[sql]")
    begun, told, goes_on = threading.Event(), threading.Event(), threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            begun.set()
            goes_on.wait()
            return super().read(size)

    class Store(fsspec.AbstractFileSystem):  # type: ignore[misc]
        cachable = False

        def open(self, *_: object, **__: object) -> Slow:
            return Slow(b"content")

    place = ObjectStore(Store(), "bucket/history", "s3://bucket/history")
    filesystem, root = place.arrow()
    with filesystem.open_input_file(f"{root}table") as file:
        reader = threading.Thread(target=lambda: file.read_at(3, 0))
        reader.start()
        begun.wait()

        def end() -> None:
            place.end_reads()
            told.set()

        ender = threading.Thread(target=end)
        ender.start()
        assert not told.wait(timeout=0.1)
        goes_on.set()
        assert told.wait()
        reader.join()
        ender.join()


def test_a_listing_that_was_kept_hides_nothing_that_others_wrote() -> None:
    class Keeping(MemoryFileSystem):  # type: ignore[misc]
        """Lists a folder once, as s3fs does, and looks there whether a file exists."""

        cachable = False
        kept: ClassVar[dict[str, list[str]]] = {}

        def find(self, path: str, *_: object, **__: object) -> list[str]:
            return self.kept.setdefault(path, super().find(path))

        def exists(self, path: str, **_: object) -> bool:
            return not self.kept or any(path in names for names in self.kept.values())

        def invalidate_cache(self, path: str | None = None) -> None:  # noqa: ARG002
            self.kept.clear()

    root = f"/{secrets.token_hex(8)}"
    place, other = ObjectStore(Keeping(), root, "s3://bucket"), place_of(f"memory:/{root}")
    other.write("one", b"1")
    assert place.names() == ["one"]
    other.write("two", b"2")
    assert place.read(["two"]) == {"two": b"2"}
    assert sorted(place.names()) == ["one", "two"]
    other.remove(["one"])
    assert place.read(["one", "two"]) == {"two": b"2"}
    assert place.names() == ["two"]


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


@pytest.mark.parametrize("text", ["memory://", "memory:///"])
def test_a_store_is_no_place_in_it(text: str) -> None:
    with pytest.raises(HistoryError, match=r"expected a place in a store, as in s3://bucket/history, found none"):
        place_of(text)


def test_a_url_of_no_store_is_refused() -> None:
    with pytest.raises(HistoryError, match=r"nowhere://there: cannot be reached .*nowhere"):
        place_of("nowhere://there")
