"""Checkpoints: two memories are compared name by name, and a file that was spoilt on the way is seen to be."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from speedscore.bench_suite.frameworks.digests import digest_arrays, first_difference
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.production.checkpoint import compare, count_bytes, list_cases, restore, save
from speedscore.bench_suite.probes.production.programs import build_program, probing_module, step_program

TORCH = FRAMEWORKS["torch"]
VERSIONS = {"sample": "1"}


def seen(**digests: str) -> dict[str, Any]:
    return {"seconds": 0.5, "digests": digests}


def test_the_first_array_that_differs_is_named() -> None:
    answer = compare(seen(a="1", b="2", c="3"), seen(a="1", b="x", c="y"), versions=VERSIONS, measured={})
    assert (answer.outcome, answer.observations["first_difference"]) == ("differs", "b")


def test_an_array_that_was_lost_or_added_differs() -> None:
    assert compare(seen(a="1", b="2"), seen(a="1"), versions=VERSIONS, measured={}).outcome == "differs"
    added = compare(seen(a="1"), seen(a="1", b="2"), versions=VERSIONS, measured={})
    assert (added.outcome, added.observations["first_difference"]) == ("differs", "b")


def test_the_same_everywhere_is_equal_and_takes_both_ways() -> None:
    answer = compare(seen(a="1"), seen(a="1"), versions=VERSIONS, measured={"checkpoint_bytes": [3]})
    assert (answer.outcome, answer.seconds) == ("equal", (1.0,))
    assert answer.measurements == {"checkpoint_bytes": [3], "checkpoint_restore_seconds": [0.5]}


def test_a_digest_tells_types_shapes_and_the_last_bit_apart() -> None:
    np = pytest.importorskip("numpy")
    ones = np.ones(4, np.float32)
    next_to_one = np.nextafter(ones, np.float32(2))
    others = {"bit": next_to_one, "shape": ones.reshape(2, 2), "type": ones.view(np.int32), "sign": -(ones - ones)}
    digests = digest_arrays({"ones": ones, "again": ones.copy(), "zeros": ones - ones, **others})
    assert digests["ones"] == digests["again"]
    assert len(set(digests.values())) == len(digests) - 1
    assert first_difference({"a": "1"}, {"a": "1"}) == ""


def test_all_files_of_a_checkpoint_are_counted(tmp_path: Path) -> None:
    (tmp_path / "state.0").write_bytes(b"12")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "state.1").write_bytes(b"345")
    assert count_bytes(tmp_path) == 5


def test_every_framework_has_a_route_and_none_has_two_of_a_name() -> None:
    cases = list_cases()
    assert len({case.id for case in cases}) == len(cases)
    assert {"torch-mlp-native-cpu", "jax-gpt-orbax-cpu", "tensorflow-mlp-safetensors-cpu"} <= {
        case.id for case in cases
    }


@pytest.mark.skipif(bool(TORCH.missing_packages()), reason=f"PyTorch is missing: {TORCH.remedy}")
@pytest.mark.skipif(importlib.util.find_spec("safetensors") is None, reason="safetensors is missing")
def test_a_flipped_byte_in_the_file_is_found(tmp_path: Path) -> None:
    """The model is real, its optimizer has state, and the file is the route's own."""
    way: dict[str, Any] = {"verbs": probing_module("torch", "checkpoint"), "route": "safetensors"}
    trained: dict[str, Any] = {}
    build_program(trained, framework="torch", model="mlp", preset="smoke")
    step_program(trained, steps=2)
    path = tmp_path / "state"
    saved = save(trained, path=str(path), **way)
    fresh: dict[str, Any] = {}
    build_program(fresh, framework="torch", model="mlp", preset="smoke")
    restored = restore(fresh, path=str(path), **way)
    assert compare(saved, restored, versions=VERSIONS, measured={}).outcome == "equal"
    assert any(name.endswith("exp_avg") for name in saved["digests"])

    spoilt = bytearray(path.read_bytes())
    spoilt[-1] ^= 1
    path.write_bytes(spoilt)
    answer = compare(saved, restore(fresh, path=str(path), **way), versions=VERSIONS, measured={})
    assert answer.outcome == "differs"
    assert answer.observations["first_difference"] in saved["digests"]
