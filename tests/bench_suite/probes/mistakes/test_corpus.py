"""The corpus as it is shipped: every mistake has its sources, and every program a mark, a right number and a twin."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.mistakes.corpus import list_cases, program_path, read_about
from speedscore.bench_suite.probes.mistakes.program import MARK, read_program
from speedscore.bench_suite.probes.mistakes.rules import load_rules, mistakes_folder

CASES = list_cases()
SUBJECTS = sorted({case.subject for case in CASES})
BESIDE = {"numpy", "os", "time", "functools", "jax", "optax"}
"""What a program may import beside its framework; JAX is beneath four of them."""


def test_there_are_as_many_mistakes_and_programs_as_are_promised() -> None:
    assert len(SUBJECTS) >= 30
    assert len(CASES) >= 100
    assert {path.name for path in mistakes_folder().iterdir() if path.is_dir()} == {*SUBJECTS, "history"}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_mistake_says_what_goes_wrong_and_where_users_met_it(subject: str) -> None:
    about = read_about(subject)
    assert about.wrong.endswith(".")
    assert len(set(about.sources)) == len(about.sources)


def test_an_id_selects_by_device_and_target_alone() -> None:
    for case in CASES:
        name = f"{case.framework}-{case.subject}"
        assert not any(word in name for word in ("cpu", "gpu", "tpu", "onnx")), case.id
        assert case.id == f"{name}-cpu"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.framework}-{case.subject}")
def test_each_program_is_whole_and_errs_outside_its_twin(case) -> None:  # type: ignore[no-untyped-def]
    path = program_path(case)
    program = read_program(path)
    tree = ast.parse(path.read_text())
    (twin,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "twin"]
    assert not program.lines & set(range(twin.lineno, (twin.end_lineno or 0) + 1))
    assert path.read_text().count(MARK) == 1
    imported = {
        (name.name if isinstance(node, ast.Import) else node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported <= BESIDE | set(FRAMEWORKS[case.framework].packages)
    assert len(path.read_text().splitlines()) <= 60


def test_every_program_is_of_a_framework_that_is_asked(tmp_path: Path) -> None:
    programs = {path for path in mistakes_folder().glob("*/*.py") if path.parent.name != "history"}
    assert programs == {program_path(case) for case in CASES}
    (tmp_path / "some-mistake").mkdir()
    (tmp_path / "some-mistake" / "pytorch.py").touch()
    assert list_cases(tmp_path) == []


def test_the_rules_and_the_family_have_the_same_outcomes_the_best_first() -> None:
    assert tuple(outcome.name for outcome in load_rules().outcome) == FAMILIES["mistake"].outcomes
