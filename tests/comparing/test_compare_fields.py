"""Which fields forbid a comparison, which are warned of, and that the page that says so says what the table says."""

from __future__ import annotations

import pytest

from speedscore.comparing.fields import FIELDS, RunsDifferError, differences, refuse, rule_of
from speedscore.host.fields import is_allowed
from tests.places import ROOT

PAGE = ROOT / "docs" / "comparing-saved-runs.md"


def below_its_device(name: str) -> str:
    """For an id: with the device in it, ``-k`` would take the test for a case of that device."""
    return name.partition(".")[2] or name


@pytest.mark.parametrize(
    ("field", "action"),
    [
        ("preset", "refuse"),
        ("in_process", "refuse"),
        ("precision", "refuse"),
        ("program.matmul_precision", "refuse"),
        ("cpu.model", "refuse"),
        ("cpu.logical", "refuse"),
        ("cpu.affinity", "refuse"),
        ("worker.affinity", "refuse"),
        ("worker.OMP_NUM_THREADS", "refuse"),
        ("program.threads", "refuse"),
        ("gpu.0.name", "refuse"),
        ("program.device_kind", "refuse"),
        ("gpu.driver", "warn"),
        ("python.version", "warn"),
        ("package.jax", "warn"),
        ("variable.XLA_FLAGS", "warn"),
        ("worker.XLA_FLAGS", "warn"),
        ("program.layout", "warn"),
        ("never.heard.of", "warn"),
        ("git.commit", "ignore"),
        ("gpu.0.sm_clock_mhz", "ignore"),
        ("worker.processors_busy_before", "ignore"),
        ("worker.processors_busy_during", "ignore"),
        ("worker.processes_measured_again", "ignore"),
        ("package.pytest-benchmark", "ignore"),
        ("program.program_sha256", "ignore"),
    ],
    ids=below_its_device,
)
def test_what_a_field_does(field: str, action: str) -> None:
    assert rule_of(field).action == action
    found = differences({field: "one"}, {field: "other"})
    assert [each.action for each in found] == ([] if action == "ignore" else [action])


def test_what_agrees_is_no_difference() -> None:
    assert differences({"cpu.model": "a", "preset": "smoke"}, {"preset": "smoke", "cpu.model": "a"}) == []


def test_what_one_side_did_not_record_is_warned_of_and_not_refused() -> None:
    (found,) = differences({"cpu.model": "a"}, {})
    assert (found.action, found.base, found.head) == ("warn", "a", None)


def test_a_version_that_the_program_repeats_is_told_once() -> None:
    one = {"package.jax": "0.9", "program.jax": "0.9", "program.layout": "NHWC"}
    other = {"package.jax": "0.10", "program.jax": "0.10", "program.layout": "NCHW"}
    assert [each.field for each in differences(one, other)] == ["package.jax", "program.layout"]


def test_a_refusal_names_the_fields_the_values_and_the_way_out() -> None:
    found = differences({"cpu.model": "A", "preset": "smoke"}, {"cpu.model": "B", "preset": "full"})
    with pytest.raises(RunsDifferError) as caught:
        refuse(found, [], base="one.json", head="other.json")
    assert str(caught.value) == (
        "other.json cannot be compared with one.json: cpu.model is 'A' there and 'B' here (another machine); preset is "
        "'smoke' there and 'full' here (another amount of work). Compare runs that were made alike, or let it pass "
        "with --allow cpu.model --allow preset"
    )
    refuse(found, ["cpu.model", "preset"], base="one.json", head="other.json")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("cpu.model", True), ("cpu", True), ("cpu.", True), ("cpu.*", True), ("cpu.mod", False)],
    ids=["whole", "before a dot", "dot", "star", "part of a word"],
)
def test_a_field_is_allowed_by_its_name_or_what_stands_before_a_dot(name: str, allowed: bool) -> None:
    assert is_allowed("cpu.model", [name]) is allowed


def test_every_field_has_a_rule_and_no_rule_is_hidden_by_one_before_it() -> None:
    assert FIELDS[-1].pattern == "*"
    for rule in FIELDS:
        assert rule_of(rule.pattern.replace("*", "anything")) == rule, rule.pattern


def test_the_page_shows_the_table() -> None:
    lines = [f"| `{rule.pattern}` | {rule.action} | {rule.reason} |" for rule in FIELDS]
    assert "\n".join(lines) in PAGE.read_text(encoding="utf-8")


def test_another_priority_of_the_process_is_warned_of() -> None:
    (difference,) = differences({"process.niceness": 0}, {"process.niceness": 19})
    assert difference.action == "warn"
