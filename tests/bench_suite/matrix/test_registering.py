"""Frameworks and models of other packages stand in the matrix like our own, and a line that cannot is named."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.workloads.table import MODELS, Model
from speedscore.record.run_file import load_run
from tests.bench_suite.sample_framework.tables import sample
from tests.bench_suite.sample_session import Matrix


def framework(name: str) -> Framework:
    return sample(name)


def model(name: str) -> Model:
    return Model(name, workload="speedscore.bench_suite.workloads.mlp")


MAKE: dict[str, Callable[[str], Framework | Model]] = {"frameworks": framework, "models": model}


def test_what_another_package_brings_stands_in_the_matrix(matrix: Matrix) -> None:
    matrix.make("training", "compilation", plugins=["brought"])
    result = matrix.pytester.runpytest_subprocess("--collect-only", "-q", "-p", "no:speedscore.scoring.plugin")
    for phase in ("training", "compilation", "warm_compilation"):
        ids = [line.partition("[")[2][:-1] for line in result.outlines if f"::test_{phase}[" in line]
        assert len(ids) == len(set(ids))
        for device in ("cpu", "gpu", "tpu"):
            brought = {each for each in ids if each.startswith("brought-") and each.endswith(device)}
            assert brought == {f"brought-{model}-{device}" for model in ("mlp", "resnet50", "gpt", "bert", "wide")}
            assert {f"jax-wide-{device}", f"torch-mlp-{device}"} <= set(ids)


def test_what_another_package_brings_is_measured(matrix: Matrix) -> None:
    matrix.make("training", plugins=["brought"])
    chosen = "cpu and (brought and (mlp or wide or gpt) or jax and wide and not keras)"
    result = matrix.run("-k", chosen, "--benchmark-json=run.json")
    cases = {case.id: case for case in load_run(matrix.folder / "run.json").cases}
    for model in ("mlp", "wide"):
        case = cases[f"brought-{model}-cpu"]
        assert (case.status, case.ecosystem) == ("measured", "brought"), case.reason
    for lacking in ("brought-gpt-cpu", "jax-wide-cpu"):
        framework, model, _ = lacking.split("-")
        assert cases[lacking].reason.startswith(f"{framework} has no {model}: ")
    result.assert_outcomes(passed=2, skipped=2, deselected=result.parseoutcomes()["deselected"])


@pytest.mark.parametrize("table", ["frameworks", "models"])
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        pytest.param("Brought", "'Brought' is no id of a *: lower-case letters and digits, in *", id="capital"),
        pytest.param("two words", "'two words' is no id of a *", id="space"),
        pytest.param("", "'' is no id of a *", id="empty"),
        pytest.param("2nd", "'2nd' is no id of a *", id="digit first"),
        pytest.param("mycpuone", "'mycpuone' holds 'cpu', and -k cpu must select *", id="of a device"),
    ],
)
def test_an_id_that_would_mislead_is_refused(matrix: Matrix, table: str, name: str, problem: str) -> None:
    assert_refused(matrix, table, [MAKE[table](name)], problem)


@pytest.mark.parametrize(
    ("table", "lines", "problem"),
    [
        pytest.param("frameworks", [framework("jax")], "'jax' is in the table already; *", id="ours"),
        pytest.param("models", [model("a"), model("a")], "'a' is in the table already; *", id="its own twice"),
        pytest.param(
            "models",
            [model("compile-mlp")],
            "'compile-mlp' is no id of a Model: lower-case letters and digits, in one word",
            id="model with a hyphen",
        ),
        pytest.param("frameworks", ["jax"], "expected a Framework, found str", id="text"),
        pytest.param("frameworks", [model("a")], "expected a Framework, found Model", id="model"),
        pytest.param("models", model("a"), "expected a list of Model, found Model", id="no list"),
        pytest.param("models", {"a": 1}, "expected a list of Model, found dict", id="mapping"),
    ],
)
def test_a_line_that_cannot_be_taken_in_is_refused(matrix: Matrix, table: str, lines: object, problem: str) -> None:
    assert_refused(matrix, table, lines, problem)


def assert_refused(matrix: Matrix, table: str, lines: object, problem: str) -> None:
    hook = f"pytest_speedscore_{table}"
    with pytest.raises(pytest.UsageError) as caught:
        matrix.configure(**{hook: lambda: lines})
    pytest.LineMatcher([str(caught.value)]).fnmatch_lines([f"{hook}: {problem}"])


def test_a_refused_line_reaches_the_terminal_as_one_line(matrix: Matrix) -> None:
    matrix.make("training", conftest="def pytest_speedscore_models():\n    return ['jax']\n")
    result = matrix.run("--collect-only")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = [line for line in result.errlines if line]
    assert said == ["ERROR: pytest_speedscore_models: expected a Model, found str"]


def test_who_brings_nothing_is_no_trouble(matrix: Matrix) -> None:
    before = list(FRAMEWORKS), list(MODELS)
    matrix.configure(pytest_speedscore_frameworks=lambda: None, pytest_speedscore_models=lambda: [])
    assert (list(FRAMEWORKS), list(MODELS)) == before


def test_what_is_brought_is_there_until_the_session_has_ended(matrix: Matrix) -> None:
    config = matrix.configure(pytest_speedscore_models=lambda: [model("wide")])
    assert "wide" in MODELS
    config._ensure_unconfigure()
    assert "wide" not in MODELS


def test_the_tables_are_as_before_when_the_session_has_ended(matrix: Matrix) -> None:
    """Who calls pytest twice in one process must not hear that what he brings is there already."""
    matrix.make("training", plugins=["brought"])
    script = matrix.pytester.makepyfile(
        twice="import pytest\n"
        "from speedscore.bench_suite.frameworks.table import FRAMEWORKS\n"
        "from speedscore.bench_suite.workloads.table import MODELS\n"
        "before = list(FRAMEWORKS), list(MODELS)\n"
        "for _ in range(2):\n"
        "    assert pytest.main(['--collect-only', '-q', '-p', 'no:speedscore.scoring.plugin']) == 0\n"
        "    assert (list(FRAMEWORKS), list(MODELS)) == before\n"
    )
    ended = matrix.pytester.run(sys.executable, script)
    assert ended.ret == 0, ended.stderr.str()
    ended.stdout.fnmatch_lines(["*brought-wide-cpu*"])


def test_a_line_without_its_package_fails_its_own_cases_and_no_others(matrix: Matrix) -> None:
    matrix.make("training", plugins=["lost"], sample="healthy")
    result = matrix.run("-k", "cpu", "--benchmark-json=run.json")
    result.assert_outcomes(passed=1, failed=1, deselected=4)
    sample, of_lost = load_run(matrix.folder / "run.json").cases
    assert (sample.status, of_lost.status) == ("measured", "failed")
    assert "framework 'lost': there is no package 'no_such'" in of_lost.reason
