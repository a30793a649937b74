"""Where seconds go: durations that lie within each other, a test's account of its stages, and which stage changed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from speedscore_gate_stages import (
    JAX_EVENTS,
    TORCH_BACKEND,
    TORCH_BACKWARD,
    TORCH_WHOLE,
    Spans,
    Stages,
    torch_seconds,
)

from speedscore.gate.upgrades.stages import StageSample, slower_stage, stage_times

TRACE, LOWER, COMPILE = JAX_EVENTS


class MadeUpJax:
    """Has listeners as jax.monitoring has them, on a clock that moves when it is told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.hear: list[Callable[..., None]] = []
        self.monitoring = SimpleNamespace(register_event_duration_secs_listener=self.hear.append)

    def spend(self, event: str, seconds: float) -> None:
        self.now += seconds
        for listener in self.hear:
            listener(event, seconds, fun_name="f")


def test_what_lies_within_a_duration_is_not_counted_twice() -> None:
    now = 0.0
    spans = Spans(clock=lambda: now)
    now = 3.0
    spans.end("trace", 1.0)  # from 2 to 3, within what begins at 1
    now = 4.0
    spans.end("compile", 0.5)  # from 3.5 to 4, too
    now = 5.0
    spans.end("trace", 4.0)
    now = 6.0
    spans.end("lower", 1.0)
    assert spans.seconds == pytest.approx({"trace": 3.5, "compile": 0.5, "lower": 1.0})


@pytest.fixture
def jax(monkeypatch: pytest.MonkeyPatch) -> MadeUpJax:
    made_up = MadeUpJax()
    monkeypatch.setitem(sys.modules, "jax", made_up)
    monkeypatch.setattr("speedscore_gate_clocks.Clock.wall", staticmethod(lambda: made_up.now))
    monkeypatch.setattr("speedscore_gate_stages.Spans", lambda: Spans(clock=lambda: made_up.now))
    return made_up


def test_a_test_that_compiles_before_its_rounds_says_what_its_first_step_took_beside_that(jax: MadeUpJax) -> None:
    stages = Stages()
    stages.begin_test()
    jax.spend(TRACE, 0.1)
    stages.before_call()
    jax.spend(LOWER, 0.2)
    jax.spend(COMPILE, 3.0)
    stages.called(4.0, iterations=1, is_round=False)
    stages.called(0.5, iterations=1, is_round=False)
    for _ in range(2):
        stages.before_call()
        stages.called(1.0, iterations=10, is_round=True)
    told = stages.told()
    assert told["stages_seconds"] == pytest.approx({"trace": 0.1, "lower": 0.2, "compile": 3.0, "first step": 0.8})
    assert told["round_stages_seconds"] == pytest.approx({"run": 0.1})


def test_what_is_compiled_in_every_round_is_a_part_of_it(jax: MadeUpJax) -> None:
    stages = Stages()
    stages.begin_test()
    for _ in range(2):
        stages.before_call()
        jax.spend(COMPILE, 0.3)
        stages.called(0.4, iterations=1, is_round=True)
    assert stages.told() == {
        "stages_seconds": {},
        "round_stages_seconds": pytest.approx({"compile": 0.3, "run": 0.1}),
    }


def test_one_test_says_nothing_of_another_s_stages(jax: MadeUpJax) -> None:
    stages = Stages()
    stages.begin_test()
    jax.spend(COMPILE, 0.3)
    stages.told()
    stages.begin_test()
    assert stages.told() == {"stages_seconds": {}, "round_stages_seconds": {}}
    assert len(jax.hear) == 1


def test_dynamo_traces_for_as_long_as_its_backend_does_not_compile() -> None:
    metrics = {
        "_compile.compile_inner": [2.0, 1.0],
        "OutputGraph.call_user_compiler": [1.5, 0.5],
        "backward._backward_impl": [0.25],
        "compile_fx.<locals>.bw_compiler": [0.5, 0.25],  # the first within the backend, the other in what stands above
        "of another kind": [9.0],
    }
    assert torch_seconds(metrics) == pytest.approx({"trace": 1.0, "compile": 2.25})
    assert torch_seconds({}) == {"trace": 0.0, "compile": 0.0}


def test_what_dynamo_counts_after_a_reset_belongs_to_the_call_that_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics: dict[str, list[float]] = {}
    monkeypatch.setitem(sys.modules, "torch._dynamo.utils", SimpleNamespace(compilation_time_metrics=metrics))
    stages = Stages()
    stages.begin_test()
    metrics["_compile.compile_inner"] = [8.0]
    stages.before_call()
    metrics["_compile.compile_inner"].append(2.0)
    stages.called(3.0, iterations=1, is_round=True)
    for seconds in (0.5, 1.5):  # less than before, and more
        metrics.clear()  # as torch._dynamo.reset does
        metrics["_compile.compile_inner"] = [seconds]
        stages.called(2.0, iterations=1, is_round=True)
    assert stages.told() == {
        "stages_seconds": pytest.approx({"trace": 8.0}),
        "round_stages_seconds": pytest.approx({"trace": 4.0 / 3, "run": 3.0 / 3}),
    }


def test_the_installed_torch_counts_under_the_names_that_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    dynamo = pytest.importorskip("torch._dynamo")
    metrics: dict[str, list[float]] = {}
    monkeypatch.setattr(dynamo.utils, "compilation_time_metrics", metrics)
    squared = torch.compile(lambda x: x * x, backend="aot_eager")
    squared(torch.ones(2, requires_grad=True)).sum().backward()
    for names in (TORCH_WHOLE, TORCH_BACKEND, TORCH_BACKWARD):
        assert metrics.keys() & set(names)


def samples(set_up: list[float], rounds: list[dict[str, float]]) -> list[StageSample]:
    return [StageSample({"import": seconds}, stages) for seconds, stages in zip(set_up, rounds, strict=True)]


def test_a_stage_has_changed_where_no_process_of_one_side_was_like_one_of_the_other() -> None:
    runs = 3 * [{"run": 0.01}]
    apart = stage_times(samples([1.0, 1.1, 1.2], runs), samples([2.0, 2.1, 1.9], runs))
    overlapping = stage_times(samples([1.0, 1.1, 2.2], runs), samples([2.0, 2.1, 1.9], runs))
    small = stage_times(samples([1.0, 1.1, 1.2], runs), samples([1.25, 1.3, 1.3], runs))
    changes = [{each.stage: each.has_changed for each in times} for times in (apart, overlapping, small)]
    assert changes == [{"import": True, "run": False}, {"import": False, "run": False}, {"import": False, "run": False}]
    assert (apart[0].base, apart[0].head) == (1.1, 2.0)


def test_the_stage_that_made_a_round_slower_is_the_one_that_grew_most_in_seconds() -> None:
    times = stage_times(
        samples([1.0], [{"compile": 0.300, "trace": 0.001, "run": 0.010}]),
        samples([9.0], [{"compile": 0.400, "trace": 0.009, "run": 0.005}]),
    )
    slower, faster = slower_stage(times, ratio=1.2), slower_stage(times, ratio=0.8)
    assert slower is not None
    assert faster is not None
    assert (slower.stage, faster.stage) == ("compile", "run")
    assert slower_stage((), ratio=1.2) is None
