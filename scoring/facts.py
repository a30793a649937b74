"""Dated, sourced facts: what they are, how they are read from the fixtures, and when they are refused.

A file ``fixtures/ecosystem/<framework>/<YYYY-MM>.toml`` is one snapshot: what was known by the end of that month. This
module never ranks a fact above another and never fills in one that is missing; a fact that it cannot trust is refused
with one line that names file, fact and reason.
"""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

Kind = Literal["published", "computed", "reference"]
Role = Literal["framework", "layer"]

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")


class FactError(ValueError):
    """A fixture cannot be trusted. The message is one line: file, fact, reason."""


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a fact of one key must look like, so that a typing error is refused and not scored."""

    unit: str
    least: float = 0.0
    most: float | None = None
    allowed: tuple[float, ...] = ()
    """The only values that may stand here; empty when any within the limits may."""
    name: str = ""
    """For the card, where a criterion needs several facts or none asks for this one."""


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure about one framework."""

    framework: str
    key: str
    value: float
    unit: str
    as_of: str
    """``YYYY-MM`` or ``YYYY-MM-DD``: when the figure held, not when it was written down."""
    source: str
    """Title and where: enough to find it again."""
    method: str
    """How the figure came from the source."""
    kind: Kind
    """``published``: read in the source. ``computed``: counted or calculated from it. ``reference``: stated by the
    reference document, not checked."""
    low: float | None = None
    """Lower end of the range that the source itself states."""
    high: float | None = None

    def __post_init__(self) -> None:
        for name in ("source", "method", "unit"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty")
        first_day(self.as_of)
        if not all(math.isfinite(number) for number in (self.value, self.low, self.high) if number is not None):
            raise ValueError("value, low and high must be finite numbers")
        if self.low is not None and self.low > self.value:
            raise ValueError(f"low {self.low:g} lies above the value {self.value:g}")
        if self.high is not None and self.high < self.value:
            raise ValueError(f"high {self.high:g} lies below the value {self.value:g}")

    @property
    def month(self) -> str:
        return self.as_of[:7]


class Snapshot(msgspec.Struct, frozen=True):
    """What one file says."""

    framework: str
    month: str
    """``YYYY-MM``; no fact in it is younger."""
    name: str
    """For people: ``PyTorch`` where the folder is ``pytorch``."""
    role: Role
    facts: tuple[Fact, ...]
    layer_of: str = ""
    """Of a layer the framework that it stands on, by folder; a framework has none."""
    purpose: str = ""
    """Of a layer what it is for, in a few words; a framework has none."""

    def __post_init__(self) -> None:
        for field in ("layer_of", "purpose"):
            given = bool(getattr(self, field).strip())
            if self.role == "layer" and not given:
                raise ValueError(f"a layer needs {field}; found none")
            if self.role == "framework" and given:
                raise ValueError(f"{field} is for a layer; found it in a framework, where it must go")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    role: Role
    facts: dict[str, list[dict[str, Any]]]
    layer_of: str = ""
    purpose: str = ""


def first_day(as_of: str) -> datetime.date:
    """The first day that ``as_of`` can mean. Raises ValueError when there is no such date."""
    if not _DATE.fullmatch(as_of):
        raise ValueError(f"as_of {as_of!r} is not YYYY-MM or YYYY-MM-DD")
    try:
        return datetime.date.fromisoformat(as_of if len(as_of) > len("YYYY-MM") else f"{as_of}-01")
    except ValueError as error:
        raise ValueError(f"as_of {as_of!r} is no date ({error})") from None


def months_between(earlier: str, later: str) -> int:
    """Whole months from one ``YYYY-MM…`` to another; negative when ``earlier`` is the later one."""
    return 12 * (int(later[:4]) - int(earlier[:4])) + int(later[5:7]) - int(earlier[5:7])


def fixtures_folder() -> Path:
    """Where the fixtures lie: inside the package when installed from a wheel, else at the top of the checkout."""
    here = Path(__file__).parent
    inside = here / "fixtures"
    return inside if inside.is_dir() else here.parent / "fixtures"


def load_snapshots(
    folder: Path, *, keys: Mapping[str, Key], today: datetime.date | None = None
) -> tuple[Snapshot, ...]:
    """Read and check every snapshot under ``folder`` (``<framework>/<YYYY-MM>.toml``), by framework and month.

    Raises FactError at the first file or fact that cannot be trusted, or when there is none at all.
    """
    loaded = tuple(load_snapshot(path, keys=keys, today=today) for path in snapshot_paths(folder))
    check_layers(folder, loaded)
    return loaded


def snapshot_paths(folder: Path) -> tuple[Path, ...]:
    """Every file that should be a snapshot, by framework and month. Raises FactError when there is none."""
    paths = tuple(sorted(folder.glob("*/*.toml")))
    if not paths:
        raise FactError(f"{folder}: holds no snapshot; expected <framework>/<YYYY-MM>.toml")
    return paths


def check_layers(folder: Path, snapshots: Iterable[Snapshot]) -> None:
    """Raise FactError for a layer of a framework that has no snapshot."""
    snapshots = tuple(snapshots)
    frameworks = sorted({snapshot.framework for snapshot in snapshots if snapshot.role == "framework"})
    for snapshot in snapshots:
        if snapshot.role == "layer" and snapshot.layer_of not in frameworks:
            path = folder / snapshot.framework / f"{snapshot.month}.toml"
            raise FactError(
                f"{path}: layer_of is {snapshot.layer_of!r}, which has no snapshot as a framework; "
                f"there are {', '.join(frameworks) or 'none'}"
            )


def load_snapshot(path: Path, *, keys: Mapping[str, Key], today: datetime.date | None = None) -> Snapshot:
    """Read and check one snapshot.

    Raises FactError for a file that is not TOML of the documented form, a month in the future of ``today``, a fact of
    an unknown key, with a wrong type, unit or value, without a source, dated impossibly or after the snapshot's month,
    and for a fact that stands twice with the same kind and source.
    """
    month = path.stem
    if not _MONTH.fullmatch(month):
        raise FactError(f"{path}: the name is not a month; expected YYYY-MM.toml")
    if month > (today or datetime.date.today()).strftime("%Y-%m"):
        raise FactError(f"{path}: a snapshot of the future; the file's name must be a month that has begun")
    try:
        content = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), type=_File)
    except OSError as error:
        raise FactError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FactError(f"{path}: not valid TOML ({_one_line(error)})") from error
    except msgspec.ValidationError as error:
        raise FactError(f"{path}: {_one_line(error)}") from error
    facts: dict[tuple[str, str, str], Fact] = {}
    for key, entries in content.facts.items():
        for number, entry in enumerate(entries, start=1):
            try:
                fact = make_fact(path.parent.name, key, entry, known=keys.get(key))
                if fact.month > month:
                    raise ValueError(f"as_of {fact.as_of} is after the snapshot's month {month}")
                identity = (key, fact.kind, fact.source)
                if identity in facts:
                    raise ValueError(f"stands twice with kind {fact.kind!r} and source {fact.source!r}")
            except ValueError as error:
                raise FactError(f"{path}: fact {_one_line(repr(key))}, entry {number}: {_one_line(error)}") from error
            facts[identity] = fact
    try:
        return Snapshot(
            framework=path.parent.name,
            month=month,
            name=content.name,
            role=content.role,
            facts=tuple(facts.values()),
            layer_of=content.layer_of,
            purpose=content.purpose,
        )
    except ValueError as error:
        raise FactError(f"{path}: {_one_line(error)}") from error


def make_fact(framework: str, key: str, entry: dict[str, Any], *, known: Key | None) -> Fact:
    """One entry of a snapshot, checked against its key. Raises ValueError."""
    if known is None:
        raise ValueError("unknown key; the rubric's [facts] table lists those there are")
    for name in ("framework", "key"):
        if name in entry:
            raise ValueError(f"{name!r} must not be given; it is said by the folder and the table's name")
    if "source" not in entry:
        raise ValueError("source is missing")
    fact = msgspec.convert({**entry, "framework": framework, "key": key}, type=Fact)
    if fact.unit != known.unit:
        raise ValueError(f"unit {fact.unit!r} where the key has {known.unit!r}")
    for value in (fact.value, fact.low, fact.high):
        if value is None:
            continue
        if value < known.least or (known.most is not None and value > known.most):
            most = "" if known.most is None else f" to {known.most:g}"
            raise ValueError(f"{value:g} lies outside {known.least:g}{most or ' and more'}")
        if known.allowed and value not in known.allowed:
            raise ValueError(f"{value:g} is none of {', '.join(f'{allowed:g}' for allowed in known.allowed)}")
    return fact


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
