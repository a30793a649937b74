"""Which files of a history count. It reads and writes marks, and no table.

A history is made of parts. A part is some runs, each whole, as Parquet files by machine and month, a file for each
table: ``machine_id=…/month=…/part=…/rounds.parquet``, the form that Hive gave its name to. It counts from the moment
when its mark stands in ``_parts``, which is written last and says which runs and files it has. Nobody else ever writes
under its name.

Many parts are merged into one, which says in its mark which parts it replaces; they count no longer, and their files
are removed. Their marks stay for a day: a listing of the marks takes time, and one that passed the place of the new
mark before it was written still has theirs. So whatever was added before a listing began is in it, in one part or
another. A run that several parts hold, because two writers knew nothing of each other, counts in one of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from speedscore.comparing.finding_runs import STORAGE
from speedscore.history.errors import HistoryError
from speedscore.history.store.storage import Place, is_url, place_of

FORM_VERSION = 2
"""Raised when a column changes its meaning or goes, or the files change.

2 (2026-11): parts have marks in ``_parts``, and the table ``figures``.
1 (2026-11): the first form.
"""
MARK = "speedscore-history.json"
MARKS = "_parts"
REMEDY = "make it again from the saved runs, into a new place: speedscore history add RUN… --to PLACE"
"""For a history that is damaged, or another release's."""
OUT_OF_REACH = "see that it can be reached and may be read, and try again"
"""For one of which that is not known."""
MARKS_STAY = timedelta(days=1)
"""Longer than anybody takes to list marks, or to write the files of a part, by clocks that may differ by hours."""
_MOMENT = "%Y%m%dT%H%M%SZ"


class Mark(msgspec.Struct, frozen=True):
    """What stands in the file that marks a place as a history; a later release may write more into it."""

    form_version: int = FORM_VERSION


class PartMark(msgspec.Struct, frozen=True):
    """What stands in the mark of a part."""

    run_ids: tuple[str, ...]
    files: dict[str, tuple[str, ...]]
    """Folder of a machine and month → the tables that have rows there."""
    replaces: tuple[str, ...] = ()
    """Ids of parts whose runs it holds."""


class Part(msgspec.Struct, frozen=True):
    id: str
    """When it was begun, and chance."""
    mark: PartMark

    @property
    def names(self) -> list[str]:
        """Of its files."""
        return [
            name_of(self.id, folder=folder, table=table)
            for folder, tables in self.mark.files.items()
            for table in tables
        ]


class Contents(msgspec.Struct, frozen=True):
    """What a history holds, as one listing shows it."""

    parts: tuple[Part, ...] = ()
    """Those that count, each with a run that counts in no other."""
    elsewhere: dict[str, frozenset[str]] = {}
    """Id of a part → those of its runs that count in another; only of parts that have any."""
    replaced: tuple[Part, ...] = ()
    by_replacement: dict[str, tuple[str, ...]] = {}
    """Id of any part that replaces others → theirs."""
    unread: tuple[Part, ...] = ()
    """Parts all of whose runs count in others."""

    @property
    def run_ids(self) -> frozenset[str]:
        return frozenset(run_id for part in self.parts for run_id in part.mark.run_ids)

    @property
    def ids(self) -> frozenset[str]:
        """Of every part whose files are to be there."""
        return frozenset(part.id for part in (*self.parts, *self.unread))


def is_history(argument: str) -> bool:
    """Whether an argument means a history. False also for what can be no path, as a question in a folder's place."""
    if is_url(argument):
        # Saved runs are not read from there.
        return True
    try:
        return bool(place_of(argument).read([MARK]))
    except (OSError, ValueError):
        return False


def open_history(argument: str) -> Place:
    """Raises HistoryError where there is no history, one of another release, or none that can be reached."""
    place = place_of(argument)
    if not has_form(place):
        raise HistoryError(f"{argument}: no history there; make one: {adding_to(argument)}")
    return place


def adding_to(argument: str) -> str:
    """The command that makes a history where an argument means none: in a file, and in a folder that holds something
    else, none can be made."""
    # What can be no path is nothing that is there.
    with suppress(OSError, ValueError):
        path = Path(argument)
        if not is_url(argument) and (path.is_file() or (path.is_dir() and any(path.iterdir()))):
            return f"speedscore history add {argument} --to FOLDER"
    return f"speedscore history add RUN… --to {'FOLDER' if argument == str(STORAGE) else argument}"


def has_form(place: Place) -> bool:
    """False where no history is. Raises HistoryError for one that another release made and this one does not read."""
    try:
        text = place.read([MARK]).get(MARK)
        if text is None:
            return False
        found = msgspec.json.decode(text, type=dict).get("form_version")
    except OSError as error:
        raise HistoryError(f"{place.text}: {MARK} cannot be read ({error}); {OUT_OF_REACH}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HistoryError(f"{place.text}: {MARK} cannot be read ({error}); {REMEDY}") from None
    if found != FORM_VERSION:
        raise HistoryError(f"{place.text}: expected a history of form {FORM_VERSION}, found {found}; {REMEDY}")
    return True


def mark_place(place: Place) -> None:
    """Say that a history is there. Several may say so at once, for it is the same."""
    place.write(MARK, msgspec.json.encode(Mark()))


def new_id() -> str:
    return f"{datetime.now(UTC).strftime(_MOMENT)}-{secrets.token_hex(8)}"


def begun(part_id: str) -> datetime:
    """When the part was begun; long ago for what nobody called so."""
    try:
        return datetime.strptime(part_id.partition("-")[0], _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def is_old(part_id: str) -> bool:
    return datetime.now(UTC) - begun(part_id) > MARKS_STAY


def name_of(part_id: str, *, folder: str, table: str) -> str:
    return f"{folder}/part={part_id}/{table}.parquet"


def part_id_of(name: str) -> str | None:
    """Of the part that a file belongs to, or a mark that was not written to its end; None for any other file."""
    above, _, last = name.rpartition("/")
    if above == MARKS:
        return last[1:].partition(".")[0] if last.startswith(".") else None
    folder = above.rpartition("/")[2]
    return folder.removeprefix("part=") if folder.startswith("part=") else None


def write_mark(place: Place, part: Part) -> None:
    place.write(_mark_name(part.id), msgspec.json.encode(part.mark, order="deterministic"))


def remove_marks(place: Place, part_ids: Iterable[str]) -> None:
    place.remove([_mark_name(part_id) for part_id in part_ids])


def contents_of(place: Place) -> Contents:
    """Raises HistoryError where the place cannot be listed, or a mark is damaged."""
    try:
        names = [name for name in place.names(MARKS) if name.endswith(".json")]
        # One that was removed since had been replaced for a day, by a part that is in this listing.
        marks = place.read(names)
    except OSError as error:
        raise HistoryError(f"{place.text}: cannot be read ({error}); {OUT_OF_REACH}") from None
    return sorted_out([_part(place, name, text) for name, text in marks.items()])


def sorted_out(parts: Collection[Part]) -> Contents:
    """Which of the parts count, and where each run does: in the largest that holds it."""
    by_replacement = {part.id: part.mark.replaces for part in parts if part.mark.replaces}
    gone = {part_id for replaced in by_replacement.values() for part_id in replaced}
    counting, unread, elsewhere = [], [], {}
    seen: set[str] = set()
    for part in sorted(parts, key=lambda part: (-len(part.mark.run_ids), part.id)):
        if part.id in gone:
            continue
        shared = frozenset(run_id for run_id in part.mark.run_ids if run_id in seen)
        if len(shared) == len(part.mark.run_ids):
            unread.append(part)
            continue
        counting.append(part)
        seen.update(part.mark.run_ids)
        if shared:
            elsewhere[part.id] = shared
    return Contents(
        parts=tuple(counting),
        elsewhere=elsewhere,
        replaced=tuple(part for part in parts if part.id in gone),
        by_replacement=by_replacement,
        unread=tuple(unread),
    )


def _mark_name(part_id: str) -> str:
    return f"{MARKS}/{part_id}.json"


def _part(place: Place, name: str, text: bytes) -> Part:
    try:
        mark = msgspec.json.decode(text, type=PartMark)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HistoryError(f"{place.text}: {name} cannot be read ({error}); {REMEDY}") from None
    return Part(name.rpartition("/")[2].removesuffix(".json"), mark)
