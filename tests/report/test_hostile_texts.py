"""Whatever a test, a framework, a reason or a fact is called, in the page it is text: nothing of it runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from speedscore.record.run_record import CaseResult
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.rubric.rubric import load_rubric
from tests.report.browsing import DRAWN, OpenReport, details_of, view_ids
from tests.report.sample_pages import HOSTILE, hostile_page, write_sample
from tests.scoring.sample_runs import make_run, measured_case, skipped_case

pytest.importorskip("altair", reason='the report is drawn with it: python -m pip install "speedscore[report]"')

POLICY = re.compile('<meta http-equiv="Content-Security-Policy"[^>]*>')
LONG = "x" * 10_000


def without_policy(path: Path) -> Path:
    """The same page, in which a script that got through would run."""
    text, count = POLICY.subn("", path.read_text(encoding="utf-8"))
    assert count == 1
    bare = path.with_name("without policy.html")
    bare.write_text(text, encoding="utf-8")
    return bare


@pytest.mark.parametrize("guarded", [True, False])
def test_hostile_blocks_stay_text(open_report: OpenReport, tmp_path: Path, guarded: bool) -> None:
    path = write_sample(tmp_path / "page.html", hostile_page())
    page = open_report(path if guarded else without_policy(path))
    page.locator(".chart").evaluate("chart => chart.scrollIntoView()")
    page.wait_for_selector(".chart svg")
    # Text that hides others or turns them around is shown as what it is.
    shown = page.evaluate("document.body.textContent")
    assert not re.search("[\u202e\x00\x1b\u2028]", shown)
    assert "\\u202eturned round" in shown
    cells = page.locator("#table tbody tr > :nth-child(2)").all_text_contents()
    assert cells[0].strip() == HOSTILE[0]
    assert cells[7].strip() == HOSTILE[7]
    page.locator("#table thead button").first.click()
    page.locator(".rows summary").click()
    for box in page.locator(".legend input").all()[:3]:
        box.dispatch_event("click")
    for detail in list(details_of(page)):
        page.evaluate("name => location.hash = 'show=' + encodeURIComponent(name)", detail)
        page.wait_for_function("name => document.getElementById('detail-title').textContent === name", arg=detail)
    assert page.evaluate(
        "[typeof window.hacked, document.querySelectorAll('img, main script:not([type])').length]"
    ) == ["undefined", 0]
    assert page.locator("a[href^='javascript']").count() == 0


def hostile_cases() -> list[CaseResult]:
    """Of two frameworks whose every name is an attack; the second measured nothing."""
    names = [text for text in HOSTILE if text.isprintable()]
    cases = [
        msgspec.structs.replace(
            measured_case(framework, seconds, ecosystem=ecosystem, model=names[0], processes=2),
            nodeid=f"bench_suite/test_x.py::test_x[{place}{' '.join(names)}{LONG}]",
            workload={name: name for name in names},
        )
        for place, (framework, ecosystem, seconds) in enumerate((("jax", "jax", 0.01), (names[1], "evil", 0.02)))
    ]
    return [*cases, skipped_case(names[2], reason=" ".join(HOSTILE), model=names[0])]


def hostile_facts(folder: Path) -> Path:
    """A snapshot of a framework with a fact whose every text is an attack; it is read without control signs alone."""
    (folder / "evil").mkdir(parents=True)
    said = json.dumps(" ".join(text for text in HOSTILE if text.isprintable()), ensure_ascii=False)
    (folder / "evil" / "2026-11.toml").write_text(
        f"""name = {json.dumps(HOSTILE[0])}
role = "framework"

[[facts.github_stars]]
value = 5
unit = "stars"
as_of = "2026-11"
kind = "computed"
source = {said}
method = {said}
""",
        encoding="utf-8",
    )
    return folder


def test_a_hostile_run_stays_text(open_report: OpenReport, tmp_path: Path) -> None:
    from speedscore.report.content import Judging
    from speedscore.report.reading import GivenRuns
    from speedscore.report.writing import write_report

    run = msgspec.structs.replace(
        make_run(*hostile_cases()), environment={"cpu.model": HOSTILE[1], "git.commit": HOSTILE[2]}
    )
    given = GivenRuns(runs=(NamedRun(name=HOSTILE[2], record=run),))
    path = write_report(
        tmp_path / "page.html", given, Judging(load_rubric(), facts=(hostile_facts(tmp_path / "facts"),))
    )
    page = open_report(without_policy(path))
    for view in view_ids(page):
        page.evaluate("view => location.hash = 'view=' + view", view)
        page.wait_for_function(DRAWN)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    details = details_of(page)
    assert any(HOSTILE[0] in json.dumps(detail) for name, detail in details.items() if ":evil:" in name)
    for detail in [detail for detail in details if "evil" in detail or detail.startswith(("case:", "run:"))]:
        page.evaluate("name => location.hash = 'show=' + encodeURIComponent(name)", detail)
        page.wait_for_selector("dialog[open]")
    assert page.evaluate("[typeof window.hacked, document.querySelectorAll('img').length]") == ["undefined", 0]
