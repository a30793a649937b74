"""How large a page is: 500 cases stay under five megabytes, so that it can be mailed."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.rubric.rubric import load_rubric
from tests.report.large_run import large_run

pytest.importorskip("altair", reason='the report is drawn with it: python -m pip install "speedscore[report]"')

LIMIT_BYTES = 5_000_000


def test_500_cases_weigh_less_than_five_megabytes(tmp_path: Path) -> None:
    from speedscore.report.content import Judging
    from speedscore.report.reading import GivenRuns
    from speedscore.report.writing import write_report

    run = large_run()
    assert sum(case.status == "measured" for case in run.cases) == 500
    given = GivenRuns(runs=(NamedRun(name=".benchmarks/0001_large.json", record=run),))
    path = write_report(tmp_path / "page.html", given, Judging(load_rubric()))
    assert path.stat().st_size < LIMIT_BYTES
