"""The code of the how-to pages, put where they say, and used as they say."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.matrix import hooks as of_measuring
from speedscore.bench_suite.workloads.table import Model
from speedscore.scoring.evidence.evidence import gather
from speedscore.scoring.facts.snapshots import load_snapshots
from speedscore.scoring.rubric import hooks as of_judging
from speedscore.scoring.rubric.criterion import Criterion
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


def test_the_plugin_of_the_pages_answers_our_hooks() -> None:
    manager = pytest.PytestPluginManager()
    manager.add_hookspecs(of_measuring)
    manager.add_hookspecs(of_judging)
    pages = [ROOT / "docs" / f"add-a-{what}.md" for what in ("framework", "model", "criterion")]
    for number, block in enumerate(block for page in pages for block in code_blocks(page)):
        if block.title == "src/my_package/plugin.py":
            module = ModuleType(f"part {number}")
            module.__file__ = block.title
            exec(compile(block.text, block.title, "exec"), module.__dict__)
            manager.register(module)
    manager.check_pending()
    ((framework,),) = manager.hook.pytest_speedscore_frameworks(config=None)
    ((model,),) = manager.hook.pytest_speedscore_models(config=None)
    ((criterion,),) = manager.hook.pytest_speedscore_criteria(config=None)
    ((folder,),) = manager.hook.pytest_speedscore_facts(config=None)
    assert [type(each) for each in (framework, model, criterion)] == [Framework, Model, Criterion]
    assert folder == Path("src/my_package/facts")
    (rule,) = criterion.answers
    value, score = rule.example
    assert rule.score(value) == score


def test_the_criterion_of_the_page_is_answered_by_its_fact(tmp_path: Path) -> None:
    criterion, key, fact, _ = code_blocks(ROOT / "docs" / "add-a-criterion.md")
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
