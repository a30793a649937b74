"""Runs one function of a program and catches what its user would see. It judges nothing.

It is called in the framework's process and imports the standard library alone, so that it also runs under the
interpreter of an environment that holds an older release.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

NAME = "user_program"


def load(memory: dict[str, Any], *, path: str) -> None:
    """Load the program at ``path``, and with it the framework; once a process. Raises what loading it raises."""
    if "program" not in memory:
        memory["program"] = _load(path)


def run(memory: dict[str, Any], *, entry: str, printed: str) -> dict[str, Any]:
    """Call ``entry`` of the program that was loaded, and say what came of it.

    ``printed`` is a file for what is written to standard error meanwhile, by whatever means; it is there, too, when the
    process dies. Returned are ``seconds``, from the call until it returned or raised, ``printed``, and ``number``, the
    text of the number it returned, or ``traceback``, as Python prints it; each empty where there is none.
    Raises TypeError where the function returns anything but a number.
    """
    call = getattr(memory["program"], entry)
    number, shown = None, ""
    with _standard_error_to(printed):
        began = time.perf_counter()
        try:
            number = call()
        except BaseException as error:  # noqa: BLE001 - whatever ends a user's program, SystemExit too
            seconds = time.perf_counter() - began
            shown = _as_printed(error)
        else:
            seconds = time.perf_counter() - began
    if not shown and not isinstance(number, int | float):
        raise TypeError(
            f"{entry}() of {memory['program'].__file__} returned {type(number).__name__}; expected a number"
        )
    text = Path(printed).read_text(encoding="utf-8", errors="replace")
    return {"seconds": seconds, "printed": text, "traceback": shown, "number": "" if shown else repr(float(number))}  # type: ignore[arg-type]


def _load(path: str) -> ModuleType:
    # What is deprecated is shown where a user's own script calls it, which Python knows by the name __main__.
    warnings.filterwarnings("default", category=DeprecationWarning, module=NAME)
    spec = importlib.util.spec_from_file_location(NAME, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _standard_error_to(path: str) -> Iterator[None]:
    """Of the descriptor and not ``sys.stderr`` alone: C++ writes there, and handlers of logs that were made before."""
    sys.stderr.flush()
    saved = os.dup(2)
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(target, 2)
    os.close(target)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)


def _as_printed(error: BaseException) -> str:
    frames = error.__traceback__
    if frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        error = error.with_traceback(frames.tb_next)  # our own call, which the user's traceback would not have
    return "".join(traceback.format_exception(error))
