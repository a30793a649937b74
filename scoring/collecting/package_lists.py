"""Facts from lists of a package index that somebody downloaded: who names a framework, and how often it is downloaded.

Two kinds of file are read. A table of all packages (CSV, or with tabs; columns ``name``, ``summary``, ``released`` and,
if it likes, ``rank``), as a query over PyPI's public data set gives it; and the list of the most downloaded packages
that is published each month as JSON. No index is asked here, as none answers such a question by itself. Like a clone,
a list speaks for the day of its newest entry alone.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name

from speedscore.host.files import read_file
from speedscore.scoring.collecting.collected import Collected, CollectedFact, CollectError, MissingFact, joined
from speedscore.scoring.collecting.projects import Project
from speedscore.scoring.facts.fact import first_day, months_between

MONTHS = 12
TOP = 15_000
_BEHIND_MONTHS = 1
"""An index has new releases every day and the list of downloads comes out monthly, so an older list is behind."""
_COLUMNS = ("name", "summary", "released")


class ListedPackage(msgspec.Struct, frozen=True, gc=False):
    """One package of a table."""

    name: str
    """In the index's one spelling."""
    text: str
    """Name and summary."""
    released: str
    """``YYYY-MM`` or ``YYYY-MM-DD`` of its newest release; empty where it has none."""


class PackageTable(msgspec.Struct, frozen=True):
    """All packages of an index."""

    title: str
    as_of: str
    """That of the newest release in it."""
    packages: tuple[ListedPackage, ...]


class Ranking(msgspec.Struct, frozen=True):
    """The most downloaded packages."""

    title: str
    as_of: str
    ranks: Mapping[str, int]
    """Name in the index's one spelling → place, from 1."""


class PackageLists(msgspec.Struct, frozen=True):
    """What was read of all files together."""

    table: PackageTable | None = None
    ranking: Ranking | None = None


class _Row(msgspec.Struct, frozen=True):
    project: str
    download_count: int


class _Downloads(msgspec.Struct, frozen=True):
    last_update: str
    rows: tuple[_Row, ...]


def read_lists(paths: Iterable[Path], *, until: datetime.date) -> PackageLists:
    """Read every file. Raises CollectError for one that is neither kind, is behind ``until`` or later than it, and for
    a second one of a kind."""
    table: PackageTable | None = None
    downloads: Ranking | None = None
    ranks: Ranking | None = None
    for path in paths:
        text = _text_of(path)
        is_downloads = text.lstrip().startswith("{")
        if downloads if is_downloads else table:
            kind = "list of downloads" if is_downloads else "table of packages"
            raise CollectError(f"{path}: a second {kind}; give one of each kind at most")
        if is_downloads:
            downloads = _read_downloads(path, text)
            _check_day(path, downloads.as_of, until=until)
        else:
            table, ranks = _read_table(path, text)
            _check_day(path, table.as_of, until=until)
    return PackageLists(table=table, ranking=downloads or ranks)


def _text_of(path: Path) -> str:
    try:
        return read_file(path).decode("utf-8-sig")
    except OSError as error:
        raise CollectError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CollectError(f"{path}: is no UTF-8 text ({error.reason})") from error


def collect(lists: PackageLists, project: Project) -> Collected:
    """What the lists say of one project."""
    parts = []
    if lists.table:
        named = [package for package in lists.table.packages if _pattern(project.words).search(package.text)]
        parts.append(_recent(lists.table, named, words=project.words))
        if lists.ranking:
            parts.append(_top(lists.table, lists.ranking, named, words=project.words))
    if lists.ranking:
        parts.append(_rank(lists.ranking, project))
    return joined(parts)


def _read_downloads(path: Path, text: str) -> Ranking:
    try:
        listed = msgspec.json.decode(text, type=_Downloads)
        as_of = str(first_day(listed.last_update[:10]))
    except ValueError as error:
        raise CollectError(
            f"{path}: not the monthly list of downloads; expected last_update and rows of project and download_count "
            f"({' '.join(str(error).split())})"
        ) from error
    ranked = sorted(listed.rows, key=lambda row: -row.download_count)
    ranks: dict[str, int] = {
        canonicalize_name(row.project): place for place, row in reversed(list(enumerate(ranked, start=1)))
    }
    return Ranking(title=f"PyPI, {len(ranked):,} most downloaded packages of 30 days", as_of=as_of, ranks=ranks)


def _read_table(path: Path, text: str) -> tuple[PackageTable, Ranking | None]:
    lines = io.StringIO(text, newline="")
    header = lines.readline()
    # What parts by tabs quotes nothing: a summary may begin with a quotation mark.
    form = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if "\t" in header else {}
    columns = next(csv.reader([header], **form), [])  # type: ignore[arg-type]
    if missing := [column for column in _COLUMNS if column not in columns]:
        raise CollectError(
            f"{path}: neither the monthly list of downloads (JSON) nor a table of packages: its first line has no "
            f"column {', '.join(missing)}"
        )
    packages = []
    ranks: dict[str, int] = {}
    for row in csv.DictReader(lines, fieldnames=columns, **form):  # type: ignore[call-overload]
        if None in row.values():
            held = sum(value is not None for value in row.values())
            raise CollectError(f"{path}: package {row['name']!r} has {held} of {len(columns)} columns")
        name, released = canonicalize_name(row["name"]), row["released"][:10]
        try:
            if released:
                first_day(released)
            if rank := row.get("rank", "").strip():
                ranks[name] = int(rank)
        except ValueError as error:
            raise CollectError(f"{path}: package {row['name']!r}: {error}") from error
        packages.append(ListedPackage(name=name, text=f"{row['name']}\n{row['summary']}", released=released))
    as_of = max((package.released for package in packages), default="")
    if not as_of:
        raise CollectError(f"{path}: no package of it has a release")
    title = f"PyPI, table of {len(packages):,} packages with newest release and summary, to {as_of}"
    return (
        PackageTable(title=title, as_of=as_of, packages=tuple(packages)),
        Ranking(title=f"{title}, download ranks", as_of=as_of, ranks=ranks) if ranks else None,
    )


def _check_day(path: Path, as_of: str, *, until: datetime.date) -> None:
    if as_of > str(until)[: len(as_of)]:
        raise CollectError(
            f"{path}: goes to {as_of} and knows only the newest of each package, so it tells nothing of {until}"
        )
    if months_between(as_of, str(until)) > _BEHIND_MONTHS:
        raise CollectError(f"{path}: goes to {as_of} only, and {until} was asked for; download it anew")


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)


def _recent(table: PackageTable, named: Sequence[ListedPackage], *, words: Sequence[str]) -> Collected:
    def is_recent(package: ListedPackage) -> bool:
        return bool(package.released) and months_between(package.released, table.as_of) < MONTHS

    last = table.as_of[:7]
    first = f"{int(last[:4]) - 1}-{int(last[5:]) + 1:02}" if last[5:] != "12" else f"{last[:4]}-01"
    return _fact(
        "index_packages_12m",
        sum(map(is_recent, named)),
        unit="packages",
        as_of=table.as_of,
        source=table.title,
        method=f"packages with the word {' or '.join(words)} in name or summary and a newest release from {first} to "
        f"{last}, of {sum(map(is_recent, table.packages)):,} with one",
    )


def _top(table: PackageTable, ranking: Ranking, named: Sequence[ListedPackage], *, words: Sequence[str]) -> Collected:
    key = "index_top_packages"
    # Some lists lack a few: packages that were removed since.
    if len(ranking.ranks) < TOP - TOP // 100:
        reason = f"the list of downloads has {len(ranking.ranks):,} packages, of which {TOP:,} are needed"
        return Collected(missing=(MissingFact(key=key, reason=reason),))
    return _fact(
        key,
        sum(ranking.ranks.get(package.name, TOP + 1) <= TOP for package in named),
        unit="packages",
        as_of=min(table.as_of, ranking.as_of),
        source=table.title if ranking.title.startswith(table.title) else f"{table.title}; {ranking.title}",
        method=f"packages with the word {' or '.join(words)} in name or summary among the {TOP:,} most downloaded",
    )


def _rank(ranking: Ranking, project: Project) -> Collected:
    key, package = "index_download_rank", canonicalize_name(project.package or project.framework)
    if package not in ranking.ranks:
        reason = f"{package} is not among the {len(ranking.ranks):,} most downloaded"
        return Collected(missing=(MissingFact(key=key, reason=reason),))
    return _fact(
        key,
        ranking.ranks[package],
        unit="rank",
        as_of=ranking.as_of,
        source=ranking.title,
        method=f"place of {package} by downloads; mirrors and build machines count like people",
    )


def _fact(key: str, value: float, *, unit: str, as_of: str, source: str, method: str) -> Collected:
    fact = CollectedFact(key=key, value=value, unit=unit, as_of=as_of, source=source, method=method)
    return Collected(facts=(fact,))
