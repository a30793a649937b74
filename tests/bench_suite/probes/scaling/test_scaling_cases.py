"""What scaling asks of whom, how an answer is judged, and what its tables say of it."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import msgspec
import pytest

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.sharding import Member, Spread, scaling_module
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.scaling import in_process
from speedscore.bench_suite.probes.scaling.cases import COUNTS, DECLINED, list_cases, sharing_of
from speedscore.bench_suite.probes.scaling.proof import Proof, judge
from speedscore.bench_suite.probes.table import NOTHING
from speedscore.bench_suite.workloads.scaling import make_timed_workload, make_workload, split_axis, split_share
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import find_metric
from speedscore.record.phases import DEVICES
from speedscore.record.probe_result import ProbeResult

HALVES = Spread(devices=2, parameters=0.5, optimizer=0.5, batch=0.5)
PROOF = Proof(
    seconds=1.0,
    failure="",
    worst_check="loss",
    worst_share=0.1,
    reference="made up",
    spread=HALVES,
    computation=0.5,
    facts={},
)


def outcome(proof: Proof, *, way: str) -> tuple[str, str]:
    return judge([PROOF, proof], way=way, devices=2, split_share=0.5)


@pytest.mark.parametrize("way", ["data", "fsdp", "tensor", "model"])
def test_halves_over_two_devices_are_shared(way: str) -> None:
    assert outcome(PROOF, way=way) == ("equal", "")


@pytest.mark.parametrize(
    ("way", "spread"),
    [
        ("data", {"batch": 1.0}),
        ("fsdp", {"batch": 1.0}),
        ("fsdp", {"parameters": 1.0}),
        ("fsdp", {"optimizer": 1.0}),
        ("tensor", {"parameters": 0.6}),
        ("model", {"optimizer": 1.0}),
        ("model", {"parameters": float("nan")}),
        ("data", {"devices": 1}),
    ],
)
def test_what_lies_whole_where_a_part_belongs_is_not_shared(way: str, spread: dict[str, float]) -> None:
    proof = msgspec.structs.replace(PROOF, spread=msgspec.structs.replace(HALVES, **spread))
    found, reason = outcome(proof, way=way)
    assert found == "not sharded"
    assert "expected" in reason and "found" in reason  # noqa: PT018 - one sentence


def test_a_step_that_every_device_computes_whole_is_not_shared() -> None:
    found, reason = outcome(msgspec.structs.replace(PROOF, computation=1.0), way="data")
    assert (found, "computation" in reason) == ("not sharded", True)
    assert outcome(msgspec.structs.replace(PROOF, computation=None), way="data") == ("equal", "")


def test_a_wrong_number_in_one_process_counts_before_anything_else() -> None:
    wrong = msgspec.structs.replace(PROOF, failure="loss wrong", spread=Spread(1, 1.0, 1.0, 1.0))
    assert outcome(wrong, way="data") == ("differs", "loss wrong")


def test_every_case_says_what_it_asks_and_has_a_module_that_answers() -> None:
    cases = list_cases()
    assert len({case.id for case in cases}) == len(cases)
    for case in cases:
        sharing = sharing_of(case)
        assert (sharing.subject, str(sharing.devices)) == (case.subject, case.target)
        assert sharing.devices in COUNTS
        assert [name for name in DEVICES if name in case.id] == [case.device]
        assert scaling_module(case.framework)
        assert not case.is_quick
    declined = {(case.framework, sharing_of(case).way) for case in cases} & DECLINED.keys()
    assert declined == DECLINED.keys()
    every = {(way, str(count)) for way, count in product(("data", "model"), COUNTS)}
    of_jax = {(sharing_of(case).way, case.target) for case in cases if case.framework == "jax" and case.device == "cpu"}
    assert of_jax == every


def test_the_workload_can_be_divided_by_every_count() -> None:
    for workload in (make_workload(), make_timed_workload("smoke"), make_timed_workload("full")):
        assert {workload.heads % max(COUNTS), workload.batch % max(COUNTS), workload.vocabulary % max(COUNTS)} == {0}
        assert workload.width % workload.heads == 0
    for name, values in make_workload().parameters().items():
        axis = split_axis(name)
        assert axis is None or values.shape[axis] % max(COUNTS) == 0
    assert split_share(1) == 1.0
    assert [split_share(count) < 1.4 / count for count in COUNTS] == [True] * len(COUNTS)


def test_a_machine_with_too_few_devices_is_told_what_was_found() -> None:
    pytest.importorskip("torch")
    from speedscore.bench_suite.frameworks.torch import scaling

    scaling.require_devices(64, "cpu")
    with pytest.raises(DeviceUnavailable, match=r"asked for 64 devices.*found.*run on a machine"):
        scaling.require_devices(64, "gpu")


def test_a_process_of_several_is_not_asked_for_devices_before_it_has_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(devices: int, device: str) -> None:
        raise DeviceUnavailable(f"asked for {devices} of {device}")

    monkeypatch.setattr(in_process, "_scaling", lambda _: SimpleNamespace(require_devices=refuse))
    joins = in_process.SharingRequest("jax", "data", 2, "cpu", member=Member(0, 2, "somewhere"))
    in_process.prepare({}, task=msgspec.to_builtins(joins))
    with pytest.raises(DeviceUnavailable):
        in_process.prepare({}, task=msgspec.to_builtins(msgspec.structs.replace(joins, member=None)))


def result(target: str, *, outcome: str = "equal", reason: str = "", timed: bool = False) -> ProbeResult:
    measured = {"seconds_per_step": 0.25, "one_device_seconds_per_step": 1.0} if timed else {}
    return ProbeResult(
        id=f"jax-gpt-data-{target}",
        nodeid=f"test_scaling[jax-gpt-data-{target}]",
        family="scaling",
        framework="jax",
        ecosystem="jax",
        device="gpu" if timed else "cpu",
        status="answered",
        subject="gpt-data",
        target=target,
        outcome=outcome,
        reason=reason,
        seconds=(1.0,),
        observations={"parameters_on_a_device": 1.0, "batch_on_a_device": 0.5, "worst_share_of_tolerance": 0.05},
        measurements=tuple(Measurement.of(find_metric(name), [value]) for name, value in measured.items()),
        versions={"jax": "1"},
    )


def test_a_row_holds_the_outcomes_over_all_counts_and_what_was_not_asked_stays_open() -> None:
    (table,) = FAMILIES["scaling"].make_tables([result("1"), result("2"), result("8", outcome="refused", reason="no")])
    (row,) = table.rows
    assert row[4:8] == ("equal", "equal", NOTHING, "refused")
    assert row[-1] == "no"
    assert not FAMILIES["scaling"].make_tables([])


def test_efficiency_is_the_share_of_the_time_that_devices_save() -> None:
    _, times = FAMILIES["scaling"].make_tables([result("8", timed=True)])
    assert times.rows[0][-1] == "50.0 %"
