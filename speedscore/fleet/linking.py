"""The process between the driver and Ray: it connects, and carries what both say, until one of them has gone."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import IO

import msgspec

from speedscore.fleet.address import ADVICE
from speedscore.fleet.cluster import ClusterLostError, DriverGone, Link, reach, reason_of
from speedscore.fleet.wire import News, Unreachable, decode_command, encode
from speedscore.fleet.work import LOCAL
from speedscore.host.variables import PIPES


def main() -> None:
    address, travelling, asked = sys.argv[1:]
    reads, writes = map(int, os.environ.pop(PIPES).split(","))
    os.set_inheritable(reads, False)
    os.set_inheritable(writes, False)
    with os.fdopen(reads, "rb") as commands, os.fdopen(writes, "wb") as news, contextlib.ExitStack() as ending:

        def say(said: News) -> None:
            news.write(encode(said) + b"\n")
            news.flush()

        try:
            ending.callback(reach(address, travelling))
            link = Link(say, requirements=msgspec.json.decode(Path(asked).read_bytes()) if asked else None)
        except Exception as error:  # noqa: BLE001 - Ray raises errors of many kinds where it reaches nothing
            # Those of its kinds (aborted, reset) come from a cluster that was reached.
            hint = f": {ADVICE}" if type(error) is ConnectionError and address != LOCAL else ""
            say(Unreachable(reason_of(error) + hint))
            return
        ending.callback(link.close)
        threading.Thread(target=_listen, args=(commands, link), daemon=True).start()
        with contextlib.suppress(BrokenPipeError):  # the driver has gone
            try:
                link.serve()
            except ClusterLostError as error:
                say(Unreachable(str(error)))


def _listen(commands: IO[bytes], link: Link) -> None:
    for line in commands:
        link.hear(decode_command(line))
    link.hear(DriverGone())


if __name__ == "__main__":
    main()
