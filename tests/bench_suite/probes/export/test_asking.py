"""An export that passed was right: a flipped weight in an artefact is wrong numbers, half of one does not run, and a
converter that refuses, dies or hangs is an answer. The control tells right from wrong, and breaks where it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.probes.export import targets
from speedscore.bench_suite.probes.export.ask import ask, ask_control
from speedscore.bench_suite.probes.export.targets import Route
from speedscore.bench_suite.probes.export.way import Stopped, Way
from speedscore.bench_suite.probes.kept import Kept
from speedscore.bench_suite.probes.probe import Answer, ProbeCase
from speedscore.bench_suite.probes.process import ProbeProcess
from speedscore.bench_suite.probes.tools import SharedProcesses, Tools
from speedscore.host.processors import usable_processors

HERE = "tests.bench_suite.probes.export.bad_converters"
RUNTIMES = "tests.bench_suite.probes.export.bad_runtimes"
"""By name, for it imports JAX."""
pytest.importorskip("jax", reason="the artefacts are made by JAX")
RIGHT = "speedscore.bench_suite.frameworks.jax.exports.stablehlo:convert"


@pytest.fixture(scope="module")
def shared() -> Iterator[SharedProcesses]:
    """One process of the framework for all: importing takes longer than asking."""
    opened = SharedProcesses()
    yield opened
    opened.close()


@pytest.fixture
def tools(shared: SharedProcesses) -> Iterator[Tools]:
    kept = Kept()
    opened = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=120.0, kept=kept, shared=shared)
    yield opened
    opened.close()
    kept.close()


@pytest.fixture
def asked(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    def ask_of(converter: str, *, target: str = "stablehlo", control: bool = False) -> Answer:
        """What comes of the control's model on a way with that converter."""
        name = converter if ":" in converter else f"{HERE}:{converter}"
        monkeypatch.setattr(targets, "ROUTES", (Route(("jax",), target, convert=name),))
        family = "export_control" if control else "export"
        return (ask_control if control else ask)(ProbeCase(family, "jax", target=target), tools)

    return ask_of


@pytest.mark.parametrize(("converter", "target"), [(RIGHT, "stablehlo"), ("write_onnx", "onnx")])
def test_a_whole_artefact_passes_with_all_that_is_measured(
    asked: Callable[..., Answer], converter: str, target: str
) -> None:
    for package in targets.TARGETS[target].packages:
        pytest.importorskip(package)
    answer = asked(converter, target=target)
    assert (answer.outcome, answer.reason) == ("passed", "")
    assert answer.observations["dynamic_batch"] is True
    assert answer.measurements["artefact_bytes"][0] > 784 * 10 * 4
    assert set(answer.measurements) >= {
        "convert_seconds",
        "first_answer_seconds",
        "runtime_latency_seconds",
        "native_latency_seconds",
    }
    assert set(answer.versions) >= {"jax", "jaxlib", "python"}


@pytest.mark.parametrize("target", ["stablehlo", "onnx"])
def test_a_weight_that_is_flipped_in_the_file_is_wrong_numbers(asked: Callable[..., Answer], target: str) -> None:
    for package in targets.TARGETS[target].packages:
        pytest.importorskip(package)
    answer = asked(f"flip_weight_of_{target}", target=target)
    assert answer.outcome == "wrong numbers"
    assert "off" in answer.reason
    # What is wrong is not timed.
    assert "runtime_latency_seconds" not in answer.measurements


def test_half_an_artefact_does_not_run(asked: Callable[..., Answer]) -> None:
    answer = asked("truncate")
    assert answer.outcome == "does not run"
    assert answer.reason
    assert answer.measurements["artefact_bytes"]


def test_a_converter_that_refuses_is_told_in_its_own_words(asked: Callable[..., Answer]) -> None:
    answer = asked("refuse")
    assert answer.outcome == "not converted"
    assert answer.reason == "NotImplementedError: no plugin for erf_inv"
    assert answer.observations["kind"] == "unsupported operator"


def test_the_control_holds_for_a_converter_that_is_right(asked: Callable[..., Answer]) -> None:
    answer = asked(RIGHT, control=True)
    assert answer.outcome == "held"
    right, flipped = (answer.observations[f"{name}_relative_error"] for name in ("right", "flipped"))
    assert isinstance(right, float)
    assert isinstance(flipped, float)
    assert right < 1e-5 < 1e-2 < flipped


@pytest.mark.parametrize("converter", ["convert_other_weights", "flip_weight_of_stablehlo", "refuse"])
def test_the_control_breaks_where_wrong_passes_or_right_does_not(asked: Callable[..., Answer], converter: str) -> None:
    answer = asked(converter, control=True)
    assert answer.outcome == "broke"
    assert answer.reason


def test_a_converter_that_takes_its_process_with_it_has_crashed(asked: Callable[..., Answer]) -> None:
    answer = asked("die")
    assert (answer.outcome, answer.observations["kind"]) == ("crashed", "crash")
    assert "SIGABRT" in answer.reason


@pytest.mark.parametrize("runtime", ["die_of_another_size", "die_when_timed"])
def test_a_runtime_that_dies_late_has_crashed_and_what_was_seen_before_is_kept(
    asked: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, runtime: str
) -> None:
    target = msgspec.structs.replace(targets.TARGETS["stablehlo"], load=f"{RUNTIMES}:{runtime}")
    monkeypatch.setitem(targets.TARGETS, "stablehlo", target)
    answer = asked(RIGHT)
    assert (answer.outcome, answer.observations["kind"]) == ("crashed", "crash")
    assert "SIGABRT" in answer.reason
    assert set(answer.measurements) == {"convert_seconds", "artefact_bytes", "first_answer_seconds"}
    assert answer.observations.get("dynamic_batch") == (True if runtime == "die_when_timed" else None)


class Hurried:
    """A process whose converter has half a second."""

    def __init__(self, process: ProbeProcess) -> None:
        self.process = process

    def call(self, function: str, /, **arguments: Any) -> Any:
        limit_seconds = 0.5 if function.endswith("native:convert") else 1e9
        return self.process.call(function, limit_seconds=limit_seconds, **arguments)


def test_a_converter_that_hangs_has_crashed_by_hanging(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "ROUTES", (Route(("jax",), "stablehlo", convert=f"{HERE}:hang"),))
    way = Way(ProbeCase("export", "jax", target="stablehlo"), tools)
    way.build(model="")
    way.framework = Hurried(way.framework)  # type: ignore[assignment]
    with pytest.raises(Stopped) as stopped:
        way.convert(tools.scratch / "artefact")
    assert (stopped.value.outcome, stopped.value.kind) == ("crashed", "hang")
