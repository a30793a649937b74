"""Makes sure that a session's run is saved whole, also when no option asks for it and when every case was skipped.

pytest-benchmark writes the file that its options ask for; this module keeps an older file of ``--benchmark-json`` until
the new one is complete, removes what a full disk left half written, and saves the run itself where pytest-benchmark
would not. It uses pytest-benchmark's public hooks and options, and changes nothing of what it writes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from speedscore.record.run_file import write_json

BENCHMARK_SESSION = "pytest-benchmark"
"""The name under which pytest-benchmark registers its session with pytest."""


class RunFiles:
    """Where the run of one session goes. Made when all tests are done, before pytest-benchmark saves anything."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        asked: Path | None = config.getoption("benchmark_json", None)
        self._json_path = Path(asked) if asked else None
        self._stored_before = frozenset(self._stored())
        self._older: Path | None = None
        if self._json_path is not None and self._json_path.is_file():
            # pytest-benchmark empties the file before it writes; until it has written, the older run is kept beside it.
            self._older = self._json_path.with_name(f".{self._json_path.name}.older")
            self._json_path.replace(self._older)

    def keep(self) -> Path | None:
        """Accept what pytest-benchmark has written. Returns a file that holds this session's run, or None."""
        fresh = sorted(set(self._stored()) - self._stored_before)
        if self._json_path is not None and self._json_path.exists():
            self._forget_older()
            return self._json_path
        return fresh[-1] if fresh else None

    def discard(self) -> None:
        """Remove what was left half written by an error while saving, and put the older run back."""
        for path in set(self._stored()) - self._stored_before:
            if not _is_complete(path):
                path.unlink(missing_ok=True)
        if self._json_path is not None:
            if self._older is not None:
                self._older.replace(self._json_path)
                self._older = None
            elif not _is_complete(self._json_path):
                self._json_path.unlink(missing_ok=True)

    def _forget_older(self) -> None:
        if self._older is not None:
            self._older.unlink()
            self._older = None

    def save(self) -> Path | None:
        """Save the run where pytest-benchmark did not: to the file asked for, else into its storage under a new number.

        Returns None where the storage is not a folder. Raises RunFileError when the disk does not take the file.
        """
        path = self._json_path or self._next_stored()
        if path is not None:
            write_json(path, self._document())
            self._forget_older()
        return path

    def _document(self) -> dict[str, Any]:
        session = self._benchmark_session()
        hook = self._config.hook
        commit_info = hook.pytest_benchmark_generate_commit_info(config=self._config)
        hook.pytest_benchmark_update_commit_info(config=self._config, commit_info=commit_info)
        document: dict[str, Any] = hook.pytest_benchmark_generate_json(
            config=self._config,
            benchmarks=session.benchmarks,
            include_data=True,
            machine_info=session.get_machine_info(),
            commit_info=commit_info,
        )
        hook.pytest_benchmark_update_json(config=self._config, benchmarks=session.benchmarks, output_json=document)
        return document

    def _benchmark_session(self) -> Any:
        return self._config.pluginmanager.get_plugin(BENCHMARK_SESSION)

    def _folder(self) -> Path | None:
        session = self._benchmark_session()
        # pytest-benchmark may be switched off, and a storage that is no folder (Elasticsearch) has no path.
        path = getattr(getattr(session, "storage", None), "path", None)
        return Path(path) / session.machine_id if path is not None else None

    def _stored(self) -> list[Path]:
        folder = self._folder()
        return list(folder.glob("*.json")) if folder is not None else []

    def _next_stored(self) -> Path | None:
        folder = self._folder()
        if folder is None:
            return None
        numbers = [int(path.name[:4]) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.json")]
        return folder / f"{max(numbers, default=0) + 1:04}_speedscore.json"


def _is_complete(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return True
