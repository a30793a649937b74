"""Every form of a card tells which claims hold here, and the command prints them all."""

from __future__ import annotations

import json

import pytest

from speedscore.__main__ import main
from speedscore.scoring.cards import FORMATS, claims_wording
from speedscore.scoring.cards.brief import session_end
from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.facts.snapshots import fixtures_folder
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.scoring.claims.sample_claims import make_claim, side_by_side
from tests.scoring.sample_facts import RUBRIC, make_evidence
from tests.scoring.sample_runs import make_run

SAMPLE = str(fixtures_folder() / "runs" / "2026-11-28-cpu-smoke.json")


def report(*claims: Claim, ratio: float = 0.5) -> ScoreReport:
    run = NamedRun(name="run.json", record=make_run(*side_by_side(ratio, noise=1.001)))
    evidence = make_evidence(runs=(run,))
    return build_report(RUBRIC, evidence, frameworks=evidence.measured_frameworks(), claims=claims)


def test_a_session_ends_with_the_claims_that_it_touched() -> None:
    said = session_end(report(make_claim(), make_claim(id="other", device="tpu")), width=80)
    counted = "their speed: 0 supported, 1 contradicted (float32 at preset smoke); 1 not testable."
    assert counted in " ".join(said.split())
    assert "The claims: speedscore claims --run run.json" in said
    assert max(map(len, said.splitlines())) <= 80


def test_a_claim_that_is_exceeded_is_told_from_one_that_falls_short() -> None:
    exceeded, short_of_it = (report(make_claim(), ratio=ratio).claims[0] for ratio in (3.0, 0.5))
    assert "by more than claimed" in claims_wording.judgement(exceeded)
    assert "more than claimed" not in claims_wording.judgement(short_of_it)


def test_a_session_that_touched_none_says_nothing_of_claims() -> None:
    assert "laims" not in session_end(report(make_claim(device="tpu")), width=80)
    assert "laims" not in session_end(report(), width=80)


def test_every_form_tells_claim_and_measurement() -> None:
    neutral = make_claim(id="neutral", kind="neutral", low=0.9, high=0.9, text="The model was timed")
    both = report(make_claim(), neutral)
    for name in ("text", "markdown"):
        words = " ".join(FORMATS[name](both, width=160).split())
        for expected in ("1.2 to 1.3", "0.50", "contradicted in", "beside it: The model was timed", "0.9"):
            assert expected in words, name
    document = json.loads(FORMATS["json"](both, width=80))
    first, second = document["claims"]
    assert (first["judgement"], first["beside"], second["judgement"]) == ("contradicted", ["neutral"], None)
    assert first["tests"][0]["times_as_fast"] == both.claims[0].tests[0].times_as_fast


def test_a_claim_moves_no_score() -> None:
    without, with_one = report(), report(make_claim())
    assert without.cards == with_one.cards


@pytest.mark.bare
def test_the_command_prints_every_claim_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "--run", SAMPLE, "--width", "80"]) == 0
    said = capsys.readouterr().out
    first = "35 claims: 0 supported, 2 contradicted, 2 undecided (float32 at preset smoke); 31 not testable"
    assert " ".join(said.split()).startswith(first)
    assert "https://github.com/mlcommons/algorithmic-efficiency/pull/892" in said
    # An address is never broken.
    assert all(len(line) <= 80 or "https://" in line for line in said.splitlines())


@pytest.mark.bare
@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--framework", "TensorFlow", "--format", "markdown"], 0, "JAX over TensorFlow"),
        (["--framework", "haiku"], 0, "No claim about the speed of haiku is known here."),
        (["--framework", "nobody"], 2, "unknown framework 'nobody'"),
    ],
)
def test_the_command_tells_of_one_framework(
    arguments: list[str], code: int, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["claims", *arguments]) == code
    printed = capsys.readouterr()
    assert expected in printed.out + printed.err
    assert "PyTorch over TensorFlow" not in printed.out or "TensorFlow" in arguments
