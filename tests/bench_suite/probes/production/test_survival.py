"""What came from an older release: equal, near, or not, and that it is asked of nobody who has no such artefact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.production.programs import probing_module
from speedscore.bench_suite.probes.production.survival import (
    ENVIRONMENTS,
    LARGEST_ERROR,
    compare,
    compare_weights,
    judge,
    keep_weights,
    list_cases,
    make_artefact,
    run_artefact,
)
from speedscore.bench_suite.workloads.table import make_workload

TORCH = FRAMEWORKS["torch"]
ONES = np.ones(3, np.float32)


def outcome(found: Any) -> str:
    used = {"seconds": 1.0, **compare(ONES, found)}
    return judge(used, versions={"sample": "2"}, older={"sample": "1"}).outcome


def test_equal_near_and_far() -> None:
    assert outcome(ONES.copy()) == "equal"
    assert outcome(ONES * np.float32(1 + LARGEST_ERROR / 2)) == "agrees"
    assert outcome(ONES * np.float32(1 + LARGEST_ERROR * 2)) == "differs"


@pytest.mark.parametrize("found", [ONES * np.nan, ONES[:2], ONES[None]])
def test_what_cannot_be_compared_differs(found: Any) -> None:
    assert outcome(found) == "differs"


def test_the_older_versions_stand_beside_the_newest() -> None:
    answer = judge(
        {"seconds": 1.0, "equal": True, "error": 0.0, "limit": 0.0}, versions={"jax": "2"}, older={"jax": "1"}
    )
    assert (answer.versions, answer.observations["older_jax"]) == ({"jax": "2"}, "1")


class SampleProgram:
    """Holds the weights of the model, moved by some amount."""

    def __init__(self, move: float) -> None:
        workload = make_workload("gpt", "smoke")
        self._weights = {name: values + np.float32(move) for name, values in workload.parameters().items()}

    def weights(self) -> Any:
        return self._weights


def test_weights_are_held_to_the_workloads_own_tolerance_of_the_way_they_went(tmp_path: Path) -> None:
    path = str(tmp_path / "weights.npz")
    keep_weights({"program": SampleProgram(1.0)}, path=path)
    same = compare_weights({"program": SampleProgram(1.0)}, path=path, preset="smoke")
    assert (same["equal"], same["error"]) == (True, 0.0)
    off = compare_weights({"program": SampleProgram(1.5)}, path=path, preset="smoke")
    assert off["error"] == pytest.approx(0.5, rel=1e-3)
    assert judge({"seconds": 1.0, **off}, versions={"sample": "2"}, older={}).outcome == "differs"


def test_every_ecosystem_has_its_pins_and_each_is_an_exact_version() -> None:
    folder = Path(__file__).parents[4] / "bench_suite" / "probes" / "environments"
    for name in ENVIRONMENTS.values():
        lines = [line for line in (folder / f"{name}.txt").read_text().splitlines() if line[0] not in "#-"]
        assert lines
        assert all("==" in line.partition(";")[0] for line in lines)


def test_each_case_has_an_id_of_its_own() -> None:
    cases = list_cases()
    assert len({case.id for case in cases}) == len(cases)


@pytest.mark.skipif(bool(TORCH.missing_packages()), reason=f"PyTorch is missing: {TORCH.remedy}")
def test_an_artefact_runs_without_the_model_and_a_spoilt_one_is_seen(tmp_path: Path) -> None:
    """Under one release: that of an older one is not at hand everywhere."""
    way: dict[str, Any] = {"verbs": probing_module("torch", "survival"), "kind": "export", "folder": str(tmp_path)}
    make_artefact({}, implementation="speedscore.bench_suite.frameworks.torch.gpt", preset="smoke", **way)
    assert run_artefact({}, **way)["equal"] is True

    with np.load(tmp_path / "arrays.npz") as kept:
        arrays = dict(kept)
    np.savez(tmp_path / "arrays.npz", inputs=arrays["inputs"], outputs=arrays["outputs"] * np.float32(1.01))
    assert run_artefact({}, **way)["error"] > LARGEST_ERROR
