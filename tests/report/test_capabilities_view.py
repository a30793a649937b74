"""The tab of capabilities: what tasks tell beyond their time, of the sample run that has them."""

from __future__ import annotations

import pytest

from speedscore.record.run_file import load_run
from speedscore.report.blocks import Figure, Table, View
from tests.report.sample_content import CAPABILITIES, sample_content

pytest.importorskip("altair", reason="assembling a report imports what draws")


@pytest.fixture(scope="module")
def view() -> View:
    from speedscore.report.assembling import assemble

    return next(view for view in assemble(sample_content(runs=[CAPABILITIES])).views if view.id == "capabilities")


def test_work_a_second_is_the_work_of_a_call_over_its_seconds_and_leads_to_the_case(view: View) -> None:
    table = next(block for block in view.blocks if block.title.startswith("Environment steps a second"))
    assert isinstance(table, Table)
    row = next(row for row in table.rows if row[0].text == "rl-update-4096")
    case = next(case for case in load_run(CAPABILITIES).cases if case.id == "jax-rl-update-4096-cpu")
    place = [column.title for column in table.columns].index("jax")
    rounds = sorted(each.seconds for each in case.rounds)
    work = float(case.workload["work"] or 0.0)
    assert row[1].value == work
    assert work / rounds[-1] <= (row[place].value or 0.0) <= work / rounds[0]
    assert row[place].detail


def test_recomputing_is_drawn_as_time_against_what_is_kept(view: View) -> None:
    figures = {block.title: block for block in view.blocks if isinstance(block, Figure)}
    assert len(figures) == 2
    (gpt,) = (block for title, block in figures.items() if "of gpt" in title)
    policies = {(row[0], row[1]) for row in gpt.rows}
    assert {("jax", "none"), ("jax", "full"), ("jax", "selective")} <= policies
    assert not [row for row in gpt.rows if row[0] == "tensorflow"], "it does not tell what it keeps"
