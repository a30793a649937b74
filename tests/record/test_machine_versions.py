"""Where the machines behind a run's figures differ in their versions, that is found; what no figure needs is not."""

from __future__ import annotations

import msgspec
import pytest

from speedscore.host.fields import Scalar
from speedscore.record.machine_versions import differing_versions
from speedscore.record.run_record import RunRecord
from tests.bench_suite.probes.made_up_answers import result
from tests.record.sample_machines import fleet_run, on
from tests.sample_runs import a_case

HERE: dict[str, Scalar] = {"package.jax": "0.10.2", "package.numpy": "2.4", "python.version": "3.11.7"}


def run_of(one: dict[str, Scalar], two: dict[str, Scalar], *, led: dict[str, Scalar] = HERE) -> RunRecord:
    """Machines ``one`` and ``two`` measured something of jax, the one that led did not."""
    cases = (*on("one", a_case("jax", [[1.0]])), *on("two", a_case("jax", [[1.0]], model="gpt")))
    return fleet_run(*cases, machines={"one": HERE | one, "two": HERE | two}, environment=led)


def test_a_version_that_differs_is_found_with_every_machine_and_one_that_agrees_is_not() -> None:
    assert differing_versions(run_of({}, {"package.jax": "0.4.1"})) == {
        "package.jax": {"one": "0.10.2", "two": "0.4.1"}
    }
    assert differing_versions(run_of({}, {})) == {}


def test_what_is_measured_comes_first_and_python_last() -> None:
    other: dict[str, Scalar] = {"python.version": "3.12.1", "package.equinox": "2", "package.jax": "0.4.1"}
    found = differing_versions(run_of({"package.equinox": "1"}, other))
    assert list(found) == ["package.jax", "package.equinox", "python.version"]


@pytest.mark.parametrize(
    "other",
    [{"package.pytest": "9"}, {"package.torch": "2.13"}, {"cpu.model": "Xeon"}],
    ids=["runs tests", "only one machine has it", "no version"],
)
def test_what_no_figure_rests_on_is_no_difference(other: dict[str, Scalar]) -> None:
    run = run_of({"package.pytest": "8"}, other)
    assert differing_versions(run) == {}


def test_the_machine_that_led_counts_where_it_was_asked_probes() -> None:
    led = HERE | {"package.jax": "0.9"}
    alone = run_of({}, {}, led=led)
    assert differing_versions(alone) == {}
    probed = msgspec.structs.replace(alone, probes=(result("export", "jax", "converts"),))
    assert differing_versions(probed) == {"package.jax": {"": "0.9", "one": "0.10.2", "two": "0.10.2"}}
    unanswered = msgspec.structs.replace(alone, probes=(result("export", "jax", reason="no tool"),))
    assert differing_versions(unanswered) == {}
