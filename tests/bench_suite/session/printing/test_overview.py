"""A session's end fits a screen of eighty columns, says who is fastest, where the order is open and what is wanting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.session.printing.overview import overview_lines, unlike_attention
from speedscore.record.phases import PHASES, DeviceName, Phase
from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import CaseResult, Ratio, RunRecord
from speedscore.scoring.cards.brief import session_end
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.scores.score_report import build_report
from tests.sample_runs import a_case
from tests.scoring.sample_facts import RUBRIC, make_evidence, shipped
from tests.scoring.sample_runs import make_run, skipped_case

SIX = {"jax": 1, "flax-nnx": 2, "flax-nnx-tuned": 3, "flax-linen": 4, "torch": 5, "torch-compile": 6}
MODELS = ("mlp", "resnet50", "gpt", "bert")


def run_of(*cases: CaseResult, ratios: Sequence[Ratio] | None = None) -> RunRecord:
    return msgspec.structs.replace(make_run(*cases), ratios=find_ratios(cases) if ratios is None else tuple(ratios))


def six_frameworks() -> RunRecord:
    """All phases and models, a third of the cases too noisy to be read and a device that is not there."""
    cases = [
        a_case(
            name,
            [[0.0123 * times * (1 + (times % 3 == 0) * (turn % 2) * 4) for turn in range(12)] for _ in range(2)],
            phase=phase,
            model=model,
            ecosystem="pytorch" if "torch" in name else "jax",
        )
        for phase in PHASES
        for model in MODELS
        for name, times in SIX.items()
    ]
    missing = [
        skipped_case(name, model=model, phase=phase, device="gpu", reason="no gpu: found none of what was looked for")
        for phase in PHASES
        for model in MODELS
        for name in SIX
    ]
    return run_of(*cases, *missing)


def test_six_frameworks_fit_sixty_lines_of_eighty_columns() -> None:
    run = six_frameworks()
    evidence = make_evidence(*shipped(), runs=(NamedRun(name="run.json", record=run),))
    scores = session_end(build_report(RUBRIC, evidence, frameworks=["jax", "pytorch"]), width=80)
    lines = [*overview_lines(run, width=80), *scores.splitlines()]
    # Two lines of headings and the one that names the saved run are pytest's and the session's.
    assert len(lines) + 3 <= 60
    assert max(map(len, lines)) <= 80
    rows = [line for line in lines if line.startswith("  mlp ")]
    assert len(rows) == len(PHASES)
    assert rows[0].split()[:3] == ["mlp", "12.3", "ms"]
    assert any(line.startswith("The cards: speedscore card --run run.json") for line in lines)


def row_of(*cases: CaseResult, ratio: tuple[float, float | None, float | None], **fields: Any) -> list[str]:
    value, low, high = ratio
    known: dict[str, Any] = {"phase": "training", "model": "mlp", "device": "cpu", "processes": 2}
    between = Ratio(faster="jax", slower="torch", value=value, low=low, high=high, **known | fields)
    lines = overview_lines(run_of(*cases, ratios=[between]), width=80)
    return next(line for line in lines if line.startswith("  mlp ")).split()


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        ((2.0, 1.8, 2.2), "2.00×"),
        ((1.1, 0.9, 1.34), "0.90–1.34×"),
        ((2.0, None, None), "2.00×"),
        ((9.0, 0.1, 800.0), "noisy"),
        ((90.0, 2.0, 800.0), "noisy"),
    ],
    ids=["sure", "open", "one-process", "open-noise", "noise"],
)
def test_an_interval_stands_only_where_it_changes_the_reading(
    ratio: tuple[float, float | None, float | None], said: str
) -> None:
    cases = a_case("jax", [[0.1] * 6]), a_case("torch", [[0.2] * 6])
    assert row_of(*cases, ratio=ratio) == ["mlp", "100", "ms", said]


def test_ratios_come_from_the_record_and_not_from_medians() -> None:
    cases = a_case("jax", [[0.1] * 6]), a_case("torch", [[0.2] * 6])
    assert row_of(*cases, ratio=(3.0, 2.9, 3.1))[-1] == "3.00×"
    assert row_of(*cases, ratio=(3.0, 2.9, 3.1), model="gpt")[-1] == "2.00×"


def test_a_framework_without_a_figure_has_a_dash() -> None:
    cases = [a_case("jax", [[0.1] * 3]), a_case("torch", [[0.2] * 3]), a_case("jax", [[0.1] * 3], model="gpt")]
    lines = overview_lines(run_of(*cases), width=80)
    assert next(line for line in lines if line.startswith("  gpt ")).split() == ["gpt", "100", "ms", "–"]


def test_two_devices_are_told_apart() -> None:
    here, there = a_case("jax", [[0.1] * 3]), a_case("jax", [[0.2] * 3], device="gpu")
    cases = [here, msgspec.structs.replace(there, nodeid="another test")]
    titles = [line for line in overview_lines(run_of(*cases), width=80) if line.startswith("training")]
    assert [title.split(":")[0] for title in titles] == ["training on cpu", "training on gpu"]


def test_more_frameworks_than_columns_have_a_second_table() -> None:
    cases = [a_case(f"framework{place}", [[0.1 + place] * 3]) for place in range(12)]
    lines = overview_lines(run_of(*cases), width=80)
    assert max(map(len, lines)) <= 80
    assert len([line for line in lines if line.startswith("  mlp ")]) == 2
    assert all(f"framework{place}" in "\n".join(lines) for place in range(12))


def test_compilations_that_were_made_once_stand_as_they_are() -> None:
    cases = [a_case(name, [[seconds]], phase="compilation") for name, seconds in (("jax", 0.4), ("torch", 9.0))]
    lines = overview_lines(run_of(*cases), width=80)
    assert next(line for line in lines if line.startswith("  mlp ")).split() == ["mlp", "400", "ms", "9.00", "s"]
    assert any(line.startswith("compilation:") and line.endswith("one each") for line in lines)


def test_how_many_cases_reached_their_target_is_said() -> None:
    cases = [a_case(name, [[0.1] * 9], stopped=stopped) for name, stopped in (("jax", "narrow"), ("torch", "budget"))]
    assert "Narrow 1 of 2 timed cases" in " ".join(" ".join(overview_lines(run_of(*cases), width=80)).split())
    assert "Narrow" not in " ".join(overview_lines(run_of(cases[0]), width=80))


@pytest.mark.parametrize("phase", ["training", "warm_compilation"])
def test_what_was_skipped_is_named_with_its_reason(phase: Phase) -> None:
    missing = skipped_case("torch", phase=phase, reason="not installed\nand more")
    lines = overview_lines(run_of(a_case("jax", [[0.1]]), missing), width=80)
    named = f"{phase.replace('_', ' ')} torch-mlp-cpu"
    assert f"Skipped     1 of 2: {named} (not installed)" in lines


def test_what_is_too_noisy_is_named_with_the_likely_reason() -> None:
    noisy = a_case("jax", [[0.1, 0.9] * 8], worker={"processors_busy_before": 1.5})
    text = " ".join(" ".join(overview_lines(run_of(noisy), width=80)).split())
    assert "Too noisy 1 of 1, wider than ±50 % (likely reason: others were using 1.5 processors" in text
    assert "training jax-mlp-cpu" in text
    assert "Too noisy" not in " ".join(overview_lines(run_of(a_case("jax", [[0.1] * 16])), width=80))


def test_attention_of_unlike_kinds_is_named_as_not_the_same_work() -> None:
    def attending(framework: str, way: str | None) -> CaseResult:
        case = a_case(framework, [[0.1] * 6] * 2, model="gpt")
        return msgspec.structs.replace(case, program=msgspec.structs.replace(case.program, attention=way))

    alike = [attending("jax", "unfused"), attending("haiku", "unfused"), attending("other", None)]
    assert unlike_attention(alike) == ""
    unlike = [*alike, attending("torch", "fused")]
    assert unlike_attention(unlike) == "jax, haiku: unfused; torch: fused"
    assert "Attention   jax, haiku: unfused; torch: fused" in overview_lines(run_of(*unlike), width=80)


def test_a_table_leaves_out_rows_in_which_nothing_stands() -> None:
    many = [a_case(f"framework-{number}", [[0.1] * 6] * 2, model=model) for number in range(5) for model in MODELS]
    alone = a_case("one-model-tuned", [[0.2] * 6] * 2, model=MODELS[0])
    lines = overview_lines(run_of(*many, alone), width=75)
    last = max(number for number, line in enumerate(lines) if PHASES["training"].title in line)
    assert lines[last + 1].split() == [MODELS[0], "2.00×"], "tuned has a table of its own"
    assert not lines[last + 2].strip(), "and in it one row"


def test_many_cases_that_were_skipped_are_counted_by_device() -> None:
    places: list[tuple[DeviceName, str]] = [("gpu", "no gpu"), ("cpu", "needs one package"), ("cpu", "needs another")]
    skipped = [
        skipped_case(f"framework-{number}-{reason[-7:]}", model=model, phase="training", device=device, reason=reason)
        for number in range(4)
        for model in MODELS
        for device, reason in places
    ]
    text = " ".join(" ".join(overview_lines(run_of(*skipped), width=80)).split())
    each = 4 * len(MODELS)
    assert f"{3 * each} of {3 * each}: {each} on gpu, {2 * each} on cpu (" in text
