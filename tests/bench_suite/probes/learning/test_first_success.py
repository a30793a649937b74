"""A first success is one only with the right gradient; what cannot be installed is unknown and not zero."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from speedscore.bench_suite.probes.learning import first_success
from speedscore.bench_suite.probes.learning.first_success import (
    GRADIENT,
    is_right,
    list_cases,
    list_constraints,
    needed_packages,
    program_of,
    run_first_program,
    take_first_gradient,
)
from speedscore.bench_suite.probes.probe import ProbeUnavailable, probed_frameworks
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.processors import usable_processors


@pytest.fixture
def tools() -> Iterator[Tools]:
    opened = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=120.0)
    yield opened
    opened.close()


def test_the_gradient_is_that_of_the_stated_loss() -> None:
    inputs, targets, weights = [(1.0, 2.0), (3.0, 4.0)], [1.0, 2.0], [0.5, -0.5]

    def loss(weights: list[float]) -> float:
        errors = [
            sum(x * w for x, w in zip(row, weights, strict=True)) - target
            for row, target in zip(inputs, targets, strict=True)
        ]
        return sum(error**2 for error in errors) / len(errors)

    for place, expected in enumerate(GRADIENT):
        moved = [[w + sign * 1e-4 * (index == place) for index, w in enumerate(weights)] for sign in (1, -1)]
        assert (loss(moved[0]) - loss(moved[1])) / 2e-4 == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("gradient", [[-9.0], [-9.0, -13.1], [-13.0, -9.0], [float("nan"), -13.0], []])
def test_another_gradient_is_wrong(gradient: list[float]) -> None:
    assert is_right(list(GRADIENT))
    assert not is_right(gradient)


def test_only_what_the_program_imports_is_installed_and_at_our_own_versions() -> None:
    packages = ("jax", "jaxlib", "optax", "flax")
    assert needed_packages(program_of("jax"), packages) == ["jax"]
    assert needed_packages(program_of("flax-nnx"), packages) == ["jax", "flax"]
    assert f"pytest=={pytest.__version__}" in list_constraints()


def test_every_probed_framework_has_a_program() -> None:
    assert {case.framework for case in list_cases()} == {line.id for line in probed_frameworks()}


@pytest.mark.parametrize(
    ("values", "outcome", "reason"),
    [
        ("[[-9.0], [-13.0]]", "gradient", ""),
        ("[[-9.0], [13.0]]", "wrong gradient", "expected [-9.0, -13.0], found [-9.0, 13.0]"),
        ("no_such_name", "failed", "NameError: name 'no_such_name' is not defined"),
    ],
)
def test_a_program_is_judged_by_its_gradient(
    tools: Tools, tmp_path: Path, values: str, outcome: str, reason: str
) -> None:
    program = tmp_path / "program.py"
    program.write_text(f"import numpy as np\n\ngradient = np.asarray({values})\n")
    spent = {"venv_seconds": [2.0], "install_seconds": [3.0]}
    answer = run_first_program(program, {"numpy": "numpy"}, python=Path(sys.executable), tools=tools, spent=spent)
    assert (answer.outcome, answer.reason) == (outcome, reason)
    assert answer.measurements["first_lines"] == [2]
    assert answer.seconds[0] >= 5.0
    assert ("first_success_seconds" in answer.measurements) == (outcome != "failed")


def test_what_cannot_be_installed_is_unavailable_in_the_installers_words(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program.py"
    program.write_text("import no_such_package\ngradient = None\n")
    monkeypatch.setattr(first_success, "pin", lambda name: f"{tmp_path}/{name}-1.0-py3-none-any.whl")
    with pytest.raises(ProbeUnavailable, match=r"needs pip to install .*no-such-package.*failed here"):
        take_first_gradient(program, {"no_such_package": "no-such-package"}, tools)
