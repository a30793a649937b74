"""The first tab: the frameworks side by side. It words scores that are given, and computes none."""

from __future__ import annotations

from speedscore.report.blocks import Cell, Column, Table, View
from speedscore.report.content import Content
from speedscore.report.identifiers import dimension_id
from speedscore.scoring.cards import order_wording, wording


def view(content: Content) -> View:
    """Always there: facts alone say something too."""
    scores = content.scores
    titles = [dimension.title for dimension in scores.cards[0].dimensions] if scores.cards else []
    columns = (
        Column("Framework"),
        Column("Speed Score", numeric=True, meaning="the weighted mean of the five dimensions, 0 to 10"),
        *(Column(title, numeric=True) for title in titles),
    )
    rows = tuple(
        (
            Cell(card.name, detail=dimension_id(card.framework, "speed_score")),
            Cell(
                wording.title_score(card),
                value=card.speed_score,
                note="" if card.speed_score is None else wording.interval(card.uncertainty.speed_score),
            ),
            *(
                Cell(
                    "–" if dimension.score is None else wording.points(dimension.score),
                    value=dimension.score,
                    detail=dimension_id(card.framework, dimension.dimension),
                    note=wording.interval(card.uncertainty.dimensions[dimension.dimension]),
                )
                for dimension in card.dimensions
            ),
        )
        for card in scores.cards
    )
    return View(
        id="overview",
        title="Overview",
        lead=next(iter(order_wording.firmness(scores)), ""),
        blocks=(Table(id="scores", title="Scores", columns=columns, rows=rows),),
    )
