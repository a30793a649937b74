"""The code of the how-to pages, put where they say, and used as they say."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from speedscore.scoring.evidence.evidence import gather
from speedscore.scoring.facts.snapshots import load_snapshots
from speedscore.scoring.rubric.rubric import load_rubric
from speedscore.scoring.scores.score_report import build_report
from tests.code_blocks import code_blocks
from tests.linked_environment import copy_checkout
from tests.neighbour import run_in
from tests.places import ROOT


def test_the_probe_of_the_page_is_asked(tmp_path: Path) -> None:
    if importlib.util.find_spec("jax") is None:
        pytest.skip("it is asked of JAX, which is not installed here")
    module, line, test = code_blocks(ROOT / "docs" / "add-a-probe.md")
    checkout = copy_checkout(tmp_path / "checkout")
    (checkout / module.title).write_text(module.text, encoding="utf-8")
    families = checkout / line.title
    # The table is a tuple of lines, which ends at the first bracket at the left edge.
    before, end, after = families.read_text(encoding="utf-8").partition("\n)\n")
    families.write_text(f"{before}\n{line.text.strip()},{end}{after}", encoding="utf-8")
    with (checkout / test.title).open("a", encoding="utf-8") as tests:
        tests.write(f"\n\n{test.text}")
    said = run_in(checkout, sys.executable, "-m", "pytest", "--benchmark-only", "-k", "version_length and jax")
    assert re.search(r"^version +short", said, re.MULTILINE), said


def test_the_criterion_of_the_page_is_answered_by_its_fact(tmp_path: Path) -> None:
    criterion, key, fact = code_blocks(ROOT / "docs" / "add-a-criterion.md")
    rubric_file = tmp_path / "rubric.toml"
    text = (ROOT / criterion.title).read_text(encoding="utf-8")
    keys = text.index("[facts]\n") + len("[facts]\n")
    rubric_file.write_text(f"{text[:keys]}{key.text}{text[keys:]}\n{criterion.text}", encoding="utf-8")
    snapshot = tmp_path / Path(fact.title).relative_to("fixtures")
    snapshot.parent.mkdir(parents=True)
    snapshot.write_text(f'name = "JAX"\nrole = "framework"\n{fact.text}', encoding="utf-8")
    rubric = load_rubric(rubric_file)
    evidence = gather(load_snapshots(tmp_path / "ecosystem", keys=rubric.facts), kind_order=rubric.policy.kind_order)
    (card,) = build_report(rubric, evidence, frameworks=["jax"]).cards
    findings = {finding.criterion.id: finding for part in card.dimensions for finding in part.findings}
    added = findings[rubric.criterion[-1].id]
    assert added.criterion.id not in {known.id for known in load_rubric().criterion}
    assert (added.value, added.score) == added.criterion.answers[0].example
