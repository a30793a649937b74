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
