"""What a session's probes share is made once, whoever asks first, and is gone with the session."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest

from speedscore.bench_suite.probes.kept import Kept


def test_a_thing_is_made_once_however_many_ask_at_once() -> None:
    kept, made, begun = Kept(), list[str](), threading.Barrier(4)

    def make(folder: Path) -> None:
        made.append(folder.name)
        (folder / "thing").write_text("here")

    def ask() -> None:
        begun.wait()
        assert (kept.folder("a", "b", make=make) / "thing").read_text() == "here"

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    folder = kept.folder("a", "other", make=make)
    assert len(set(made)) == 2, "another key is another thing"
    kept.close()
    assert not folder.exists()


def test_what_went_wrong_is_raised_for_everybody_and_tried_once() -> None:
    kept, tries = Kept(), list[Path]()

    def make(folder: Path) -> None:
        tries.append(folder)
        raise LookupError("no such operator")

    for _ in range(2):
        with pytest.raises(LookupError, match="no such operator"):
            kept.folder("a", make=make)
    assert len(tries) == 1
    assert not tries[0].exists()
    kept.close()


def test_who_shares_nothing_needs_no_room_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    kept = Kept()
    with pytest.raises(FileNotFoundError, match="gone"):
        kept.folder("a", make=lambda _: None)
    kept.close()
