"""The tables of trials in the documentation are those of the raw lines that are kept."""

from __future__ import annotations

import msgspec
import pytest

from tests.performance import claim_trials, gate_trials
from tests.performance.trial_tables import DOCS, with_trials


def test_each_page_has_what_its_raw_lines_come_to() -> None:
    pytest.importorskip("scipy", reason="the intervals of trials are scipy's: install the extra dev")
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert with_trials(text) == text, f"{page.name}: run python -m tests.performance.trial_tables"


def test_claims_of_one_gate_count_as_one_where_it_is_asked_how_sure_a_rate_is() -> None:
    """They share its pairs: six gates with eight claims each, all right, are no 48 independent trials."""
    claims = [claim_of(gate) for gate in range(6) for _ in range(8)]
    assert "| 48 of 48; gates: 6 of 6 [54.1, 100.0 %] |" in claim_trials.tally(claims)
    wrong = msgspec.structs.replace(claims[0], right=False)
    assert "| 47 of 48; gates: 5 of 6 [35.9, 99.6 %] |" in claim_trials.tally([wrong, *claims[1:]])
    assert "gates:" not in claim_trials.tally([claim_of(gate) for gate in range(6)])


def claim_of(gate: int) -> claim_trials.ClaimTrial:
    return claim_trials.ClaimTrial(
        kind="no-op",
        claim="test_work.py faster",
        outcome="contradicted",
        right=True,
        ratio=1.0,
        low=0.99,
        high=1.01,
        pairs=12,
        exit_code=14,
        verdicts={},
        seconds=20.0,
        load=1.0,
        when=f"2026-11-28T00:0{gate}:00+00:00",
        commit="",
    )


def test_what_equal_code_took_is_of_the_benchmarks_that_no_trial_slowed() -> None:
    told = gate_trials.of_equal_code(
        [
            *(trial_of(matmul=ratio, loop=1.05, changed="test_loop", commit="a") for ratio in (0.989, 0.991) * 5),
            *(trial_of(matmul=ratio, loop=1.0, commit="b") for ratio in (0.999, 1.001) * 10),
            trial_of(matmul=2.0, loop=2.0, machine=""),
        ]
    )
    said = " ".join(told.split())
    assert said.startswith("In 30 trials")
    assert "0.9967 ± 0.0018 (30 readings) times" in said
    assert "1.0000 ± 0.0000 (20 readings) times where it was the loop" in said
    assert "at commit a: 0.9900 ± 0.0008 (10 readings); without these it is 1.0000 ± 0.0005 (20 readings)" in said


def trial_of(
    *, matmul: float, loop: float, changed: str = "", commit: str = "b", machine: str = "a machine"
) -> gate_trials.Trial:
    ratios = {"test_matmul": matmul, "test_loop": loop}
    return gate_trials.Trial(
        kind="slower-5" if changed else "null",
        neighbour=False,
        detect="5%",
        exit_code=0,
        seconds=1.0,
        cases=2,
        pairs=12,
        verdicts=dict.fromkeys(ratios, "unchanged"),
        figures={name: {"typical round": f"unchanged {ratio:.3f}"} for name, ratio in ratios.items()},
        changed=changed,
        mean_rule=None,
        load=0.0,
        when="",
        commit=commit,
        machine=machine,
    )
