"""A session is taken up again only where both halves were measured alike, and only what was measured stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.session.saving.resuming import CarriedOver, Objection, carry_over, first_words
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.host.fields import Scalar
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, RunRecord
from tests.sample_runs import a_case

MACHINE: dict[str, Scalar] = {
    "cpu.affinity": "0,1",
    "cpu.governor": "performance",
    "cpu.model": "a processor",
    "git.commit": "0123abc",
    "git.dirty": False,
    "gpu.0.memory_bytes": 80 << 30,
    "gpu.0.name": "a card",
    "gpu.0.power_limit_milliwatts": 700_000,
    "gpu.0.sm_clock_mhz": 1980,
    "gpu.0.throttle_reasons": 0,
    "gpu.0.utilisation_percent": 0,
    "gpu.count": 1,
    "gpu.driver": "570.1",
    "memory.total_bytes": 64 << 30,
    "package.jax": "0.10.2",
    "package.pytest": "9.2.0",
    "package.pytest-benchmark": "5.3.1",
    "package.speedscore": "0.1.0",
    "python.version": "3.11.7",
    "system.release": "6.1",
    "variable.XLA_FLAGS": "--xla_a",
}
MAY_DIFFER = {
    "git.dirty",
    "gpu.0.sm_clock_mhz",
    "gpu.0.throttle_reasons",
    "gpu.0.utilisation_percent",
    "memory.total_bytes",
    "package.pytest",
    "package.pytest-benchmark",
}


def below_its_device(name: str) -> str:
    """For an id: with the device in it, ``-k`` would take the test for a case of that device."""
    return name.partition(".")[2]


def a_run(*cases: CaseResult, **fields: Any) -> RunRecord:
    known: dict[str, Any] = {"preset": "smoke", "in_process": False, "environment": MACHINE}
    return RunRecord(
        schema_version=SCHEMA_VERSION, created="2026-12-01T12:00:00+00:00", seed=1, cases=cases, **known | fields
    )


def carry(run: RunRecord, environment: dict[str, Scalar] | None = None) -> dict[str, CaseResult]:
    return look_over(run, environment).complete


def look_over(
    run: RunRecord, environment: dict[str, Scalar] | None = None, *, objection: Objection = lambda _: ""
) -> CarriedOver:
    environment = MACHINE if environment is None else environment
    return carry_over(run, preset=PRESETS["smoke"], environment=environment, objection=objection)


def refusal(run: RunRecord, environment: dict[str, Scalar] | None = None) -> str:
    with pytest.raises(RunFileError) as caught:
        carry(run, environment)
    return str(caught.value)


def test_what_was_measured_is_carried_over_and_nothing_else() -> None:
    measured = a_case("jax", [[0.1, 0.2]])
    skipped, failed = (
        msgspec.structs.replace(a_case(name, [[0.1]]), status=status, reason="why", rounds=())
        for name, status in (("torch", "skipped"), ("haiku", "failed"))
    )
    assert carry(a_run(skipped, measured, failed)) == {measured.nodeid: measured}


def test_what_was_interrupted_or_does_not_stand_is_kept_apart() -> None:
    whole, cut_off, forged = (a_case(name, [[0.1]]) for name in ("jax", "torch", "haiku"))
    cut_off = msgspec.structs.replace(cut_off, stopped="interrupted")
    carried = look_over(
        a_run(whole, cut_off, forged), objection=lambda case: "forged" if case.framework == "haiku" else ""
    )
    assert carried.complete == {whole.nodeid: whole}
    assert carried.interrupted == {cut_off.nodeid: cut_off}
    assert carried.refused == {forged.nodeid: "forged"}


def test_what_its_file_was_read_without_is_refused_with_that_reason() -> None:
    whole = a_case("jax", [[0.1]])
    carried = carry_over(
        a_run(whole),
        preset=PRESETS["smoke"],
        environment=MACHINE,
        objection=lambda _: "forged",
        left_out={"a node id": "its machine is lost"},
    )
    assert carried.refused == {"a node id": "its machine is lost", whole.nodeid: "forged"}


def test_each_reason_is_said_once_and_a_journal_that_is_not_taken_up_is_named(tmp_path: Path) -> None:
    carried = CarriedOver(refused={"a": "forged", "b": "another shape", "c": "forged"})
    left_over = [tmp_path / "1.jsonl", tmp_path / "2 of it.jsonl"]
    assert first_words(carried, left_over=left_over, taken_up=left_over[0]) == [
        "speedscore: --resume: a and 1 more must be measured again: forged",
        "speedscore: --resume: b must be measured again: another shape",
        f"speedscore: a session that was cut off left {left_over[1]}: take it up with --resume='{left_over[1]}', or "
        "remove it",
    ]
    assert first_words(CarriedOver(), left_over=left_over[:1], taken_up=left_over[0]) == []
    assert "(1 more beside it)" in first_words(CarriedOver(), left_over=left_over, taken_up=None)[0]


def test_another_preset_is_refused() -> None:
    assert refusal(a_run(preset="full")) == (
        "preset was 'full' and is 'smoke': the two halves of a session must be measured alike; restore it, or measure "
        "the whole anew without --resume"
    )


def test_a_run_made_in_one_process_is_refused() -> None:
    assert refusal(a_run(in_process=True)) == (
        "a run made in one process with pytest (--in-process) cannot be taken up again"
    )


@pytest.mark.parametrize("name", sorted(MACHINE.keys() - MAY_DIFFER), ids=below_its_device)
def test_what_measuring_depends_on_must_agree(name: str) -> None:
    then, now = MACHINE[name], f"not {MACHINE[name]}"
    assert refusal(a_run(), MACHINE | {name: now}).startswith(f"{name} was {then!r} and is {now!r}: ")


@pytest.mark.parametrize("name", sorted(MACHINE.keys() - MAY_DIFFER), ids=below_its_device)
def test_what_is_gone_or_new_is_refused_too(name: str) -> None:
    less = {key: value for key, value in MACHINE.items() if key != name}
    assert refusal(a_run(), less).startswith(f"{name} was {MACHINE[name]!r} and is None: ")
    assert refusal(a_run(environment=less)).startswith(f"{name} was None and is {MACHINE[name]!r}: ")


@pytest.mark.parametrize("name", sorted(MAY_DIFFER), ids=below_its_device)
def test_what_has_no_part_in_measuring_may_differ(name: str) -> None:
    case = a_case("jax", [[0.1]])
    assert carry(a_run(case), MACHINE | {name: "something else"}) == {case.nodeid: case}
    assert carry(a_run(case), {key: value for key, value in MACHINE.items() if key != name}) == {case.nodeid: case}


def test_the_first_of_several_differences_is_named() -> None:
    changed = MACHINE | {"package.jax": "0.11", "cpu.model": "another"}
    assert refusal(a_run(), changed).startswith("cpu.model was 'a processor' and is 'another': ")


FLEET: dict[str, dict[str, Scalar]] = {"a": {"cpu.model": "one", "gpu.0.sm_clock_mhz": 1980}, "b": {"cpu.model": "two"}}


def of_fleet(machines: dict[str, dict[str, Scalar]] | None, *, machine: str) -> dict[str, CaseResult]:
    run = a_run(a_case("jax", [[0.1]], machine=machine), machines=FLEET)
    return carry_over(
        run, preset=PRESETS["smoke"], environment=MACHINE, objection=lambda _: "", machines=machines
    ).complete


@pytest.mark.parametrize(
    ("machines", "machine", "said"),
    [
        (None, "a", "was measured on a, a machine of a fleet: add --fleet ADDRESS"),
        (FLEET, "", "was measured without a fleet: leave out --fleet"),
        ({"a": {"cpu.model": "three"}}, "b", "a: cpu.model was 'one' and is 'three'"),
    ],
    ids=["here", "elsewhere", "another-of-that-name"],
)
def test_what_began_on_a_fleet_is_completed_on_one_and_a_name_is_one_machine(
    machines: dict[str, dict[str, Scalar]] | None, machine: str, said: str
) -> None:
    with pytest.raises(RunFileError, match=said):
        of_fleet(machines, machine=machine)


def test_a_case_of_a_machine_that_has_gone_stands() -> None:
    now: dict[str, dict[str, Scalar]] = {"a": {"cpu.model": "one", "gpu.0.sm_clock_mhz": 210}, "c": {}}
    for machine in FLEET:
        assert [case.machine for case in of_fleet(now, machine=machine).values()] == [machine]


def test_a_session_that_is_older_than_a_field_is_not_refused_for_it() -> None:
    run = a_run(a_case("jax", [[0.1]]))
    assert len(carry(run, {**MACHINE, "process.niceness": 19, "cpu.generation": "model 1"})) == 1
    since = msgspec.structs.replace(run, environment={**MACHINE, "process.niceness": 0})
    assert "process.niceness was 0 and is 19" in refusal(since, {**MACHINE, "process.niceness": 19})
