"""The whole records that the RUN of a command line stands for: of files, folders and globs, each run once.

For commands that pass runs on as they are; what is compared of a run is ``saved_run``'s. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from speedscore.comparing.finding_runs import find_files
from speedscore.record.content_id import content_id
from speedscore.record.moments import utc
from speedscore.record.run_file import RunFileError, load_saved
from speedscore.record.run_record import RunRecord


class RunFile(msgspec.Struct, frozen=True):
    path: Path
    record: RunRecord
    id: str
    """See ``content_id``."""
    host: str = ""
    """As in ``SavedFile``."""


class FoundFiles(msgspec.Struct, frozen=True):
    """The files that an argument stands for, or some of them; none has been read."""

    argument: str
    paths: tuple[Path, ...]
    are_pooled: bool
    """Whether they are of a folder or a glob, among which may be files that are no runs."""


class RunFiles(msgspec.Struct, frozen=True):
    files: tuple[RunFile, ...]
    """A run once, by the file that was named last; in the order in which runs were named."""
    left_out: tuple[str, ...] = ()
    """Files of a folder or a glob that are no runs of ours, each with the reason."""


def read_run_files(arguments: Sequence[str]) -> RunFiles:
    """The runs that the arguments of a command line stand for.

    Raises RunFileError where one stands for no run. A file among those of a folder or a glob that cannot be read as one
    is left out.
    """
    left_out: list[str] = []
    files = {file.id: file for file in _each(find_run_files(arguments), left_out)}
    return RunFiles(tuple(files.values()), tuple(left_out))


def find_run_files(arguments: Sequence[str]) -> tuple[FoundFiles, ...]:
    """What each argument stands for. Raises RunFileError where one stands for no file."""
    found = ((argument, *find_files(argument)) for argument in arguments)
    return tuple(FoundFiles(argument, tuple(paths), pooled) for argument, paths, pooled in found)


def stream_run_files(found: Sequence[FoundFiles], left_out: list[str]) -> Iterator[RunFile]:
    """The runs one after the other, for as many as memory does not hold, each by the file that was named first.

    ``left_out`` is filled meanwhile. Raises RunFileError as ``read_run_files``.
    """
    seen: set[str] = set()
    for file in _each(found, left_out):
        if file.id not in seen:
            seen.add(file.id)
            yield file


def left_out_lines(left_out: Sequence[str]) -> list[str]:
    """A line that says how many files were left out, and why the first of them; none where none was."""
    count = len(left_out)
    return [f"{count} file{'s' * (count > 1)} left out, no saved run; the first: {left_out[0]}"] if count else []


def _read(path: Path) -> RunFile:
    """A run that says when it was made, and whose every moment is one. Raises RunFileError."""
    file = load_saved(path)
    run = file.run
    try:
        if not run.created:
            raise RunFileError("the run does not say when it was made")
        for moment in {run.created, *(case.occasion for case in run.cases), *(probe.occasion for probe in run.probes)}:
            utc(moment)
    except RunFileError as error:
        raise RunFileError(f"{path}: {error}") from None
    return RunFile(path, run, content_id(run), file.host)


def _each(found: Sequence[FoundFiles], left_out: list[str]) -> Iterator[RunFile]:
    for files in found:
        unread: list[str] = []
        yield from read_files(files, unread)
        require_a_run(files, unread)
        left_out += unread


def read_files(files: FoundFiles, unread: list[str]) -> Iterator[RunFile]:
    """Those that are runs; ``unread`` is filled with the reasons of the others meanwhile.

    Raises RunFileError for one that was named and is none.
    """
    for path in files.paths:
        try:
            yield _read(path)
        except RunFileError as error:
            if not files.are_pooled:
                raise
            unread.append(str(error))


def require_a_run(files: FoundFiles, unread: Sequence[str]) -> None:
    """Raises RunFileError where all that an argument stands for could not be read."""
    if len(unread) == len(files.paths):
        raise RunFileError(f"{files.argument}: no saved run among {len(unread)} files; the first: {unread[0]}")
