"""The baseline and the anchor: copies of runs, kept because somebody said so.

The baseline follows the code, a step at a time, whenever a run is promoted; the anchor stays where it is, so that one
per cent a week is seen. Saving a run never touches either of them, and a file that cannot be read never replaces one
that can.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from speedscore.comparing.saved_figures import load_figures
from speedscore.comparing.saved_run import CaseFigures, SavedRun
from speedscore.host.files import read_file, write_file
from speedscore.record.run_file import RunFileError
from speedscore.text.cleaning import one_line

BASELINE, ANCHOR = "baseline", "anchor"
KEPT: dict[str, Path] = {name: Path(".speedscore") / f"{name}.json" for name in (BASELINE, ANCHOR)}
"""By the word that stands for it on the command line; in the folder where the command is given."""


def promote(path: Path, *, anchor: bool) -> tuple[str, ...]:
    """Keep a copy of the run as the baseline, or as the anchor. The first baseline becomes the anchor too.

    Returns the words of what was set. Raises RunFileError where the run cannot be read or measured nothing.
    """
    run = load_figures(path)
    if not any(case.figures for case in run.cases.values()):
        raise RunFileError(f"{path}: no case was measured in it; promote a run that holds figures")
    names = (ANCHOR,) if anchor else (BASELINE, ANCHOR) if not KEPT[ANCHOR].exists() else (BASELINE,)
    try:
        # As it stands: what is read and written anew may no longer be the run that could be read.
        content = read_file(path)
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read ({error.strerror})") from error
    for name in names:
        try:
            write_file(KEPT[name], content)
        except OSError as error:
            told = f"{KEPT[name]}: not saved ({error.strerror}); what stood there before is untouched"
            raise RunFileError(told) from error
    return names


def describe() -> str:
    """What both are, a paragraph each."""
    return "\n".join(_describe(name) for name in KEPT)


def _describe(name: str) -> str:
    path = KEPT[name]
    if not path.exists():
        flag = " --anchor" if name == ANCHOR else ""
        return f"{name}: none yet; set one with speedscore baseline set RUN{flag}\n"
    run = load_figures(path)
    measured = [case for case in run.cases.values() if case.figures]
    frameworks = sorted({case.framework for case in measured if case.framework})
    lines = [
        f"{name}: {path}",
        f"  created     {run.created}",
        f"  commit      {commit_of(run) or 'unknown'}",
        f"  preset      {run.fields.get('preset', 'none')}",
        f"  machine     {' and '.join(_processors(run, measured)) or 'unknown'}",
        f"  cases       {len(measured)} measured of {len(run.cases)}",
    ]
    if frameworks:
        lines.append(f"  frameworks  {', '.join(frameworks)}")
    return "\n".join(lines) + "\n"


def _processors(run: SavedRun, measured: Iterable[CaseFigures]) -> list[str]:
    """Of every machine that measured a case, each name once."""
    fields = {case.machine: run.fields_of(case) for case in measured}
    names = (str(fields[machine].get("cpu.model", "unknown")) for machine in sorted(fields))
    return [one_line(name) for name in dict.fromkeys(names)]


def commit_of(run: SavedRun) -> str:
    """The commit, with what no commit holds; empty where it is not known."""
    commit = str(run.fields.get("git.commit") or "")
    return f"{commit[:12]} with changes" if commit and run.fields.get("git.dirty") else commit[:12]
