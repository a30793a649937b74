"""What a model stands on is found by following names: all of it, nothing beside it, and nothing that was left out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from speedscore.bench_suite.probes.learning.reaching import PACKAGE, reach
from speedscore.bench_suite.probes.learning.surface import load_roots, reach_model

MODEL = f'''
from {PACKAGE}.lib.layers import dense
from {PACKAGE}.lib import optimizer

WIDTH = 3

def make(workload, platform):
    """Prepares."""
    del platform

    def apply(params: dict, inputs: object) -> object:
        """Says what it does."""
        return dense(params, inputs) + WIDTH

    return Plumbing(apply)

def unused():
    return 1

class Step:
    def __init__(self, model):
        self._loss = optimizer.mean
        self._other = 1

    def run(self):
        return self._loss(self.twice())

    def twice(self):
        return 2

    def apart(self):
        return 3
'''
LAYERS = "def dense(params, inputs):\n    return inputs @ params\n\ndef norm(inputs):\n    return inputs\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "model.py").write_text(MODEL)
    (tmp_path / "lib" / "layers.py").write_text(LAYERS)
    (tmp_path / "lib" / "optimizer.py").write_text("def mean(values):\n    return values\n")
    return tmp_path


def reached(folder: Path, *roots: str, stop_at: tuple[str, ...] = ()) -> set[str]:
    parts = reach(roots, folder=folder, leave_out=("platform", "Plumbing"), stop_at=stop_at)
    return {f"{part.module.name}:{part.name}" for part in parts}


def test_functions_constants_and_other_modules_are_followed(folder: Path) -> None:
    assert reached(folder, "lib.model:make") == {"lib.model:make", "lib.model:WIDTH", "lib.layers:dense"}
    assert reached(folder, "lib.model:make", stop_at=("dense",)) == {"lib.model:make", "lib.model:WIDTH"}


def test_a_method_brings_what_it_reads_of_self_and_no_more(folder: Path) -> None:
    assert reached(folder, "lib.model:Step.run") == {
        "lib.model:Step.run",
        "lib.model:Step.twice",
        "lib.model:Step._loss",
        "lib.optimizer:mean",
    }


def test_what_is_reached_twice_counts_once(folder: Path) -> None:
    parts = reach(("lib.model:Step", "lib.model:Step.run"), folder=folder)
    assert [part.name for part in parts if part.module.name == "lib.model"] == ["Step"]


def test_docstrings_annotations_and_what_was_left_out_are_gone(folder: Path) -> None:
    (part, *_) = (part for part in reach(("lib.model:make",), folder=folder, leave_out=("platform", "Plumbing"))
                  if part.name == "make")  # fmt: skip
    assert ast.unparse(part.node) == (
        "def make(workload, platform):\n\n    def apply(params, inputs):\n        return dense(params, inputs) + WIDTH"
    )


@pytest.mark.parametrize("root", ["lib.model:gone", "lib.model:Step.gone", "lib.gone:make"])
def test_a_root_that_is_not_there_is_named(folder: Path, root: str) -> None:
    with pytest.raises(LookupError, match="gone"):
        reach((root,), folder=folder)


def test_every_model_of_every_framework_brings_its_own_module_and_a_step() -> None:
    for framework, roots in load_roots().frameworks.items():
        for model, model_roots in roots.models.items():
            parts = reach_model(framework, model)
            modules = {part.module.name for part in parts}
            names = {f"{part.module.name}:{part.name}" for part in parts}
            assert modules >= {root.partition(":")[0] for root in (*model_roots, *roots.step)}, (framework, model)
            assert any("optimizer" in name for name in names), (framework, model)
            assert any("loss" in name or "objective" in name for name in names), (framework, model)
            # None of another model comes along.
            assert {module.rpartition(".")[2] for module in modules} & set(roots.models) == {model}
