"""Runs of version 1 are read as what they said, and what they did not say stays unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from speedscore.record.run_file import BLOCK_KEY, RunFileError, load_run, to_block
from speedscore.record.run_record import SCHEMA_VERSION, Round, RunRecord
from tests.places import ROOT

SAVED = ROOT / "tests" / "record" / "version_1_run.json"


def version_1(**changes: Any) -> dict[str, Any]:
    """A block of one case, with all that version 1 could say, and ``changes`` of the case."""
    case = {
        "id": "sample-mlp-cpu",
        "nodeid": "bench_suite/test_training.py::test_training[sample-mlp-cpu]",
        "framework": "sample",
        "ecosystem": "sample",
        "model": "mlp",
        "device": "cpu",
        "phase": "training",
        "precision": "float32",
        "status": "measured",
        "reason": "",
        "stopped": "narrow",
        "metric": "seconds_per_step",
        "measurements": [
            {"name": "seconds_per_step", "unit": "s", "better": "lower", "samples": [0.5, 0.25, 0.75]},
            {"name": "static_plan_bytes", "unit": "bytes", "better": "lower", "samples": [64]},
        ],
        "turns": [1, 3, 1],
        "processes": [0, 0, 1],
        "occasion": "2026-11-24T12:00:00+00:00",
        "flops": 12,
        "steps_per_round": 4,
        "certificate": {
            "reference": "by hand",
            "checks": [{"quantity": "loss", "tensor": "", "error": 1e-7, "tolerance": 1e-5}],
        },
        "workload": {"batch": 8},
        "program": {"platform": "cpu", "threads": 2, "jax": "0.10.2"},
        "worker": {"affinity": "0,1", "OMP_NUM_THREADS": "2", "processors_busy_before": 0.03},
    }
    return {
        "schema_version": 1,
        "created": "2026-11-24T12:00:00+00:00",
        "preset": "smoke",
        "seed": 7,
        "in_process": False,
        "environment": {"cpu.model": "a processor"},
        "cases": [{name: value for name, value in (case | changes).items() if value is not ...}],
        "ratios": [],
    }


def read(folder: Path, block: dict[str, Any]) -> RunRecord:
    path = folder / "run.json"
    path.write_text(json.dumps({"benchmarks": [], BLOCK_KEY: block}))
    return load_run(path)


def test_every_round_keeps_its_turn_and_its_process(tmp_path: Path) -> None:
    (case,) = read(tmp_path, version_1()).cases
    assert case.rounds == (
        Round(0.5, turn=1, process=0),
        Round(0.25, turn=3, process=0),
        Round(0.75, turn=1, process=1),
    )
    assert [measurement.name for measurement in case.measurements] == ["static_plan_bytes"]
    assert (case.occasion, case.flops, case.steps_per_round) == ("2026-11-24T12:00:00+00:00", 12, 4)


def test_what_ran_is_found_by_name_and_the_rest_is_kept(tmp_path: Path) -> None:
    (case,) = read(tmp_path, version_1()).cases
    assert (case.program.platform, case.program.threads, case.program.other) == ("cpu", 2, {"jax": "0.10.2"})
    assert (case.worker.affinity, case.worker.processors_busy_before) == ("0,1", 0.03)
    assert case.worker.fields() == version_1()["cases"][0]["worker"]
    assert case.program.fields() == version_1()["cases"][0]["program"]


@pytest.mark.parametrize(
    ("missing", "turns"),
    [(("processes", "occasion", "flops"), [1, 3, 1]), (("processes", "turns"), [None] * 3)],
    ids=["no processes", "nor turns"],
)
def test_a_run_from_before_processes_were_kept_does_not_know_them(
    tmp_path: Path, missing: tuple[str, ...], turns: list[int | None]
) -> None:
    block = version_1(**dict.fromkeys(missing, ...))
    del block["ratios"]
    (case,) = read(tmp_path, block).cases
    assert [each.turn for each in case.rounds] == turns
    assert {each.process for each in case.rounds} == {None}


def test_what_was_read_is_saved_in_the_present_form(tmp_path: Path) -> None:
    run = read(tmp_path, version_1())
    assert run.schema_version == SCHEMA_VERSION
    assert read(tmp_path, to_block(run)) == run


def test_the_run_that_was_saved_then_is_read_whole() -> None:
    block = json.loads(SAVED.read_text())[BLOCK_KEY]
    assert block["schema_version"] == 1
    run = load_run(SAVED)
    assert len(run.cases) == len(block["cases"])
    for case, then in zip(run.cases, block["cases"], strict=True):
        assert (case.nodeid, case.status, case.reason) == (then["nodeid"], then["status"], then["reason"])
        samples = {each["name"]: tuple(each["samples"]) for each in then["measurements"]}
        assert {name: measured.samples for name in samples if (measured := case.find(name))} == samples


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"processes": [0, 1]}, "3 rounds and 2 processes", id="too few processes"),
        pytest.param({"turns": [0, 1, 2, 3]}, "3 rounds and 4 turns", id="too many turns"),
        pytest.param({"metric": "latency_seconds"}, "is about 'latency_seconds'", id="metric of another phase"),
        pytest.param({"measurements": []}, "no rounds of 'seconds_per_step'", id="no rounds"),
        pytest.param({"certificate": None}, "no passing certificate", id="no certificate"),
        pytest.param({"rounds": []}, "unknown field `rounds`", id="field of the present form"),
        pytest.param({"program": {"threads": "2"}}, "Expected `int | null`, got `str`", id="text for a number"),
    ],
)
def test_an_older_run_that_contradicts_itself_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(RunFileError) as caught:
        read(tmp_path, version_1(**changes))
    assert str(caught.value).startswith(f"{tmp_path / 'run.json'}: ")
    assert reason in str(caught.value)
