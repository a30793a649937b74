"""The profiles of a session: each file gets its name in the folder that was asked for, whole or not at all.

Perfetto opens a file. xprof opens a folder, and looks in it for ``plugins/profile/SESSION/*.xplane.pb``; so what is for
xprof lies there, each case a session of its own. What is in a profile, and when it is taken, is decided elsewhere.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from speedscore.bench_suite.frameworks.profiling import TRACE, XPLANE
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.workers.protocol import Profiled
from speedscore.record.phases import PHASES
from speedscore.record.run_record import CaseResult

OF_STEPS = "a compilation is told by its stages"
NOT_REACHED = "it was not measured to the end in this session"


class Profiles:
    """What became of each case's profile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[str, tuple[Path, ...]] = {}
        """Case and phase → its files."""
        self._reasons: dict[str, str] = {}

    def keep(self, case: Case, profiled: Profiled) -> None:
        """Bring a profile's files home. One that was taken before, in a process that was disturbed, is replaced."""
        name = _name(case.id, case.phase)
        self._reasons.pop(name, None)
        if not profiled.paths:
            self._reasons[name] = profiled.reason
            return
        try:
            self._paths[name] = tuple(self._place(Path(path), name) for path in profiled.paths)
        except OSError as error:
            self._reasons[name] = f"{self._folder}: not written ({error.strerror})"

    def _place(self, source: Path, name: str) -> Path:
        target = self._folder / f"{name}.{source.name}"
        if source.name == XPLANE:
            target = self._folder / "plugins" / "profile" / name / target.name
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{secrets.token_hex(4)}.tmp")
        try:
            shutil.copyfile(source, unfinished)
            unfinished.replace(target)
        finally:
            # Once it has its name there is nothing left to remove.
            with contextlib.suppress(OSError):
                unfinished.unlink()
        return target

    def lines(self, cases: Iterable[CaseResult]) -> list[str]:
        """What is told at the session's end of the profiles of its cases, and of those that there are none of."""
        return [*self._written(), *self._missing(cases)]

    def _written(self) -> list[str]:
        if not self._paths:
            return []
        names = [path.name for paths in self._paths.values() for path in paths]
        openers = [
            opener
            for ending, opener in ((TRACE, f"Perfetto opens *.{TRACE}"), (XPLANE, f"xprof --logdir {self._folder}"))
            if any(name.endswith(ending) for name in names)
        ]
        count = "one profile is" if len(self._paths) == 1 else f"{len(self._paths)} profiles are"
        return [f"{count} in {self._folder}: {'; '.join(openers)}" if openers else f"{count} in {self._folder}"]

    def _missing(self, cases: Iterable[CaseResult]) -> list[str]:
        reasons: Counter[str] = Counter()
        for case in cases:
            name = _name(case.id, case.phase)
            if name not in self._paths or name in self._reasons:
                compiles = PHASES[case.phase].compiles
                reasons[OF_STEPS if compiles else self._reasons.get(name, NOT_REACHED)] += 1
        return [
            f"no profile of {'one case' if count == 1 else f'{count} cases'}: {reason}"
            for reason, count in reasons.items()
        ]


def _name(case_id: str, phase: str) -> str:
    return f"{case_id}.{phase}"
