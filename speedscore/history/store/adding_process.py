"""A process that adds some files to a history: ``python -m speedscore.history.store.adding_process``, of ``adding``.

It is told once what to add, and tells what became of it in lines of JSON, the last of them empty. When the pipe closes
by which it was told, it ends as after Ctrl-C and removes what it has half written: so it ends with whoever started it.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from speedscore.host.variables import PIPES

_AT_ONCE = 10_000
"""Runs or files that a line tells of."""
_INTERRUPTED = 130


def main() -> int:
    # A shell starts what it runs in the background with this signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    requests_fd, replies_fd = map(int, os.environ.pop(PIPES).split(","))
    with os.fdopen(requests_fd, "rb", closefd=False) as requests, os.fdopen(replies_fd, "wb") as replies:
        request = json.loads(requests.readline())
        threading.Thread(target=_interrupt_at_end, args=(requests_fd,), daemon=True).start()
        for line in _told_of(request):
            replies.write(json.dumps(line).encode() + b"\n")
    return 0


def _interrupt_at_end(descriptor: int) -> None:
    """Nothing more is said: whoever waits here hears of the end alone."""
    os.read(descriptor, 1)
    _thread.interrupt_main()


def _told_of(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    # Here, where it can be interrupted already: they take longer to load than all before.
    from speedscore.comparing.reading_runs import FoundFiles, RunFile, read_files
    from speedscore.history.errors import HistoryError
    from speedscore.history.store.storage import place_of
    from speedscore.history.store.writing import write_runs
    from speedscore.record.run_file import RunFileError

    unread: list[tuple[int, str]] = []

    def runs() -> Iterator[RunFile]:
        for argument, paths, are_pooled in request["files"]:
            reasons: list[str] = []
            yield from read_files(FoundFiles("", tuple(map(Path, paths)), are_pooled), reasons)
            unread.extend((argument, reason) for reason in reasons)

    try:
        written = write_runs(place_of(request["place"]), runs(), writers=request["writers"])
    except (RunFileError, HistoryError) as error:
        yield {"error": type(error).__name__, "message": str(error)}
        return
    for name, items in (("added", written.added), ("there", written.there), ("unread", unread)):
        for begin in range(0, len(items), _AT_ONCE):
            yield {name: items[begin : begin + _AT_ONCE]}
    yield {}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
