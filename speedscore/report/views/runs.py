"""The tab of the saved runs: which there are, which of them are scored, and why the others are not."""

from __future__ import annotations

from collections import Counter

from speedscore.record.machine_versions import differing_versions
from speedscore.record.machines import machine_of, measured_by_machine
from speedscore.record.run_record import RunRecord
from speedscore.report.blocks import Cell, Column, Table, View
from speedscore.report.content import Content
from speedscore.report.identifiers import run_id
from speedscore.scoring.cards import measured_wording
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.text.numbers import NO_FIGURE, first_line

_COMMIT_SIGNS = 12
"""Of a commit's hash that are shown."""
_COLUMNS = (
    Column("Made", meaning="when its session began"),
    Column("Saved run"),
    Column("Commit"),
    Column("Machine"),
    Column("Preset"),
    Column("Measured", numeric=True, meaning="cases of the matrix that were timed"),
    Column("Failed", numeric=True),
    Column("Skipped", numeric=True),
    Column("Probes", numeric=True, meaning="probes that were answered"),
    Column("Scored", meaning="whether scores and order of this page rest on it"),
)


def view(content: Content) -> View | None:
    """None where there are no runs."""
    if not content.runs and not content.left_out:
        return None
    reasons: dict[str, str] = {run.name: reason for run, reason in content.left_out}
    runs = [*reversed(content.runs), *(run for run, _ in content.left_out)]
    return View(
        id="runs",
        title="Runs",
        lead="Scored are the newest run and each older one of which no newer holds a case; the others are history.",
        blocks=(
            Table(
                id="saved-runs",
                title="Saved runs",
                columns=_COLUMNS,
                rows=tuple(_row(run, reasons.get(run.name, ""), page=content.pages.get(run.name, "")) for run in runs),
                sources=("the saved runs that it lists",),
            ),
        ),
    )


def _machines(record: RunRecord) -> Cell:
    """What its figures come from; of several machines how many, each kind of hardware once, and how versions differ."""
    measured = measured_by_machine(record)
    hardware = dict.fromkeys(machine_of(record.environment_of(cases[0])) for cases in measured.values())
    names = " and ".join(filter(None, hardware or [machine_of(record.environment)]))
    return Cell(
        f"{len(measured)} machines: {names or NO_FIGURE}" if len(measured) > 1 else names or NO_FIGURE,
        note=measured_wording.versions_in_words(differing_versions(record)),
    )


def _row(run: NamedRun, reason: str, *, page: str) -> tuple[Cell, ...]:
    record = run.record
    counts = Counter(case.status for case in record.cases)
    commit = str(record.environment.get("git.commit", ""))[:_COMMIT_SIGNS]
    dirty = " and changes" if record.environment.get("git.dirty") is True and commit else ""
    answered = sum(probe.status == "answered" for probe in record.probes)
    return (
        Cell(record.created, page=page),
        Cell(run.name, detail=run_id(run.name)),
        Cell(f"{commit}{dirty}" or NO_FIGURE),
        _machines(record),
        Cell(record.preset),
        *(Cell(str(counts[status]), value=counts[status]) for status in ("measured", "failed", "skipped")),
        Cell(str(answered), value=answered),
        Cell("no" if reason else "yes", note=first_line(reason)),
    )
