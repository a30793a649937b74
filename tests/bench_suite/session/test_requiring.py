"""A required device is lacking where it cost a case, and not where a line would be measured on no such device."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.measuring.outcomes import CACHES_UNTOLD
from speedscore.bench_suite.session.requiring import unmet
from speedscore.bench_suite.session.results import unmeasured
from speedscore.record.run_record import CaseResult
from tests.sample_runs import a_case

NO_CARD = "no gpu: found none of what was looked for: a card"
HERE = Framework(
    "here", "speedscore.bench_suite.frameworks.jax.program:build", ecosystem="jax", extra="jax", packages=()
)


@pytest.fixture(autouse=True)
def _lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that can be measured, one that declines the device, one that is not installed, one that has no folder."""
    lines: dict[str, dict[str, Any]] = {
        "here": {},
        "declines": {"declined": {"gpu": "not driven there"}},
        "absent": {"packages": ("no_such_package",)},
        "astray": {"builder": "no_such_folder.program:build"},
    }
    for name, changes in lines.items():
        monkeypatch.setitem(FRAMEWORKS, name, msgspec.structs.replace(HERE, id=name, **changes))


def without(
    framework: str, reason: str, *, status: Literal["skipped", "failed"] = "skipped", **changes: Any
) -> CaseResult:
    case = Case(**{"framework": framework, "model": "mlp", "device": "gpu", "phase": "training"} | changes)
    return unmeasured(f"test_training.py::test_training[{case.id}]", case, status=status, reason=reason)


MEASURED = a_case("here", [[0.1, 0.1]], device="gpu")


def test_a_device_on_which_all_was_measured_lacks_nothing() -> None:
    assert unmet("gpu", [MEASURED]) == ""


def test_of_a_device_of_which_nothing_was_selected_that_is_said() -> None:
    assert unmet("gpu", []) == unmet("tpu", [MEASURED]) == "no case was selected"


def test_what_is_declined_or_not_installed_or_in_another_precision_is_not_lacking() -> None:
    others = [
        without("declines", "not driven there"),
        without("absent", "absent needs no_such_package, not installed here: python -m pip install it"),
        without("here", "no tf32 on gpu: TF32 is a mode of NVIDIA's tensor cores", precision="tf32"),
        without("here", CACHES_UNTOLD, phase="warm_compilation"),
    ]
    assert unmet("gpu", [*others, MEASURED]) == ""
    # But a session that measured nothing must not look like success.
    assert unmet("gpu", others) == (
        "none of 4 cases was measured; the first, test_training[declines-mlp-gpu]: not driven there"
    )


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(("here", NO_CARD), id="no device"),
        pytest.param(("here", "this build has none"), id="not seen by the framework"),
        pytest.param(("astray", NO_CARD), id="a wrong line where no device is"),
    ],
)
def test_what_was_skipped_for_want_of_the_device_is_lacking_with_its_name_and_reason(lost: tuple[str, str]) -> None:
    framework, reason = lost
    said = unmet("gpu", [without("declines", "not driven there"), MEASURED, without(*lost)])
    assert said == f"1 of 2 cases were not measured; the first, test_training[{framework}-mlp-gpu]: {reason}"


def test_what_failed_is_lacking_whatever_its_line_is() -> None:
    failed = without("declines", "no kernel\nits last lines:\n1\n2", status="failed")
    assert unmet("gpu", [MEASURED, failed]) == (
        "1 of 2 cases were not measured; the first, test_training[declines-mlp-gpu]: no kernel"
    )
