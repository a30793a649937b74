"""Options of a gate without a gate: on the command line they are refused, in a project's settings they are at home."""

from __future__ import annotations

import pytest

from speedscore import plugin
from speedscore.gate.pytest_options import refuse_without_gate


@pytest.mark.parametrize(
    "option",
    ["--gate-fleet=head:6379", "--gate-part=1/4", "--gate-json=gate.json", "--gate-affected", "--gate-detect=3%"],
)
def test_an_option_of_a_gate_without_a_gate_is_refused(pytester: pytest.Pytester, option: str) -> None:
    config = pytester.parseconfig("--benchmark-only", option)
    name = option.partition("=")[0]
    with pytest.raises(pytest.UsageError, match=rf"^{name}: there is no gate without one of --gate BASE, .* {name}$"):
        plugin.pytest_cmdline_main(config)


def test_a_value_in_a_word_of_its_own_hides_no_option(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig("--benchmark-only", "--gate-fleet", "head:6379")
    with pytest.raises(pytest.UsageError, match=r"^--gate-fleet: "):
        plugin.pytest_cmdline_main(config)


def test_what_a_project_has_settled_for_its_gates_is_no_reason_to_refuse_a_session(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = --gate-detect=3% --gate-json=gate.json")
    assert plugin.pytest_cmdline_main(pytester.parseconfig("--benchmark-only")) is None


def test_beside_a_gate_its_options_are_not_refused(pytester: pytest.Pytester) -> None:
    for gate in ("--gate=main", "--gate-canary=5%", "--gate-upgrade=jax==0.8.0"):
        refuse_without_gate(pytester.parseconfig(gate, "--gate-json=gate.json"))


def test_an_option_of_another_plugin_that_begins_so_is_none_of_a_gate(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_addoption(parser):\n    parser.addoption('--gate-keeper')")
    assert plugin.pytest_cmdline_main(pytester.parseconfig("--gate-keeper=me")) is None


@pytest.mark.parametrize(
    "options",
    [["--fleet=local"], ["--fleet", "local"], ["--gate=HEAD", "--fleet", "local"], ["--fleet-only=cpu.model=x"]],
    ids=["a word", "two words", "beside a gate", "another of them"],
)
def test_an_option_of_the_benchmarks_where_they_are_not_says_what_is_meant_here(
    pytester: pytest.Pytester, options: list[str]
) -> None:
    with pytest.raises(
        pytest.UsageError,
        match=r"^--fleet(-only)?: .* --pyargs speedscore\.bench_suite; .* --gate BASE --gate-fleet ADDRESS$",
    ):
        pytester.parseconfig("--benchmark-only", *options)


def test_an_option_of_another_plugin_that_is_called_so_is_its_own(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_addoption(parser):\n    parser.addoption('--fleet')")
    assert pytester.parseconfig("--fleet", "of ships").getoption("fleet") == "of ships"
    pytester.makeconftest("pytest_plugins = ['speedscore.bench_suite.plugin']")
    assert pytester.parseconfig("--fleet=local").getoption("fleet") == "local"
    assert pytester.parseconfig("--pyargs", "speedscore.bench_suite", "--fleet=local").getoption("fleet") == "local"
