"""The table of ways: a target that runs another's artefact is reached by that one's ways."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.probes.export import targets
from speedscore.bench_suite.probes.export.targets import TARGETS, Route, find_route, ways


def test_what_becomes_onnx_can_go_to_a_browser() -> None:
    assert {framework for framework, target in ways() if target == "browser"} == {
        framework for framework, target in ways() if target == "onnx"
    }
    browser, onnx = find_route("tensorflow", "browser"), find_route("tensorflow", "onnx")
    assert browser.convert == onnx.convert
    assert (browser.target, browser.takes) == ("browser", "onnx")


def test_a_served_artefact_needs_the_packages_that_open_it() -> None:
    (case,) = {case for case in targets.list_control_cases() if (case.framework, case.target) == ("tensorflow", "http")}
    assert set(case.packages) >= {"litserve", *TARGETS["savedmodel"].packages}


def test_what_has_no_way_to_the_artefact_has_none_to_what_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "ROUTES", (Route(("jax", "torch"), "browser", takes="onnx"), Route(("jax",), "onnx")))
    assert find_route("jax", "browser").takes == "onnx"
    with pytest.raises(LookupError, match="torch to onnx"):
        find_route("torch", "browser")
