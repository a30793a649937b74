"""The folder of logs: files that a person finds, none written over, and none that costs a piece."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from speedscore.fleet.log_folder import LogFolder
from speedscore.fleet.work import FleetError


@pytest.fixture
def warnings() -> list[str]:
    return []


def logs_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.log")}


def test_a_file_is_called_after_piece_machine_and_placing_and_holds_what_came(
    tmp_path: Path, warnings: list[str]
) -> None:
    logs = LogFolder(f"{tmp_path}/new/logs", warn=warnings.append, prefix="share-")
    content = b"\xff\x1b[31mred\r\n"
    assert logs.keep("1/4", "host.lan", nth=2, content=content) == f"{tmp_path}/new/logs/share-1-4_host.lan_2.log"
    assert logs_in(tmp_path / "new" / "logs") == {"share-1-4_host.lan_2.log": content}
    assert not warnings


@pytest.mark.parametrize("name", ["../../outside", "/etc/passwd", "..", "a\nb\x1b[2J", "", "x" * 1000, "über"])
def test_whatever_a_piece_or_a_machine_is_called_its_file_lies_in_the_folder(
    tmp_path: Path, warnings: list[str], name: str
) -> None:
    shown = LogFolder(str(tmp_path / "logs"), warn=warnings.append).keep(name, name, nth=1, content=b"said")
    assert list(logs_in(tmp_path / "logs").values()) == [b"said"]
    assert shown.isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]
    assert not warnings


def test_what_an_earlier_session_left_stays(tmp_path: Path, warnings: list[str]) -> None:
    for content in (b"earlier", b"now"):
        LogFolder(str(tmp_path), warn=warnings.append).keep("mlp cpu", "a", nth=1, content=content)
    assert logs_in(tmp_path) == {"mlp-cpu_a_1.log": b"earlier", "mlp-cpu_a_2.log": b"now"}


def test_a_folder_of_its_own_is_none_that_git_sees_and_one_of_others_is_left_as_it_is(
    tmp_path: Path, warnings: list[str]
) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "notes.txt").touch()
    for name in ("own", "theirs"):
        LogFolder(str(tmp_path / name), warn=warnings.append)
    assert (tmp_path / "own" / ".gitignore").read_text().endswith("\n*\n")
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("", "^name a folder, found nothing$"),
        ("file", r"^file: expected a folder that can be written \(File exists\)$"),
        ("file/logs", r"^file/logs: expected a folder that can be written \(Not a directory\)$"),
    ],
)
def test_what_is_no_folder_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str], folder: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(FleetError, match=said):
        LogFolder(folder, warn=warnings.append)


def test_a_disk_that_fills_later_is_one_warning_and_leaves_no_half_of_a_file(
    tmp_path: Path, warnings: list[str]
) -> None:
    logs = LogFolder(str(tmp_path), warn=warnings.append)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        assert [logs.keep("a", "m", nth=nth, content=b"x" * 5000) for nth in (1, 2)] == ["", ""]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert warnings == [f"a log could not be kept in {tmp_path}: File too large"]
    assert not logs_in(tmp_path)
    assert logs.keep("a", "m", nth=3, content=b"x" * 5000).endswith("a_m_3.log"), "there may be room again"


def test_a_test_that_changes_the_working_directory_does_not_move_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    logs = LogFolder("logs", warn=warnings.append)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert logs.keep("a", "m", nth=1, content=b"said") == "logs/a_m_1.log"
    assert logs_in(tmp_path / "logs") == {"a_m_1.log": b"said"}
