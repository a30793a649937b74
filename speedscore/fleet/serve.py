"""The process on a machine that does one piece: it calls the piece's function, and passes on what it tells.

It gives signs of life from a thread of its own, so that a piece that says nothing for an hour is not taken for dead. It
knows no cluster and decides nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import traceback
from typing import IO

from speedscore.fleet.wire import MOST_MESSAGE_BYTES, Beat, Do, Done, Message, Raised, Sign, decode_do, encode
from speedscore.host.reaper import mark
from speedscore.host.variables import PIPES
from speedscore.text.cleaning import one_line

BEAT_SECONDS = 10.0
_MOST_REASON_CHARACTERS = 2000


def main() -> None:
    requests_fd, replies_fd = map(int, os.environ.pop(PIPES).split(","))
    # What the piece starts must neither hold the pipes open nor speak on them.
    os.set_inheritable(requests_fd, False)
    os.set_inheritable(replies_fd, False)
    # Ray blocks Ctrl-C in its workers, and what these start would never hear it: py-spy ends by it.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # What the piece starts ends with this process. The machine's own reaper does not do: where Ray ends an actor, it
    # first ends what the actor has started, and so the reaper.
    os.environ |= mark()
    with os.fdopen(requests_fd, "rb") as requests, os.fdopen(replies_fd, "wb") as replies:
        speaker = _Speaker(replies)
        threading.Thread(target=speaker.beat, daemon=True).start()
        line = requests.readline()
        if line:
            sign = _done(decode_do(line), speaker)
            # Whoever hears of the end looks at the log. The piece may have closed its output.
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
            speaker.say(sign)
    # Threads that a framework left behind must not keep a process that has answered.
    os._exit(0)


class _Speaker:
    """Two threads speak: the piece's, and the one that gives signs of life."""

    def __init__(self, replies: IO[bytes]) -> None:
        self._replies = replies
        self._lock = threading.Lock()
        self._is_over = threading.Event()

    def say(self, sign: Sign) -> None:
        line = encode(sign) + b"\n"
        with self._lock:
            if self._is_over.is_set():
                return
            self._replies.write(line)
            self._replies.flush()
            if isinstance(sign, Done | Raised):
                self._is_over.set()

    def tell(self, message: bytes) -> None:
        _require_short(message, "a report")
        self.say(Message(message))

    def beat(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # whoever asked has gone, and ends this process
            while not self._is_over.wait(BEAT_SECONDS):
                self.say(Beat())


def _done(do: Do, speaker: _Speaker) -> Sign:
    try:
        module, _, function = do.entry.partition(":")
        answer: bytes = getattr(importlib.import_module(module), function)(do.request, speaker.tell)
        _require_short(answer, "the answer")
    except BaseException as error:  # noqa: BLE001 - whatever a piece raises is told, SystemExit and KeyboardInterrupt too
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            traceback.print_exc()
        reason = one_line(f"{type(error).__name__}: {error}")
        return Raised(reason[:_MOST_REASON_CHARACTERS])
    return Done(answer)


def _require_short(message: bytes, what: str) -> None:
    if len(message) > MOST_MESSAGE_BYTES:
        raise ValueError(f"{what} of {len(message):,} bytes; at most {MOST_MESSAGE_BYTES:,} fit: say it in several")


if __name__ == "__main__":
    main()
