"""A saved run as a file: pytest-benchmark's own JSON with one block of ours under the key ``speedscore``.

It reads and checks that block once, and writes whole files atomically. It never repairs a file that it cannot read: a
damaged run is refused with the file's name and the reason. Beside the block stands what strangers wrote, who may take
NaN and Infinity for JSON, as pytest-benchmark does; such a file is read, but in the block they are an error.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import msgspec

from speedscore.host.files import read_file, write_file
from speedscore.record.older_forms import decode_block
from speedscore.record.run_record import RunRecord
from speedscore.text.cleaning import one_line

BLOCK_KEY = "speedscore"
MACHINE_KEY = "machine_info"


class RunFileError(ValueError):
    """A saved run cannot be read or written. The message names the file, what was expected and what to do."""


class SavedFile(msgspec.Struct, frozen=True):
    """What is read of a saved run's file."""

    run: RunRecord
    host: str = ""
    """What the machine that led the run is called in its network, as pytest-benchmark writes it beside our block; empty
    where it is not known."""


class _File(msgspec.Struct, frozen=True):
    """A file of the present form, as far as it is looked at."""

    run: RunRecord = msgspec.field(name=BLOCK_KEY)
    machine_info: msgspec.Raw = msgspec.Raw()


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON, no text, or nested without end."""


def load_run(path: Path) -> RunRecord:
    """Read and check one saved run. Raises RunFileError as ``load_saved``."""
    return load_saved(path).run


def load_saved(path: Path) -> SavedFile:
    """Read and check one saved run, and read where it was made.

    Raises RunFileError when the file is missing, truncated, not pytest-benchmark's JSON, without our block, or of a
    schema version that is not known here; an older one is brought into the present form.
    """
    try:
        text = read_file(path)
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read ({error.strerror}); name a saved run, a .json file") from error
    # In one pass over the text, which is long. Where that fails, the file is looked at step by step.
    with contextlib.suppress(*_UNREADABLE):
        file = msgspec.json.decode(text, type=_File)
        return SavedFile(file.run, _host(file.machine_info))
    try:
        document = _document(text)
    except _UNREADABLE as error:
        raise RunFileError(
            f"{path}: not a complete JSON object ({error}); the file is damaged, restore it or measure again"
        ) from error
    if BLOCK_KEY not in document:
        raise RunFileError(
            f"{path}: holds no {BLOCK_KEY!r} block; it was not saved by a speedscore session; name a saved "
            "run (what --gate-json wrote is read by speedscore report, comment and badge)"
        )
    try:
        return SavedFile(decode_block(document[BLOCK_KEY]), _host(document.get(MACHINE_KEY, b"")))
    except _UNREADABLE as error:
        raise RunFileError(f"{path}: the {BLOCK_KEY!r} block is not valid: {error}") from error


def host_of(machine_info: Any) -> str:
    """What pytest-benchmark's ``machine_info`` calls the machine, in one line; empty where it does not say. A hook may
    have made anything of it."""
    node = machine_info.get("node") if isinstance(machine_info, dict) else None
    return one_line(node) if isinstance(node, str) else ""


def _host(machine_info: bytes | msgspec.Raw) -> str:
    with contextlib.suppress(*_UNREADABLE):
        return host_of(msgspec.json.decode(machine_info))
    return ""


def _document(text: bytes) -> dict[str, bytes] | dict[str, msgspec.Raw]:
    """The file's entries, each as JSON."""
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        # Python's own reader takes NaN and Infinity, and so did whoever wrote them.
        with contextlib.suppress(ValueError, RecursionError):
            document = json.loads(text)
            if isinstance(document, dict):
                known = (name for name in (BLOCK_KEY, MACHINE_KEY) if name in document)
                return {name: json.dumps(document[name]).encode() for name in known}
        raise


def to_block(run: RunRecord) -> dict[str, Any]:
    """The run as plain JSON values, ready to stand under ``speedscore``."""
    block: dict[str, Any] = msgspec.to_builtins(run)
    return block


def write_json(path: Path, document: Any) -> None:
    """Write JSON to ``path`` whole or not at all: to a neighbouring temporary file first, then renamed.

    Raises RunFileError when the disk is full, the folder cannot be written, or a value is not JSON (NaN above all); an
    older file then stands as it was.
    """
    try:
        write_file(path, json.dumps(document, indent=4, allow_nan=False))
    except OSError as error:
        raise RunFileError(f"{path}: not saved ({error.strerror}); what stood there before is untouched") from error
    except (ValueError, TypeError) as error:
        raise RunFileError(f"{path}: not saved ({error}); what stood there before is untouched") from error
