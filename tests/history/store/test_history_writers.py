"""Several writers at once, killed and failing ones among them: no run is lost, and none counts twice, at any time.

Every file that a writer lists, reads, writes or removes is a place where another may come in between, or where it may
fail or be killed. Hypothesis chooses; the object store is fsspec's, in memory.
"""

from __future__ import annotations

import hashlib
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speedscore.history.errors import HistoryError
from speedscore.record.content_id import content_id
from tests.places import ROOT

pytest.importorskip("fsspec", reason="needs speedscore[sql]")
pytest.importorskip("pyarrow", reason="needs speedscore[sql]")
pytest.importorskip("duckdb", reason="needs speedscore[sql]")

from speedscore.history.store import writing
from speedscore.history.store.datasets import dataset_of, read_whole
from speedscore.history.store.parts import Contents
from speedscore.history.store.storage import Place, place_of
from tests.history.stored_rows import COUNTED, rows
from tests.sample_runs import a_run, save, timed

RUNS = tuple(a_run(timed([0.1]), day=day) for day in range(12))
IDS = tuple(content_id(run) for run in RUNS)


class Killed(BaseException):
    """The writer does nothing more, not even clean up."""


class Interrupted:
    """A place as one writer sees it: ``happens`` is called before whatever the writer does there."""

    def __init__(self, place: Place, happens: Callable[[], None]) -> None:
        self.text = place.text
        # Its own, for what one reads ends nobody else's reading.
        self._place = place_of(place.text)
        self._happens = happens
        self._is_dead = False

    def names(self, under: str = "") -> list[str]:
        """No listing is of one moment: what is written or removed meanwhile may be in it or not."""
        self._step()
        first = sorted(self._place.names(under))
        middle = first[len(first) // 2] if first else ""
        self._step()
        later = sorted(self._place.names(under))
        return [name for name in first if name < middle] + [name for name in later if name >= middle]

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        self._step()
        return self._place.read(names)

    def write(self, name: str, content: bytes) -> None:
        self._step()
        self._place.write(name, content)
        # It may have arrived, and the writer not know it.
        self._step()

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        self._step()
        with self._place.writing(name) as handle:
            yield handle

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._step()
            self._place.remove([name])

    def arrow(self) -> tuple[Any, str]:
        self._step()
        return self._place.arrow()

    def end_reads(self) -> OSError | None:
        return self._place.end_reads()

    def _step(self) -> None:
        if self._is_dead:
            raise Killed
        try:
            self._happens()
        except Killed:
            self._is_dead = True
            raise


class Writers:
    """They come in between each other, three deep, as ``draw`` says."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw
        self._place = place_of(f"memory://{secrets.token_hex(8)}")
        self._depth = 0
        self._added: set[str] = set()
        """Runs whose writers said that they are there."""
        self._begun: set[str] = set()

    def add(self) -> None:
        chosen = self._draw(st.lists(st.integers(0, len(RUNS) - 1), min_size=1, max_size=4))
        self._begun |= {IDS[place] for place in chosen}
        try:
            writing.add_runs(Interrupted(self._place, self._something), [RUNS[place] for place in chosen])
        except (HistoryError, OSError, Killed):
            return
        self._added |= {IDS[place] for place in chosen}

    def read(self, *, is_alone: bool = False) -> None:
        known = set(self._added)
        place = self._place if is_alone else Interrupted(self._place, self._something)

        def found(contents: Contents) -> list[str]:
            ids = dataset_of(place, contents, "runs").to_table(columns=["run_id"]).column("run_id").to_pylist()
            assert sorted(ids) == sorted(contents.run_ids)
            return list(ids)

        try:
            ids = read_whole(place, found)
        except (OSError, HistoryError, Killed):
            # A reader, too, may be killed, and its store may fail.
            assert not is_alone
            return
        assert len(ids) == len(set(ids))
        assert known <= set(ids) <= self._begun

    def _something(self) -> None:
        if self._depth == 3:
            return
        what = self._draw(st.sampled_from(["nothing"] * 40 + ["add", "add", "read", "fail", "die"]))
        self._depth += 1
        try:
            if what == "add":
                self.add()
            elif what == "read":
                self.read()
            elif what == "fail":
                raise OSError("the network is down")
            elif what == "die":
                raise Killed
        finally:
            self._depth -= 1


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_run_is_lost_or_doubled_whoever_comes_in_between(data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "MERGED_AT_ONCE", 2)
        ids: list[str] = []
        old: set[str] = set()

        def new_id() -> str:
            """In no order, and the same when Hypothesis tries again."""
            ids.append(f"20261127T120000Z-{hashlib.sha256(b'%d' % len(ids)).hexdigest()[:16]}")
            return ids[-1]

        patch.setattr(writing, "new_id", new_id)
        patch.setattr(writing, "is_old", lambda part_id: part_id in old)
        writers = Writers(data.draw)
        for _ in range(data.draw(st.integers(1, 5))):
            writers.add()
            if data.draw(st.booleans()):
                # A day goes by, and whoever was at work has ended.
                old |= set(ids)
        writers.read(is_alone=True)


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    for place, run in enumerate(RUNS):
        save(tmp_path / "runs" / f"{place}.json", run)
    program = (
        "import sys; from speedscore.history.store import writing; writing.MERGED_AT_ONCE = 2; "
        "from speedscore.__main__ import main; "
        "sys.exit(max(main(['history', 'add', path, '--to', sys.argv[1]]) for path in sys.argv[2:]))"
    )
    # Each run by two of three processes.
    shares = [
        [str(tmp_path / "runs" / f"{place}.json") for place in range(12) if place % 3 != left] for left in range(3)
    ]
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "history"), *share], cwd=ROOT)
        for share in shares
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert rows(COUNTED, history=tmp_path / "history") == [(12, 12)]
    assert rows("select count(*) from rounds", history=tmp_path / "history") == [(12,)]
