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

BLOCK_KEY = "speedscore"


class RunFileError(ValueError):
    """A saved run cannot be read or written. The message names the file, what was expected and what to do."""


class _File(msgspec.Struct, frozen=True):
    """A file of the present form, as far as it is looked at."""

    run: RunRecord = msgspec.field(name=BLOCK_KEY)


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON, no text, or nested without end."""


def load_run(path: Path) -> RunRecord:
    """Read and check one saved run.

    Raises RunFileError when the file is missing, truncated, not pytest-benchmark's JSON, without our block, or of a
    schema version that is not known here; an older one is brought into the present form.
    """
    try:
        text = read_file(path)
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read ({error.strerror}); name a saved run, a .json file") from error
    # In one pass over the text, which is long. Where that fails, the file is looked at step by step.
    with contextlib.suppress(*_UNREADABLE):
        return msgspec.json.decode(text, type=_File).run
    try:
        block = _find_block(text)
    except _UNREADABLE as error:
        raise RunFileError(
            f"{path}: not a complete JSON object ({error}); the file is damaged, restore it or measure again"
        ) from error
    if block is None:
        raise RunFileError(
            f"{path}: holds no {BLOCK_KEY!r} block; it was not saved by a speedscore session; name a saved "
            "run (what --gate-json wrote is read by speedscore report, comment and badge)"
        )
    try:
        return decode_block(block)
    except _UNREADABLE as error:
        raise RunFileError(f"{path}: the {BLOCK_KEY!r} block is not valid: {error}") from error


def _find_block(text: bytes) -> bytes | msgspec.Raw | None:
    """The block of a file as JSON; None where there is none."""
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw]).get(BLOCK_KEY)
    except msgspec.DecodeError:
        # Python's own reader takes NaN and Infinity, and so did whoever wrote them.
        with contextlib.suppress(ValueError, RecursionError):
            document = json.loads(text)
            if isinstance(document, dict):
                return json.dumps(document[BLOCK_KEY]).encode() if BLOCK_KEY in document else None
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
