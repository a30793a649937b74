"""The page of a gate: the flame graph's rectangles, that whatever a test is called stays text, what is told beside the
verdicts, and how little the page needs."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.__main__ import main
from speedscore.gate.reasons.reasons import CaseReasons, GrownFunction, StackTimes
from speedscore.gate.reporting.report import SCHEMA_VERSION, GateReport, SideReport
from speedscore.report.flame import WIDTH, flame_graph
from speedscore.text.cleaning import one_line
from speedscore.verdicts.change_claim import ClaimVerdict
from speedscore.verdicts.verdict import Verdict
from tests.places import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "</title><script>alert(1)</script>\"'&\x1b[31m"

SHOWN = one_line(HOSTILE)

COMMAND = """pytest 'test_it.py::test_a[</pre><b>"&]' --benchmark-only --gate=0123456789ab"""


def test_a_function_lies_below_what_called_it_and_is_as_wide_as_its_time_on_head() -> None:
    graph = flame_graph([StackTimes(("a", "b"), 1.0, 3.0), StackTimes(("a",), 1.0, 1.0)])
    assert graph is not None
    whole, a, b = graph.rectangles
    assert (whole.width, a.width, b.width) == (WIDTH, WIDTH, 0.75 * WIDTH)
    assert whole.y < a.y < b.y
    assert b.title == "b: 1.00 s on base, 3.00 s on head"


def test_what_grew_is_red_and_what_shrank_is_blue() -> None:
    graph = flame_graph(
        [StackTimes(("grew",), 1.0, 3.0), StackTimes(("shrank",), 3.0, 1.0), StackTimes(("same",), 1.0, 1.0)]
    )
    assert graph is not None
    fills = {each.label: each.fill for each in graph.rectangles}
    red = {name: int(fill[1:3], 16) - int(fill[5:7], 16) for name, fill in fills.items()}
    assert red["grew"] > red["same"] > red["shrank"]


STACKS = st.lists(
    st.builds(
        StackTimes,
        st.lists(st.sampled_from("abc"), max_size=4).map(tuple),
        st.floats(0, 10),
        st.floats(0, 10),
    ),
    max_size=8,
)


@given(STACKS)
def test_no_rectangle_leaves_the_picture(stacks: list[StackTimes]) -> None:
    graph = flame_graph(stacks)
    if graph is None:
        assert sum(each.head_seconds for each in stacks) < 1e-9
        return
    for each in graph.rectangles:
        assert each.x >= 0
        assert each.x + each.width <= WIDTH + 1
        assert each.y < graph.height


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.preformatted: list[str] = []
        self._is_preformatted = False

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.all]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))
        if tag == "pre":
            self.preformatted.append("")
            self._is_preformatted = True

    def handle_endtag(self, tag: str) -> None:
        self._is_preformatted = self._is_preformatted and tag != "pre"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._is_preformatted:
            self.preformatted[-1] += data


def a_report() -> GateReport:
    """In which every text is hostile."""
    side = SideReport(HOSTILE)
    return GateReport(
        SCHEMA_VERSION,
        "2026-11-26",
        side,
        side,
        1.0,
        10,
        HOSTILE,
        verdicts=(
            Verdict(case=HOSTILE, metric="time", outcome="regressed", ratio=1.2, low=1.1, high=1.3, pairs=12),
            Verdict(case=HOSTILE, metric="memory", outcome="unchanged", base_amount=2.0**20, head_amount=2.0**20),
            Verdict(case=HOSTILE, metric=HOSTILE, outcome="unchanged"),
        ),
        claims=(ClaimVerdict(HOSTILE, HOSTILE, "contradicted"),),
        reasons=(
            CaseReasons(
                HOSTILE,
                functions=(GrownFunction(HOSTILE, HOSTILE, 3, True, 0.1, 0.2, 0.5, 0.6, 1.0),),
                stacks=(StackTimes((HOSTILE,), 0.1, 0.2),),
            ),
        ),
        reproduce={HOSTILE: COMMAND},
        pairs=12,
        environment={"cpu.model": "Processor of the Year", "system.name": "Linux"},
    )


def saved(report: GateReport, folder: Path) -> Path:
    path = folder / "gate.json"
    path.write_bytes(msgspec.json.encode(report))
    return path


def a_page(folder: Path, report: GateReport | None = None) -> Path:
    """Of a report; without one of the hostile one."""
    need_jinja()
    page = folder / "gate.html"
    assert main(["report", str(saved(report or a_report(), folder)), "-o", str(page)]) == 0
    return page


def need_jinja() -> None:
    pytest.importorskip("jinja2", reason='the page is made with it: python -m pip install "speedscore[why]"')


def read(page: Path) -> Elements:
    elements = Elements()
    elements.feed(page.read_text(encoding="utf-8"))
    return elements


def test_the_page_shows_all_as_text_and_runs_nothing(tmp_path: Path) -> None:
    elements = read(a_page(tmp_path))
    assert "script" not in elements.names
    assert {"svg", "rect", "table"} <= set(elements.names)
    assert elements.text.count("<script>alert(1)</script>") >= 5
    assert "\x1b" not in elements.text


def test_beside_the_table_stands_what_its_columns_say_and_the_level_of_the_intervals(tmp_path: Path) -> None:
    text = read(a_page(tmp_path)).text
    assert re.search(r"\binterval: 9\d(\.\d+)? %", text)
    assert "minor: a change whose interval excludes 1" in text
    assert "ratio: head over base, above 1 is slower or larger" in text


def test_it_names_the_machine_that_measured(tmp_path: Path) -> None:
    assert "machine  Processor of the Year Linux" in read(a_page(tmp_path)).text
    machines = {name: {"cpu.model": "Another"} for name in ("one", HOSTILE)}
    text = read(a_page(tmp_path, msgspec.structs.replace(a_report(), machines=machines))).text
    assert f"measured on one, {SHOWN}: Another" in text
    assert "Processor of the Year" not in text


def test_a_page_without_a_table_explains_none(tmp_path: Path) -> None:
    text = read(a_page(tmp_path, msgspec.structs.replace(a_report(), verdicts=()))).text
    assert "minor:" not in text


def test_memory_and_counts_that_did_not_change_are_named_together(tmp_path: Path) -> None:
    assert f"unchanged in 1 of 1 cases: memory (1.00 MiB), {SHOWN}" in read(a_page(tmp_path)).text


def test_the_command_that_gates_a_case_alone_can_be_copied_as_it_is(tmp_path: Path) -> None:
    assert read(a_page(tmp_path)).preformatted == [COMMAND]
    without = read(a_page(tmp_path, msgspec.structs.replace(a_report(), reproduce={})))
    assert without.preformatted == []
    assert "alone" not in without.text


WITHOUT_WHAT_DRAWS = """
import sys

sys.modules |= dict.fromkeys(("altair", "numpy", "scipy", "tomlkit", "ruptures", "vl_convert"))

from speedscore.__main__ import main

sys.exit(main(["report", *sys.argv[1:]]))
"""
"""What stands in ``sys.modules`` as None is as if it were not installed."""


def test_it_is_written_where_neither_numpy_nor_what_draws_charts_is_installed(tmp_path: Path) -> None:
    need_jinja()

    def run(given: Path, page: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT_WHAT_DRAWS, str(given), "-o", str(page)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    page = tmp_path / "gate.html"
    done = run(saved(a_report(), tmp_path), page)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{page}\n", "")
    assert "svg" in read(page).names
    refused = run(ROOT / "fixtures" / "runs" / "2026-11-28-cpu-smoke.json", tmp_path / "report.html")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "altair, ruptures, vl_convert: not installed" in refused.stderr, "the page of a run needs what is missing"


def test_without_jinja_the_page_names_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jinja2" else find(name))
    assert main(["report", str(saved(a_report(), tmp_path)), "-o", str(tmp_path / "gate.html")]) == 2
    said = re.search(r'jinja2: not installed; .*\[(\w+)\]"', capsys.readouterr().err)
    assert said
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert any(each.startswith("jinja2") for each in extras[said[1]])
    assert not any(each.startswith("speedscore[") for each in extras[said[1]]), "no other extra comes with it"


def test_the_keyboard_reaches_what_scrolls_and_every_function_can_be_heard(tmp_path: Path) -> None:
    elements = read(a_page(tmp_path))
    scrolling = [attributes for _, attributes in elements.all if attributes.get("class") in ("scroll", "flame")]
    assert [(each.get("tabindex"), each.get("role")) for each in scrolling] == [("0", "region")] * 2
    assert [each.get("aria-label") for each in scrolling] == ["Verdicts", f"Differential flame graph of {SHOWN}"]
    assert ("th", {"scope": "row"}) in elements.all
    roles = {name: attributes.get("role") for name, attributes in elements.all}
    assert (roles["svg"], roles["g"]) == ("group", "img"), "within an image, nothing is read but its name"


def test_axe_finds_nothing(browser: Browser, tmp_path: Path) -> None:
    """Neither where all has room nor where the table and the graph scroll."""
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    page = browser.new_page(viewport={"width": 390, "height": 900}, offline=True)
    page.goto(a_page(tmp_path).as_uri())
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        results = Axe().run(page, options={"resultTypes": ["violations"]})
        assert not results.violations_count, results.generate_report()
