"""The tab of claims: what is said of speed beside what was measured, each figure with its source and its rounds."""

from __future__ import annotations

import pytest

from speedscore.report.blocks import Table
from speedscore.report.identifiers import case_id_of, claim_id
from speedscore.scoring.cards import claims_wording
from speedscore.scoring.claims.judging import JudgedClaim
from speedscore.scoring.scores.score_report import ScoreReport
from tests.report.sample_content import content_of, shared_content

pytest.importorskip("altair", reason="assembling a report imports what draws")


@pytest.fixture(scope="module")
def scores() -> ScoreReport:
    return shared_content().scores


def tables() -> dict[str, Table]:
    from tests.report.sample_content import shared_report

    view = next(view for view in shared_report().views if view.id == "claims")
    assert [block.id for block in view.blocks][:2] == ["claims-speed", "claims-neutral"]
    return {block.id: block for block in view.blocks if isinstance(block, Table)}


def judged(scores: ScoreReport, name: str) -> JudgedClaim:
    return next(each for each in scores.claims if each.claim.id == name)


def test_every_claim_and_neutral_pair_has_its_row(scores: ScoreReport) -> None:
    rows = [*tables()["claims-speed"].rows, *tables()["claims-neutral"].rows]
    assert sorted(row[1].text for row in rows) == sorted(each.claim.text for each in scores.claims)
    assert len({each.claim.kind for each in scores.claims}) == 2


def test_a_measured_claim_leads_to_the_cases_that_test_it_and_to_what_stands_beside(scores: ScoreReport) -> None:
    from tests.report.sample_content import shared_report

    details = {detail.id: detail for detail in shared_report().details}
    measured = judged(scores, "reference-resnet50-pytorch")
    (test,) = measured.tests
    links = {cell.detail for _, cell in details[claim_id(measured.claim)].entries}
    assert {case_id_of(test.run, nodeid) for nodeid in test.nodeids} <= links
    assert {claim_id(claim) for claim in measured.beside} <= links
    assert links - {""} <= details.keys()


def test_the_figure_of_the_tab_is_the_one_of_the_card(scores: ScoreReport) -> None:
    measured = judged(scores, "reference-resnet50-pytorch")
    row = next(
        row
        for row in tables()["claims-speed"].rows
        if row[2].detail == claim_id(measured.claim) and row[3].value is not None
    )
    assert row[3].value == measured.tests[0].times_as_fast
    assert row[4].text == claims_wording.judgement(measured)


def test_without_claims_there_are_no_tables_of_them() -> None:
    from speedscore.report.views.claims import view

    assert view(content_of()) is None
