"""The published form of a JSON card is the form of the cards that are printed."""

from __future__ import annotations

import json

import msgspec
import pytest

from speedscore.scoring.cards import FORMATS
from speedscore.scoring.cards.card_schema import CardDocument, schema
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.places import ROOT
from tests.scoring.sample_facts import RUBRIC, make_evidence, shipped
from tests.scoring.sample_runs import two_frameworks

PUBLISHED = ROOT / "docs" / "card.schema.json"


def reports() -> dict[str, ScoreReport]:
    run = NamedRun(name="run.json", record=two_frameworks())
    return {
        "facts": build_report(RUBRIC, make_evidence(*shipped(), month="2024-01"), frameworks=["jax", "pytorch"]),
        "measured": build_report(RUBRIC, make_evidence(*shipped(), runs=(run,)), frameworks=["jax", "pytorch"]),
        "nothing": build_report(RUBRIC, make_evidence(), frameworks=["alpha"]),
    }


@pytest.mark.parametrize("name", ["facts", "measured", "nothing"])
def test_a_printed_card_has_the_published_form(name: str) -> None:
    text = FORMATS["json"](reports()[name], width=80)
    card = msgspec.json.decode(text, type=CardDocument)
    assert card.frameworks.keys() == json.loads(text)["frameworks"].keys()


def test_a_field_that_is_not_published_is_noticed() -> None:
    document = json.loads(FORMATS["json"](reports()["nothing"], width=80))
    document["frameworks"]["alpha"]["colour"] = "green"
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        msgspec.convert(document, CardDocument)


def test_the_published_form_is_that_of_the_newest_version() -> None:
    remedy = f"run python -m speedscore.scoring.cards.card_schema > {PUBLISHED}"
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema(), remedy
