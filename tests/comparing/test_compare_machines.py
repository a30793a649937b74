"""Cases of a fleet are compared where their machines are alike, and named where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from speedscore.comparing.baseline import KEPT, describe
from speedscore.comparing.fields import RunsDifferError
from speedscore.comparing.finding_runs import RunSet
from speedscore.comparing.rows import Row, RunComparison
from speedscore.comparing.saved_run import SavedRun
from speedscore.host.fields import Scalar
from speedscore.record.run_record import RunRecord
from speedscore.verdicts.settings import GateTable, Settings
from speedscore.verdicts.unpaired import FEWEST_PAST_RUNS
from tests.comparing.sample_runs import a_side, compare, loaded
from tests.record.sample_machines import BOX_1, BOX_2, MACHINES, fleet_run, on
from tests.sample_runs import MACHINE, a_run, save, timed

STEADY = (0.100, 0.101)
SETTINGS = Settings(GateTable())


def fleet(*, day: float = 0.0, mlp: str = "box-1", gpt: str = "box-2", preset: str = "smoke") -> RunRecord:
    """One case on each of two machines."""
    cases = (*on(mlp, timed(STEADY)), *on(gpt, timed(STEADY, model="gpt")))
    return fleet_run(*cases, day=day, preset=preset)


def alone(environment: dict[str, Scalar], *, day: float = 1.0) -> RunRecord:
    """Both cases on one machine."""
    return a_run(timed(STEADY), timed(STEADY, model="gpt"), day=day, environment=environment)


def compared(
    base: RunSet, head: RunSet, *, earlier: Sequence[SavedRun] = (), allow: Sequence[str] = ()
) -> RunComparison:
    return compare(base, head, earlier=earlier, settings=SETTINGS, allow=allow)


def rows(found: RunComparison) -> dict[str, Row]:
    return {row.verdict.case.partition("-")[2].rstrip("]"): row for row in found.rows}


def test_two_runs_of_the_same_machines_are_compared_as_those_of_one(tmp_path: Path) -> None:
    found = compared(a_side(tmp_path / "a", fleet()), a_side(tmp_path / "b", fleet(day=1)))
    assert [row.verdict.ratio for row in found.rows] == [pytest.approx(1.0)] * 2
    assert found.warnings == ()


def test_a_case_that_wandered_to_another_machine_is_not_compared_and_says_so(tmp_path: Path) -> None:
    found = rows(
        compared(a_side(tmp_path / "a", fleet()), a_side(tmp_path / "b", fleet(day=1, mlp="box-2", gpt="box-2")))
    )
    assert found["gpt"].verdict.ratio == pytest.approx(1.0)
    assert found["mlp"].verdict.outcome == "not comparable"
    assert found["mlp"].verdict.reason == "another machine: cpu.logical is 2 and 64"


@pytest.mark.parametrize(("environment", "like"), [(BOX_1, "mlp"), (BOX_2, "gpt")])
def test_of_a_fleet_and_one_machine_the_cases_of_that_machine_are_compared(
    tmp_path: Path, environment: dict[str, Scalar], like: str
) -> None:
    found = rows(compared(a_side(tmp_path / "a", fleet()), a_side(tmp_path / "b", alone(environment))))
    assert {name: row.verdict.outcome != "not comparable" for name, row in found.items()} == {
        name: name == like for name in ("mlp", "gpt")
    }


def test_what_is_allowed_to_differ_may(tmp_path: Path) -> None:
    sides = a_side(tmp_path / "a", fleet()), a_side(tmp_path / "b", fleet(day=1, mlp="box-2"))
    found = compared(*sides, allow=["cpu", "gpu"])
    assert rows(found)["mlp"].verdict.ratio == pytest.approx(1.0)
    assert {"cpu.model", "cpu.logical"} <= {difference.field for difference in found.differences}


def test_sessions_of_another_amount_of_work_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunsDifferError, match="preset is 'smoke' there and 'full' here"):
        compared(a_side(tmp_path / "a", fleet()), a_side(tmp_path / "b", fleet(day=1, preset="full")))


def test_of_a_side_of_several_machines_those_like_the_newest_count_and_the_rest_is_said(tmp_path: Path) -> None:
    base = a_side(tmp_path / "a", fleet(), fleet(day=1, mlp="box-2"))
    found = compared(base, a_side(tmp_path / "b", fleet(day=2)))
    assert {name: row.base and row.base.runs for name, row in rows(found).items()} == {"mlp": 1, "gpt": 2}
    (warning,) = found.warnings
    assert warning.startswith("1 cases were measured on other machines too, which is left out: ")
    assert "cpu.logical is 64 and 2" in warning


def test_noise_is_learned_from_like_machines_alone(tmp_path: Path) -> None:
    sides = a_side(tmp_path / "a", fleet()), a_side(tmp_path / "b", fleet(day=1))
    own = [loaded(tmp_path / f"own{day}", fleet(day=-float(day))) for day in range(1, FEWEST_PAST_RUNS + 1)]
    wandering = [
        loaded(tmp_path / f"other{day}", fleet(day=-float(day), mlp="box-2" if day > 1 else "box-1"))
        for day in range(1, FEWEST_PAST_RUNS + 1)
    ]
    assert {name: row.noise for name, row in rows(compared(*sides, earlier=own)).items()} == {
        "mlp": "history",
        "gpt": "history",
    }
    assert {name: row.noise for name, row in rows(compared(*sides, earlier=wandering)).items()} == {
        "mlp": "assumed",
        "gpt": "history",
    }


def test_the_baseline_names_every_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(KEPT["baseline"], msgspec.structs.replace(fleet(), environment=MACHINE, machines=MACHINES))
    assert "  machine     EPYC and Xeon\n" in describe()
