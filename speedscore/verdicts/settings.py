"""What a gate is asked for: the table ``[tool.speedscore.gate]`` of pyproject.toml, and what the command line changes.

It reads and checks and decides nothing. Sizes are written as per cent, ``"5%"``, because a bare 5 could be anything.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from speedscore.text.suggestions import did_you_mean
from speedscore.verdicts.verdict import MOST_DETECT, VerdictPolicy

ProcessorChoice = Literal["auto", "one", "all"]
"""``one``: both sides on one processor, drawn anew for each pair; ``all``: on all that the gate may use; ``auto``: one,
unless the pilot sees more than one at work."""

DETECT, MARGIN_OF_DETECT = "5%", 5
"""Where no margin is given it is a fifth of what is to be detected: 1 % for 5 %."""

_PLACE = ("tool", "speedscore", "gate")
_SIZES = ("detect", "margin", "false_alarm", "miss", "memory_detect", "memory_margin")


class SettingsError(ValueError):
    """The gate's settings cannot be used. The message names the place, what was expected and what was found."""


class CaseTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[tool.speedscore.gate.case]]``: what differs for the cases that match. The last that matches counts."""

    match: str
    """A node id or a benchmark group; ``*`` stands for anything, also within."""
    detect: str | None = None
    margin: str | None = None
    memory_detect: str | None = None
    memory_margin: str | None = None
    seconds: float | None = None
    processors: ProcessorChoice | None = None

    def fits(self, *, case: str, group: str) -> bool:
        pattern = ".*".join(re.escape(part) for part in self.match.split("*"))
        return any(re.fullmatch(pattern, name) for name in (case, group) if name)


class GateTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[tool.speedscore.gate]``."""

    detect: str = DETECT
    margin: str | None = None
    false_alarm: str = "1%"
    miss: str = "5%"
    memory_detect: str = "10%"
    memory_margin: str | None = None
    seconds: float = 60.0
    """Budget of a case, twice that while its mean alone looks slower; what is undecided then is inconclusive."""
    pair_seconds: float = 0.5
    """For the rounds of a case in one pair of processes. More would say the same of the same two processes."""
    processors: ProcessorChoice = "auto"
    python_path: tuple[str, ...] = (".", "src")
    """Folders of each checkout from which its own code is imported, before anything that is installed."""
    allow_missing: tuple[str, ...] = ()
    """Cases of the base that head may lack: node ids, with ``*`` for anything."""
    base_setup: str = ""
    """A command for the shell that makes what git does not keep, run in the base that the gate has checked out, and in
    the copies of both sides that it builds."""
    unaffecting: tuple[str, ...] = ()
    """Files that no benchmark depends on unless it was seen to open them, as its documents: paths from the repository's
    root, with ``*`` for anything."""
    case: tuple[CaseTable, ...] = ()


class CaseSettings(msgspec.Struct, frozen=True):
    """What holds for one case."""

    time: VerdictPolicy
    memory: VerdictPolicy
    seconds: float
    processors: ProcessorChoice


class Settings:
    """The table, with what the command line changes in it."""

    def __init__(self, table: GateTable, *, detect: str | None = None) -> None:
        self._table = table
        self._detect = detect
        if detect is not None:
            fraction(detect, what="--gate-detect")
        self.for_case("", "")  # every size of the table itself is checked at once
        for name in ("seconds", "pair_seconds"):
            _check_seconds(getattr(table, name), what=name)
        for case_table in table.case:
            try:
                self.for_case(case_table.match, case_table.match)
                if case_table.seconds is not None:
                    _check_seconds(case_table.seconds, what="seconds")
            except SettingsError as error:
                raise SettingsError(f"case {case_table.match!r}: {error}") from None

    @property
    def pair_seconds(self) -> float:
        return self._table.pair_seconds

    @property
    def python_path(self) -> tuple[str, ...]:
        return self._table.python_path

    @property
    def base_setup(self) -> str:
        return self._table.base_setup

    @property
    def unaffecting(self) -> tuple[str, ...]:
        return self._table.unaffecting

    def may_be_missing(self, case: str) -> bool:
        return any(CaseTable(match=pattern).fits(case=case, group="") for pattern in self._table.allow_missing)

    def for_case(self, case: str, group: str) -> CaseSettings:
        """What holds for a case: the command line before its own table before the general one.

        Raises SettingsError for a size that is none.
        """
        table = self._table
        fitting = [case_table for case_table in reversed(table.case) if case_table.fits(case=case, group=group)]

        def settle(name: str) -> str | None:
            return next((value for case_table in fitting if (value := getattr(case_table, name)) is not None), None)

        detect = self._detect or settle("detect") or table.detect
        # A margin that was meant for another size does not follow a size from the command line.
        margin = None if self._detect else settle("margin") or (None if settle("detect") else table.margin)
        memory_margin = settle("memory_margin") or (None if settle("memory_detect") else table.memory_margin)
        memory_detect = settle("memory_detect") or table.memory_detect
        return CaseSettings(
            time=self._policy(("--gate-detect" if self._detect else "detect", detect), ("margin", margin)),
            memory=self._policy(("memory_detect", memory_detect), ("memory_margin", memory_margin)),
            seconds=next(
                (case_table.seconds for case_table in fitting if case_table.seconds is not None), table.seconds
            ),
            processors=next(
                (case_table.processors for case_table in fitting if case_table.processors), table.processors
            ),
        )

    def _policy(self, detect: tuple[str, str], margin: tuple[str, str | None]) -> VerdictPolicy:
        """Of two sizes, each with its key."""
        size = fraction(detect[1], what=detect[0])
        if not 0 < size < MOST_DETECT:
            most = f"{100 * MOST_DETECT:.0f} %"
            raise SettingsError(f"{detect[0]}: expected more than 0 % and less than {most}, found {detect[1]!r}")
        least = size / MARGIN_OF_DETECT if margin[1] is None else fraction(margin[1], what=margin[0])
        if least >= size:
            raise SettingsError(f"{margin[0]} must be smaller than {detect[0]}, found {margin[1]!r} and {detect[1]!r}")
        errors = {name: fraction(getattr(self._table, name), what=name) for name in ("false_alarm", "miss")}
        try:
            return VerdictPolicy(detect=size, margin=least, **errors)
        except ValueError as error:
            raise SettingsError(str(error)) from None


def fraction(text: str, *, what: str = "") -> float:
    """``5%`` as 0.05. Raises SettingsError for anything else, and says of what."""
    size = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
    if size is None:
        raise SettingsError(f"{f'{what}: ' if what else ''}expected a size in per cent such as 5%, found {text!r}")
    return float(size[1]) / 100


def _check_seconds(seconds: float, *, what: str) -> None:
    if not 0 < seconds < math.inf:
        raise SettingsError(f"{what}: expected a number of seconds above 0, found {seconds:g}")


def read_table(project: Path) -> GateTable:
    """The table of ``project/pyproject.toml``, else of the next one above it that has one, up to the repository's root;
    its defaults where there is none. Raises SettingsError."""
    for folder in _up_to_repository(project):
        path = folder / "pyproject.toml"
        try:
            ours = _table_in(path)
            if ours is None:
                continue
            gate_table = msgspec.convert(ours, GateTable)
            Settings(gate_table)  # every figure in it is checked while the file's name is at hand
            return gate_table
        except msgspec.ValidationError as error:
            raise SettingsError(f"{path}: [tool.speedscore.gate]: {error}") from None
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from None
    return GateTable()


def _up_to_repository(project: Path) -> Iterator[Path]:
    """The project's folder, and those above it where one of them is a checkout of git."""
    folders = [project, *project.resolve().parents]
    top = next((place for place, folder in enumerate(folders) if (folder / ".git").exists()), 0)
    yield from folders[: top + 1]


def _table_in(path: Path) -> dict[str, Any] | None:
    """Its table with names that are known; None where it has none."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot be read ({error})") from None
    table = document
    for depth, name in enumerate(_PLACE, start=1):
        if name == "gate":
            _check_keys(table, ("gate",), where="[tool.speedscore]")
        found = table.get(name)
        if found is None:
            return None
        if not isinstance(found, dict):
            what = "a list of tables, in double brackets" if isinstance(found, list) else repr(found)
            raise SettingsError(
                f"{'.'.join(_PLACE[:depth])}: expected a table, found {what}; write [{'.'.join(_PLACE)}] in single "
                "brackets, and below it the settings"
            )
        table = found
    _check_keys(table, GateTable.__struct_fields__, where="[tool.speedscore.gate]")
    cases = table.get("case")
    if isinstance(cases, dict):
        raise SettingsError("[tool.speedscore.gate.case]: write [[tool.speedscore.gate.case]], in double brackets")
    for case in cases if isinstance(cases, list) else ():
        _check_keys(case, CaseTable.__struct_fields__, where="[[tool.speedscore.gate.case]]")
    return table


def _check_keys(table: object, known: tuple[str, ...], *, where: str) -> None:
    """Raises SettingsError for an unknown key, and for a size that is a bare number."""
    for name, value in table.items() if isinstance(table, Mapping) else ():
        if name not in known:
            meant = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            raise SettingsError(f"{where}: unknown key {name!r}{meant}")
        if name in _SIZES and isinstance(value, int | float):
            raise SettingsError(f'{where}: {name}: write per cent, in quotes, as "5%", found {value}')
