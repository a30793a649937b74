"""The process in which a framework is asked: ``python -m speedscore.bench_suite.probes.child``, started by ``process``.

It calls functions by name, one after the other, and answers what they return. It imports nothing but the standard
library, for it also runs under the interpreter of an environment that has none of our packages.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from importlib import metadata
from typing import Any

from speedscore.host.variables import PIPES

PROCESSORS = "SPEEDSCORE_PROCESSORS"
"""Tells the process which processors it may run on, as ``0,1``."""


def main() -> None:
    """Answer requests until they end. Each is a line of JSON: number, secret, function, arguments."""
    requests_fd, replies_fd = map(int, os.environ.pop(PIPES).split(","))
    for descriptor in (requests_fd, replies_fd):
        os.set_inheritable(descriptor, False)
    processors = os.environ.pop(PROCESSORS, "")
    if processors and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [int(number) for number in processors.split(",")])
    memory: dict[str, Any] = {}
    with os.fdopen(requests_fd, "rb") as requests, os.fdopen(replies_fd, "wb") as replies:
        for line in requests:
            asked = json.loads(line)
            reply = _answer(asked["function"], asked["arguments"], memory)
            reply |= {"number": asked["number"], "secret": asked["secret"]}
            # Half of a surrogate pair, as file names may have, is no JSON that every reader takes.
            replies.write(json.dumps(reply, ensure_ascii=False).encode(errors="replace") + b"\n")
            replies.flush()


def _answer(name: str, arguments: dict[str, Any], memory: dict[str, Any]) -> dict[str, Any]:
    try:
        module, _, function = name.partition(":")
        value = getattr(importlib.import_module(module), function)(memory, **arguments)
        # Here, where what cannot be sent is still this call's own failure.
        return {"value": json.loads(json.dumps(value))}
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is an answer
        traceback.print_exc()
        return {"raised": describe(error)}


def describe(error: BaseException) -> dict[str, str]:
    """Type, message and traceback of an exception, as ``process.Raised`` holds them."""
    return {
        "type": type(error).__qualname__,
        "module": type(error).__module__,
        "message": str(error),
        "traceback": "".join(traceback.format_exception(error)),
    }


def installed_versions(memory: dict[str, Any], *, distributions: list[str]) -> dict[str, str]:
    """Distribution → version of those that are installed, and Python's own."""
    del memory
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in distributions:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main()
