"""From any figure one step to where it comes from: every link of every view and detail leads somewhere."""

from __future__ import annotations

import html.parser
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from speedscore.report.blocks import Cell, Detail, Figure, Prose, Report, Table
from speedscore.report.content import Content
from speedscore.report.ecosystems import all_series, line_of_each
from speedscore.report.identifiers import dimension_id, finding_id
from speedscore.scoring.cards import wording
from speedscore.scoring.commands.verify import verify
from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.scores.uncertainty import Interval
from speedscore.text.plain import plain
from tests.report.sample_content import content_of, shared_content, shared_report
from tests.scoring.sample_facts import full_facts, make_fact, make_statement
from tests.scoring.sample_runs import measured_case

pytest.importorskip("altair")

HOSTILE = "<img src=x>\"'&amp;</script>"
"""As long as a name may be, and it ends what an element holds."""


@pytest.fixture(scope="module")
def content() -> Content:
    return shared_content()


@pytest.fixture(scope="module")
def report() -> Report:
    # As the page shows it.
    return plain(shared_report())


def _assemble(content: Content) -> Report:
    from speedscore.report.assembling import assemble

    # As the page shows it.
    return plain(assemble(content))


def _cells(report: Report) -> Iterator[tuple[str, Cell]]:
    """Of every table and list of every view, with the block's id."""
    for view in report.views:
        for block in view.blocks:
            if isinstance(block, Table):
                yield from ((block.id, cell) for row in block.rows for cell in row)
            elif isinstance(block, Prose):
                yield from ((block.id, cell) for cell in block.items)


def _dangling(report: Report) -> set[tuple[str, str]]:
    """(where, link) of each link that leads to no detail."""
    known = {detail.id for detail in report.details}
    links = [*_cells(report), *((detail.id, cell) for detail in report.details for _, cell in detail.entries)]
    return {(where, cell.detail) for where, cell in links if cell.detail and cell.detail not in known}


def test_an_interval_is_called_that_of_few_probes_where_it_is(report: Report) -> None:
    said = [cell.note for detail in report.details for label, cell in detail.entries if label == "Measured"]
    assert any("so few allow" in note for note in said)
    ratios = [note for note in said if "above 1 is better" in note]
    assert any("with 95 % between" in note for note in ratios)
    assert not any("so few allow" in note for note in ratios)


def test_every_link_leads_to_a_detail(report: Report) -> None:
    assert _dangling(report) == set()


def test_every_detail_stands_once(report: Report) -> None:
    ids = [detail.id for detail in report.details]
    assert len(ids) == len(set(ids))


def test_every_table_and_figure_says_where_it_comes_from(report: Report) -> None:
    blocks = [block for view in report.views for block in view.blocks if isinstance(block, Table | Figure)]
    assert [block.id for block in blocks if not block.sources] == []


def test_every_score_leads_to_its_answers_and_every_answer_to_its_sources(content: Content, report: Report) -> None:
    details = {detail.id: detail for detail in report.details}
    for card in content.scores.cards:
        for dimension in card.dimensions:
            own = _links(details[dimension_id(card.framework, dimension.dimension)])
            for finding in dimension.findings:
                answer = finding_id(card.framework, finding.criterion.id)
                assert answer in own
                said = [text for _, cell in details[answer].entries for text in (cell.text, cell.note)]
                for source in (*finding.sources, *finding.beside):
                    if source.kind == "measured":
                        assert set(source.nodeids) <= set(said)
                    else:
                        assert any(source.text in text for text in said)
                        assert any(wording.dated(source) in text for text in said)


def _links(detail: Detail) -> set[str]:
    return {cell.detail for _, cell in detail.entries}


def test_every_figure_has_a_link(report: Report) -> None:
    """In the tabs of scores and of probes; a figure in somebody's sentence has its source beside it."""
    bare = [
        (block.id, cell.text)
        for view in report.views
        if view.id in {"overview", "production", "mistakes", "claims", "layers"}
        for block in view.blocks
        if isinstance(block, Table) and block.id != "claims-statements"
        for row in block.rows
        for cell in row
        if not cell.detail and not cell.url and (cell.value is not None or re.match(r"\d[\d.,]*( |$)", cell.text))
    ]
    assert bare == []


def test_whatever_is_drawn_has_a_colour_and_a_shape_of_its_own(report: Report) -> None:
    drawn = {
        row[block.fields.index("framework")]
        for view in report.views
        for block in view.blocks
        if isinstance(block, Figure) and "framework" in block.fields
        for row in block.rows
    }
    # A ceiling is no framework's.
    assert drawn - {None} <= set(report.series)
    assert len(set(report.series)) == len(report.series)


def test_an_ecosystem_has_the_looks_of_the_line_that_it_is_scored_as() -> None:
    cases = [
        measured_case(name, 0.01, ecosystem=ecosystem)
        for name, ecosystem in (("flax-nnx", "jax"), ("torch-compile", "pytorch"), ("torch", "pytorch"))
    ]
    content = content_of(*full_facts(framework="alpha").values(), cases=cases)
    assert line_of_each(content) == {"alpha": "alpha", "jax": "flax-nnx", "pytorch": "torch"}
    assert all_series(content) == ("flax-nnx", "torch-compile", "torch", "alpha")


def test_a_measured_answer_leads_to_its_cases_and_its_rivals(report: Report) -> None:
    (answer,) = (each for each in report.details if each.id == finding_id("jax", "training_speed"))
    cases = [cell for name, cell in answer.entries if name == "Case"]
    assert cases
    assert all(cell.detail.startswith("case:") for cell in cases)
    assert {name for name, _ in answer.entries} >= {"Question", "Points", "Weight", "Scale", "Compared with"}
    assert answer.tables[0].rows


def test_a_source_s_address_is_a_link_and_nothing_else_is() -> None:
    from speedscore.report.details.sources import url_in

    assert url_in("Stars (https://github.com/a/b), read") == "https://github.com/a/b"
    assert url_in("see https://en.wikipedia.org/wiki/A_(b).") == "https://en.wikipedia.org/wiki/A_(b)"
    assert url_in('<a href="https://a.example/x">') == "https://a.example/x"
    assert url_in("javascript:alert(1) and no page") == ""


def test_hostile_texts_make_no_markup_and_no_ids() -> None:
    from speedscore.report.page.page import render

    report = _assemble(_hostile_content())
    assert _dangling(report) == set()
    blocks = [block.id for view in report.views for block in view.blocks]
    assert len(blocks) == len(set(blocks))
    assert all(name.replace("-", "").isalnum() and name.isascii() for name in blocks)
    page = render(report)
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert any(HOSTILE in detail.id for detail in report.details)


def _hostile_content() -> Content:
    """A framework, a library, sources and statements whose every text means harm."""
    facts = [
        make_fact(
            key, fact.value, framework=HOSTILE, source=f"{HOSTILE} javascript:alert(1) https://a.example/{HOSTILE}"
        )
        for key, fact in full_facts().items()
    ]
    case = measured_case("torch", 0.01, ecosystem=HOSTILE)
    return content_of(
        *facts,
        statements=[make_statement(HOSTILE, framework=HOSTILE, source=HOSTILE)],
        cases=[case],
        run_name=f"{HOSTILE}\u202e.json",
    )


def test_the_page_shows_the_scores_that_the_card_has(report: Report) -> None:
    from speedscore.report.page.page import render

    page = _Tables()
    page.feed(render(report))
    rows = page.rows["scores"]
    card = report.card
    assert [row[0] for row in rows] == [each["name"] for each in card["frameworks"].values()]
    for row, own in zip(rows, card["frameworks"].values(), strict=True):
        assert row[1] == f"{own['speed_score']:.2f}"
        assert row[2:] == [wording.points(own["dimensions"][dimension]["score"]) for dimension in DIMENSIONS]


def test_the_details_have_the_figures_that_the_card_has(report: Report) -> None:
    details = {detail.id: dict(detail.entries) for detail in report.details}
    for framework, card in report.card["frameworks"].items():
        for dimension, own in card["dimensions"].items():
            score = details[dimension_id(framework, dimension)]["Score"]
            assert (score.value, score.text) == (own["score"], wording.points(own["score"]))
            assert score.note == wording.interval(Interval(**own["interval"]))
            for finding in own["findings"]:
                entries = details[finding_id(framework, finding["criterion"])]
                assert entries["Answer"].value == finding["value"]
                points = finding["score"] if finding["score"] is not None else finding["stale_score"]
                assert (entries["Points"].value if points is not None else None) == points


class _Tables(html.parser.HTMLParser):
    """The cells of each table's body by the block's id, without their second lines."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self._block = ""
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "article":
            self._block = dict(attrs).get("id") or ""
            self.rows[self._block] = []
        if tag in {"tbody", "small"}:
            self._inside.append(tag)
        if self._inside == ["tbody"] and tag == "tr":
            self.rows[self._block].append([])
        if self._inside == ["tbody"] and tag in {"th", "td"}:
            self.rows[self._block][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside == ["tbody"] and self.rows[self._block] and self.rows[self._block][-1]:
            self.rows[self._block][-1][-1] += data.strip()


def test_the_embedded_card_follows_from_its_evidence(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text(json.dumps(report.card), encoding="utf-8")
    assert verify(path) == []
