"""Names of what is logged: valid in every tracker, never two things by one, and a record's numbers under them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.comparing.reading_runs import RunFile
from speedscore.record.content_id import content_id
from speedscore.record.run_record import RunRecord
from speedscore.text.cleaning import is_name
from speedscore.trackers import names
from speedscore.trackers.errors import TrackerError
from speedscore.trackers.logged_run import LoggedRun, logged_run
from tests.history.sample_history import a_full_run
from tests.places import ROOT
from tests.record.sample_machines import fleet_run, on
from tests.sample_runs import a_run, measured, timed

TEXTS = st.one_of(st.text(max_size=80), st.text("aA-_./0f é", max_size=8), st.from_regex(r"\Aa-[0-9a-f]{8}\Z"))
NAMES = TEXTS.filter(lambda text: bool(text) and is_name(text))


def logged(run: RunRecord) -> LoggedRun:
    return logged_run(RunFile(Path("run.json"), run, content_id(run)))


def all_names(run: LoggedRun) -> Iterator[str]:
    yield from (*run.texts, *run.numbers, *run.series)


@given(TEXTS, TEXTS)
def test_two_texts_have_two_parts(one: str, other: str) -> None:
    for keep_case in (False, True):
        parts = [names.part(text, keep_case=keep_case) for text in (one, other)]
        assert (parts[0] == parts[1]) == (one == other)
    assert (names.part(one).casefold() == names.part(other).casefold()) == (one == other)


@settings(max_examples=40)
@given(st.lists(st.tuples(NAMES, NAMES, NAMES), min_size=1, max_size=6, unique=True), st.dictionaries(NAMES, NAMES))
def test_every_name_is_its_own_and_no_path_leads_through_another(
    cases: list[tuple[str, str, str]], environment: dict[str, str]
) -> None:
    named = [
        timed([0.1], framework=framework, model=model, extra=[measured(metric, "count", 1.0)])
        for framework, model, metric in {case[:2]: case for case in cases}.values()
        if metric != "seconds_per_step"
    ]
    numbered = (msgspec.structs.replace(case, nodeid=str(place)) for place, case in enumerate(named))
    run = a_run(*numbered, environment=dict(environment))
    found = list(all_names(logged(run)))
    assert len({name.casefold() for name in found if not name.startswith("environment/")}) + len(environment) == len(
        found
    )
    assert len(set(found)) == len(found)
    folders = {name[:place] for name in found for place, letter in enumerate(name) if letter == "/"}
    assert folders.isdisjoint(found)
    assert max(map(len, found)) <= 250


def test_the_longest_names_are_no_longer_than_mlflow_takes() -> None:
    long = "É" * 500
    for name in (*names.METRICS, *names.PARAMETERS):
        fields = dict.fromkeys(("phase", "limit"), "warm_compilation") | {"status": "answered"}
        machine = names.part(long, most_letters=names.MOST_MACHINE_LETTERS)
        fields |= {"device": f"on-{machine}-bfloat16-gpu", "machine": long}
        others = ("model", "framework", "metric", "faster", "slower", "family", "id", "field", "what")
        assert len(name.of(**fields, **dict.fromkeys(others, long))) <= 250, name.pattern


@settings(max_examples=40)
@given(TEXTS)
def test_mlflow_takes_every_part(text: str) -> None:
    validation = pytest.importorskip("mlflow.utils.validation", reason="needs speedscore[trackers]")
    for name in (names.PROBE.of(family=text, id=text, metric=text), names.ENVIRONMENT.of(field=text)):
        validation._validate_metric_name(name)
        validation._validate_param_name(name)


def test_a_case_is_called_by_what_it_is_and_its_metric() -> None:
    run = logged(a_full_run({"git.commit": "0123", "variable.OMP_NUM_THREADS": "2"}))
    assert run.numbers["training/mlp/torch/cpu/seconds_per_step"] == pytest.approx(0.05**0.5, rel=1e-15)
    assert run.numbers["training/mlp/jax/cpu/peak_rss_running_bytes"] == (12345678.0 + 1e15 + 1) / 2
    assert run.series["rounds/training/mlp/torch/cpu/seconds_per_step"] == (0.2, 0.25)
    assert run.numbers["checks/training/mlp/jax/cpu/worst_error_over_tolerance"] == 1e-7 / 1e-5
    ratios = {
        name: value for name, value in run.numbers.items() if name.startswith("ratios/training/mlp/cpu/jax/torch/")
    }
    assert list(ratios.values()) == [1.1 + 2.2, 0.1 + 0.2, 4.5]
    assert "ratios/compilation/mlp/cpu/torch/jax/times_as_fast_low" not in run.numbers
    assert run.numbers["probes/export/jax-gpt-onnx-cpu/artefact_bytes"] == 1234.0
    statuses = {name: value for name, value in run.numbers.items() if name.startswith("status/")}
    assert statuses == {
        "status/measured_cases": 2.0,
        "status/failed_cases": 0.0,
        "status/skipped_cases": 1.0,
        "status/answered_probes": 1.0,
        "status/failed_probes": 0.0,
        "status/skipped_probes": 0.0,
    }
    assert run.texts["environment/git.commit"] == "0123"
    assert run.texts["environment/variable.OMP_NUM_THREADS"] == "2"
    assert (run.texts["run/preset"], run.texts["run/seed"]) == ("smoke", "1")


def test_what_would_have_one_name_is_refused() -> None:
    run = a_run(timed([0.1]), msgspec.structs.replace(timed([0.2]), nodeid="elsewhere"))
    with pytest.raises(TrackerError, match="two things in it would be logged as training/mlp/jax"):
        logged(run)


def test_the_page_has_every_line_of_the_table() -> None:
    page = (ROOT / "docs" / "other-tools.md").read_text(encoding="utf-8")
    assert [name.pattern for name in (*names.METRICS, *names.PARAMETERS) if f"`{name.pattern}`" not in page] == []


def test_a_figure_of_a_fleets_machine_is_logged_under_that_machine_and_no_other() -> None:
    here = (timed([0.1]), timed([0.2], framework="torch"))
    there = on("box-2", timed([0.1], model="gpt"), timed([0.3], framework="torch", model="gpt"))
    run = logged(fleet_run(*here, *there))
    assert "training/mlp/jax/cpu/seconds_per_step" in run.numbers
    assert "training/gpt/jax/on-box-2-cpu/seconds_per_step" in run.numbers
    assert run.numbers["ratios/training/gpt/on-box-2-cpu/jax/torch/times_as_fast"] == pytest.approx(3.0)
    assert run.texts["machines/box-2/cpu.model"] == "Xeon"
    assert "machines/box-1/cpu.model" not in run.texts, "nothing was measured on it"
