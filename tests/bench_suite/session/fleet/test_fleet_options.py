"""What cannot go together with a fleet is refused in one line before anything is collected."""

from __future__ import annotations

import pytest

from tests.bench_suite.sample_session import Matrix


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--fleet=local", "--in-process"], "cannot run on another machine"),
        (["--fleet=local", "--profile=folder"], "profiles stay where they are made"),
        (["--fleet-allow=package.jax"], "--fleet-allow: there is no fleet without --fleet ADDRESS"),
        (["--fleet-logs=logs"], "--fleet-logs: there is no fleet without --fleet ADDRESS"),
        (["--fleet-logs="], "--fleet-logs: there is no fleet without --fleet ADDRESS"),
        (["--fleet-machines=2"], "--fleet-machines: there is no fleet without --fleet ADDRESS"),
        (["--fleet-packages"], "--fleet-packages: there is no fleet without --fleet ADDRESS"),
        (["--fleet-only=cpu.model=x"], "--fleet-only: there is no fleet without --fleet ADDRESS"),
        (["--fleet=local", "--fleet-machines=0"], "--fleet-machines: expected at least one machine, found 0"),
        (["--fleet=local", "--fleet-only=x"], "--fleet-only: expected FIELD=VALUE, as in cpu.model=..., found 'x'"),
    ],
    ids=[
        "in-process",
        "profile",
        "allow",
        "logs",
        "no folder",
        "machines",
        "packages",
        "only",
        "no machine",
        "no value",
    ],
)
def test_what_a_fleet_cannot_do_is_refused(matrix: Matrix, options: list[str], reason: str) -> None:
    with pytest.raises(pytest.UsageError, match=reason):
        matrix.configure(*options)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--fleet=local", "--gate=main"], "write --gate-fleet local"),
        (["--fleet=local", "-n2"], "leave out -n"),
    ],
    ids=["gate", "xdist"],
)
def test_what_would_leave_the_fleet_unread_is_refused(matrix: Matrix, options: list[str], reason: str) -> None:
    matrix.make("training", sample="healthy")
    result = matrix.run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert reason in result.stderr.str()
