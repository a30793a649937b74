"""Saved runs in files into a history: where they are many, by as many processes as there are processors.

Writers need not know of each other (``store``), so that each process adds some of the files as a command of its own
would, and this one merges when all have ended. Ctrl-C, or an error of one, ends them all: each removes what it has half
written, and what was added before stays there.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from speedscore.comparing.reading_runs import FoundFiles, require_a_run, stream_run_files
from speedscore.history.errors import HistoryError
from speedscore.history.store.storage import is_of_this_process, place_of
from speedscore.history.store.writing import Added, Written, merge, write_runs
from speedscore.host.import_path import import_path
from speedscore.host.piped import PipedProcess, ProcessLostError
from speedscore.host.processors import usable_processors
from speedscore.host.scratch import make_scratch
from speedscore.record.run_file import RunFileError

_FEWEST_FILES = 500
"""For a process: fewer are read in the time in which it starts."""
_MOST_PROCESSES = 8
"""Each takes the memory of Python and pyarrow, 100 MB."""
_LIMIT_SECONDS = 86_400.0
"""Nobody takes longer over a part (``parts.MARKS_STAY``)."""
_END_SECONDS = 30.0
"""For a process to remove what it has half written."""
_ERRORS = {error.__name__: error for error in (RunFileError, HistoryError)}


def add_files(place: str, found: Sequence[FoundFiles], left_out: list[str]) -> Added:
    """Add the runs of the files. ``left_out`` is filled with the reasons of those that are none.

    Raises what ``store.add_runs`` and ``stream_run_files`` raise.
    """
    processes = _processes(sum(len(files.paths) for files in found))
    if processes == 1 or is_of_this_process(place):
        written = write_runs(place_of(place), stream_run_files(found, left_out))
        added = Added(len(written.added), len(written.there))
    else:
        added = _by_processes(place, found, left_out, processes=processes)
    if added.added:
        merge(place_of(place))
    return added


def _processes(files: int) -> int:
    return max(1, min(len(usable_processors()), _MOST_PROCESSES, files // _FEWEST_FILES))


def shares(found: Sequence[FoundFiles], count: int) -> list[list[tuple[int, FoundFiles]]]:
    """The files in at most so many shares of a like size, neighbours together, each with the place of its argument."""
    numbered = [(place, path) for place, files in enumerate(found) for path in files.paths]
    size = math.ceil(len(numbered) / count)
    return [
        [
            (place, FoundFiles(found[place].argument, tuple(path for _, path in own), found[place].are_pooled))
            for place, own in groupby(numbered[begin : begin + size], key=itemgetter(0))
        ]
        for begin in range(0, len(numbered), size)
    ]


def _by_processes(place: str, found: Sequence[FoundFiles], left_out: list[str], *, processes: int) -> Added:
    written = Written([], [])
    unread: list[list[str]] = [[] for _ in found]
    requests = [_request(place, share, writers=processes) for share in shares(found, processes)]
    # The processes end first, and with them those who listen to them.
    with ThreadPoolExecutor(len(requests)) as listeners, _started(len(requests)) as writers:
        for writer, request in zip(writers, requests, strict=True):
            _ask(writer, request, place=place)
        listening = [listeners.submit(_all_told, writer, place=place) for writer in writers]
        for heard in as_completed(listening):
            heard.result()  # the first error, whichever process has it
        for told in chain.from_iterable(heard.result() for heard in listening):
            written.added.extend(told.get("added", ()))
            written.there.extend(told.get("there", ()))
            for argument, reason in told.get("unread", ()):
                unread[argument].append(reason)
    for files, reasons in zip(found, unread, strict=True):
        require_a_run(files, reasons)
        left_out += reasons
    # Two files of one run may have gone to two processes.
    added = set(written.added)
    return Added(len(added), len(set(written.there) - added))


def _request(place: str, share: Sequence[tuple[int, FoundFiles]], *, writers: int) -> bytes:
    files = [(argument, list(map(str, each.paths)), each.are_pooled) for argument, each in share]
    # Not by msgspec, which refuses the name of a file that is no UTF-8.
    return json.dumps({"place": place, "writers": writers, "files": files}).encode()


@contextmanager
def _started(count: int) -> Iterator[list[PipedProcess]]:
    """So many processes, which are gone at the end."""
    scratch = make_scratch("adding")
    writers: list[PipedProcess] = []
    try:
        writers.extend(_start(scratch / f"{number}.log") for number in range(count))
        yield writers
    finally:
        # All at once, and then one after the other.
        for writer in writers:
            writer.hang_up(within_seconds=0)
        for writer in writers:
            writer.hang_up(within_seconds=_END_SECONDS)
            writer.close()
        shutil.rmtree(scratch, ignore_errors=True)


def _start(log_path: Path) -> PipedProcess:
    # Nothing that lies in this folder may be taken for a module.
    command = [sys.executable, "-P", "-m", "speedscore.history.store.adding_process"]
    return PipedProcess(command, log_path=log_path, env=os.environ | {"PYTHONPATH": import_path()})


def _ask(writer: PipedProcess, request: bytes, *, place: str) -> None:
    try:
        writer.send(request)
    except ProcessLostError as error:
        raise _lost(error, place=place) from None


def _all_told(writer: PipedProcess, *, place: str) -> list[dict[str, Any]]:
    told = []
    while (each := _told(writer, place=place)) is not None:
        told.append(each)
    return told


def _told(writer: PipedProcess, *, place: str) -> dict[str, Any] | None:
    """The next that it tells of its files; None where it has ended. Raises what it raised."""
    try:
        told: dict[str, Any] = json.loads(writer.read_line(limit_seconds=_LIMIT_SECONDS))
    except ProcessLostError as error:
        raise _lost(error, place=place) from None
    if error_name := told.get("error"):
        raise _ERRORS[error_name](told["message"])
    return told or None


def _lost(error: ProcessLostError, *, place: str) -> HistoryError:
    said = "; ".join(map(str.strip, str(error).splitlines()))
    return HistoryError(
        f"{place}: a process that added runs {said}. What the others added is there; add the runs again"
    )
