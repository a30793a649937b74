"""What a session prints of a fleet's run: machine by machine, with no figure of one beside that of another."""

from __future__ import annotations

from typing import Any

from speedscore.bench_suite.session.printing.capability_lines import capability_lines
from speedscore.bench_suite.session.printing.overview import overview_lines
from speedscore.bench_suite.session.printing.terminal_report import measured_lines
from speedscore.host.fields import Scalar
from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import CaseResult, RunRecord
from tests.record.sample_machines import fleet_run, on
from tests.sample_runs import a_case


def a_pair(machine: str, *, slower: float, gemm: float, model: str = "mlp", **fields: Any) -> tuple[CaseResult, ...]:
    """Two frameworks on one machine: the slower one takes so many times as long."""
    return on(
        machine,
        *(
            a_case(
                name,
                [[0.1 * times] * 6] * 2,
                model=model,
                flops=10**9,
                worker={"gemm_flops_per_second": gemm},
                **fields,
            )
            for name, times in (("a", 1.0), ("b", slower))
        ),
    )


def two_machines() -> RunRecord:
    """One model on the run's own machine, another on a second; their names sort the other way around."""
    here, there = a_pair("", slower=2.0, gemm=1e11), a_pair("box-1", slower=5.0, gemm=2e10, model="gpt")
    return fleet_run(*there, *here)


def between(text: str, first: str, second: str) -> str:
    return text[text.index(first) : text.index(second)]


def overview(run: RunRecord) -> str:
    return "\n".join(overview_lines(run, width=80))


def full(run: RunRecord) -> str:
    return "\n".join(measured_lines(run, list(run.cases), width=80))


def test_every_machine_has_tables_of_its_own_under_its_name() -> None:
    for text in (overview(two_machines()), full(two_machines())):
        own = between(text, "On the machine that led the run (a processor)", "On box-1 (EPYC, H100)")
        other = text[text.index("On box-1 (EPYC, H100)") :]
        assert "mlp" in own
        assert "gpt" not in own
        assert "gpt" in other


def test_a_model_that_two_machines_share_is_ranked_on_neither_with_the_other() -> None:
    fast = on("box-1", a_case("a", [[0.1] * 6] * 2))
    slow = on("box-2", a_case("b", [[0.5] * 6] * 2))
    text = full(fleet_run(*fast, *slow))
    assert "5.0" not in text
    assert text.count("training mlp cpu") == 2
    assert "5" not in between(overview(fleet_run(*fast, *slow)), "On box-1", "On box-2")


def test_a_share_of_a_matrix_product_is_of_the_machines_own() -> None:
    text = full(two_machines())
    # 10 GFLOP/s of 100 here, and of 20 there.
    assert "10 %" in between(text, "On the machine", "On box-1")
    assert "50 %" in between(text, "On box-1", "Certificates")
    assert "(100, 20 GFLOP/s in NumPy)" in " ".join(text.split())


def test_of_one_machine_nothing_is_said() -> None:
    alone = fleet_run(*a_pair("", slower=2.0, gemm=1e11), machines={})
    elsewhere = fleet_run(*a_pair("box-1", slower=2.0, gemm=1e11))
    assert overview(alone) == overview(elsewhere)
    assert full(alone) == full(elsewhere)
    assert "On " not in overview(alone)


def test_noise_is_explained_by_the_machine_that_was_noisy() -> None:
    restless = on("box-2", a_case("a", [[0.1, 0.9, 0.1, 0.9, 0.1, 0.9]]))
    quiet = a_pair("", slower=2.0, gemm=1e11, model="gpt")
    machines: dict[str, dict[str, Scalar]] = {
        "box-2": {"cpu.model": "Xeon", "cpu.affinity": "0,1,2,3", "cpu.quota_processors": 1.5}
    }
    said = " ".join(overview(fleet_run(*restless, *quiet, machines=machines)).split())
    assert "Too noisy 1 of 1 on box-2" in said
    assert "a quota of 1.5 processors for 4" in said


def test_rates_of_tasks_stand_machine_by_machine() -> None:
    tasks = [
        a_case("a", [[0.1] * 6], phase="capability", model=model, workload={"work_unit": "steps", "work": work})
        for model, work in (("rl-1", 1_000), ("rl-2", 100_000))
    ]
    here, there = on("", *tasks), on("box-1", *tasks)
    assert capability_lines(list(here)) == capability_lines(list(there)) != []
    assert find_ratios([*here, *there]) == ()
