"""``trace``, ``verify``, ``whatif`` and a policy of one's own on the command line: what a sceptic does with a card."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.__main__ import main
from speedscore.scoring.cards.card_schema import CardDocument
from speedscore.scoring.commands.verify import differences
from speedscore.scoring.facts import calendar
from speedscore.scoring.rubric.criterion import DIMENSIONS
from tests.sample_runs import save
from tests.scoring.sample_probes import answered, control, exported, probed_run, unanswered
from tests.scoring.sample_runs import two_frameworks

JANUARY = ["--snapshot", "2024-01"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands are given, with a saved run."""
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "run.json", two_frameworks())
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line.removeprefix("speedscore: ")


# ------------------------------------------------------------------------------------------------ trace


def test_a_trace_goes_from_the_score_to_the_raw_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "trace", "jax", "performance", "--run", "run.json")
    steps = [
        "JAX, Performance: ",
        "  Training speed (weight 2): ",
        "bench_suite/test_training.py::test_training[jax-mlp-cpu] in run.json,",
        "process 1, which chose the variant and is in no figure: 10.0",
        "process 2: 10.0 ms, 10.0 ms, 10.0 ms",
        "medians of the same workload: jax 10.0 ms, torch 12.0 ms, ",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    assert max(map(len, text.splitlines())) <= 80


def test_a_trace_of_facts_alone_says_what_a_run_would_add(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing was measured here" in said(capsys, "trace", "pytorch", "learning")
    assert "nothing was measured here" not in said(capsys, "trace", "pytorch", "research")
    assert "nothing was measured here" not in said(capsys, "trace", "pytorch", "performance", "--run", "run.json")


def test_a_trace_says_by_which_figures_the_variant_was_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(said(capsys, "trace", "pytorch", "performance", "--run", "run.json").split())
    # Over three models that take 1, 20 and 5 times as long: the geometric mean is 100 ** (1 / 3).
    assert "geometric means of a training step's medians: torch-compile 37.1 ms, torch 55.7 ms" in text


def test_a_trace_goes_from_the_score_to_each_probe_and_its_words(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    lost = exported("not converted", subject="gpt", framework="jax", ecosystem="jax")
    probes = [
        control(framework="jax", ecosystem="jax"),
        exported(framework="jax", ecosystem="jax"),
        msgspec.structs.replace(lost, reason="TypeError: one of two\nand more"),
        unanswered(exported(subject="bert", framework="jax", ecosystem="jax")),
    ]
    save(folder / "probes.json", probed_run(*probes))
    text = " ".join(said(capsys, "trace", "jax", "production_maturity", "--run", "probes.json").split())
    steps = [
        "Portable format (weight 1): ",
        "50 % of models gets 5.00 points",
        "from: measured here: 2 probes of export (onnx), 1 passed, 1 not converted; 1 without an answer; jax; so few",
        "[jax-gpt-onnx-cpu] in probes.json: not converted, worth 0: TypeError: one of two bench_suite",
        "[jax-mlp-onnx-cpu] in probes.json: passed, worth 1",
        "no answer: skipped: no tool here",
        "beside it: ",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)


def test_a_fact_beside_a_probe_changes_nothing_and_it_is_said_why(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    save(folder / "it.json", probed_run(answered("idioms", framework="jax", ecosystem="jax", idioms_same=1, idioms=2)))
    text = said(capsys, "whatif", "jax", "--fact", "weeks_numpy_user=9", "--run", "it.json")
    assert "Nothing changes: what was measured answers before facts do (NumPy user of JAX).\n" in text


def test_a_card_of_probes_is_verified(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    probes = [control(framework="jax", ecosystem="jax"), exported(framework="jax", ecosystem="jax")]
    save(folder / "probes.json", probed_run(*probes))
    card = said(capsys, "card", "jax", "--run", "probes.json", "--format", "json")
    (folder / "card.json").write_text(card, encoding="utf-8")
    assert "passed; jax" in card
    msgspec.json.decode(card, type=CardDocument)
    said(capsys, "verify", "card.json")


def test_a_trace_goes_from_the_score_to_its_sources(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(said(capsys, "trace", "jax", *JANUARY).split())
    assert "(7.5 + 6.0 + 7.5 + 6.5 + 9.5) / 5 = 7.40" in text
    assert "(0.3 × 5.00 + 0.225 × 7.50 + 0.225 × 7.50 + 0.25 × 6.73) / 1 = 6.556" in text
    assert "5 weeks gets 5.00 points; linear scale: 0 gets 10, 10 gets 0" in text
    assert "from: 5, reference 2024-01, stated 4 to 6 JAX - S1 Rapid Discovery, January 2024, Learning Curve" in text


def test_a_dimension_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(capsys, "trace", "jax", "speed")
    assert line == f"unknown dimension 'speed'; there are {', '.join(DIMENSIONS)}"


# ----------------------------------------------------------------------------------------------- verify


@pytest.fixture
def card(folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    text = said(capsys, "card", "jax", "pytorch", "--run", "run.json", "--format", "json", "--weights", "learning=0")
    path = folder / "card.json"
    path.write_text(text)
    return path


@pytest.mark.usefixtures("card")
def test_a_card_that_follows_from_its_evidence_is_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "verify", "card.json") == "card.json: every figure follows from its evidence\n"


@pytest.mark.parametrize(
    ("pattern", "to", "place"),
    [
        (r'"score": 8\.0\b', '"score": 8.5', ".score: the card says 8.5, the evidence gives 8"),
        (r'"median": 0\.01\d*,', '"median": 0.011,', ".median: the card says 0.011, the evidence gives 0.01"),
        (r'"weight": 2\.0\b', '"weight": 1.0', ".weight: the card says 1, the evidence gives 2"),
        (r'"contradicts": false', '"contradicts": true', ".contradicts: the card says true, the evidence gives false"),
        (r'"name": "JAX"', '"name": "Jax"', 'frameworks.jax.name: the card says "Jax", the evidence gives "JAX"'),
    ],
)
def test_a_digit_that_differs_is_named(
    card: Path, capsys: pytest.CaptureFixture[str], pattern: str, to: str, place: str
) -> None:
    changed, times = re.subn(pattern, to, card.read_text(), count=1)
    assert times == 1
    card.write_text(changed)
    assert place in said(capsys, "verify", "card.json", code=1)


@pytest.mark.usefixtures("card")
def test_a_run_that_was_changed_since_does_not_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = folder / "run.json"
    run.write_text(run.read_text().replace("0.012", "0.013"))
    assert "medians[" in said(capsys, "verify", "card.json", code=1)


@pytest.mark.usefixtures("card")
def test_a_run_that_was_moved_is_found_beside_the_card_or_where_it_is_said_to_be(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    said(capsys, "verify", "../card.json")
    (folder / "run.json").rename(folder / "elsewhere" / "moved.json")
    assert refused(capsys, "verify", "../card.json").startswith("run.json: the run that the card names is not here")
    said(capsys, "verify", "../card.json", "--run", "moved.json")


@pytest.mark.parametrize("left_out", ["frameworks", "jax"])
def test_a_card_without_what_it_is_a_card_of_is_not_verified(
    card: Path, capsys: pytest.CaptureFixture[str], left_out: str
) -> None:
    document = json.loads(card.read_text())
    if left_out == "jax":
        del document["frameworks"]["jax"]
    else:
        document["frameworks"] = {}
    card.write_text(json.dumps(document))
    assert main(["verify", "card.json"]) in (1, 2)
    assert "every figure follows" not in capsys.readouterr().out


def test_a_card_in_which_a_name_stands_twice_is_refused(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card.write_text(card.read_text().replace('"snapshot":', '"snapshot": "2024-01", "snapshot":', 1))
    assert "'snapshot' stands twice in one object" in refused(capsys, "verify", "card.json")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 1}', '{"frameworks": 3}'])
def test_what_is_no_card_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (folder / "card.json").write_text(text)
    assert refused(capsys, "verify", "card.json").startswith("card.json: ")


def test_a_card_of_last_year_is_verified_as_of_then(
    card: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "this_month", lambda: "2040-01")
    said(capsys, "verify", str(card))


def test_a_card_of_another_schema_is_refused(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card.write_text(card.read_text().replace('"schema_version": 4', '"schema_version": 99'))
    assert refused(capsys, "verify", "card.json") == "card.json: made with schema version 99, and this release has 4"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(one=json_values, other=json_values)
def test_differences_are_found_where_there_are_some_and_only_there(one: object, other: object) -> None:
    assert list(differences(one, one)) == []
    assert bool(list(differences(one, other))) == (json.dumps(one) != json.dumps(other) and not same(one, other))


def same(one: object, other: object) -> bool:
    """Whatever the order of keys."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


# ----------------------------------------------------------------------------------------------- whatif


def test_a_fact_set_by_hand_changes_what_rests_on_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "whatif", "jax", *JANUARY, "--fact", "github_stars=900")
    lines = text.splitlines()
    assert lines[0] == "JAX: Speed Score 7.40 -> 7.30"
    assert re.search(r"^  Stars +8\.3 -> 2\.9 +28,000 stars -> 900", text, flags=re.MULTILINE)
    assert not any("PyTorch:" in line for line in lines)


def test_weights_set_by_hand_change_every_speed_score(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "whatif", *JANUARY, "--weights", "learning=0,ecosystem=0")
    assert "JAX: Speed Score 7.40 -> 7.67" in text
    assert re.search(
        r"^Order after, on the \d+ questions that all answer by one method: PyTorch", text, flags=re.MULTILINE
    )
    assert max(map(len, text.splitlines())) <= 80


def test_what_changes_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "whatif", "jax", *JANUARY, "--fact", "github_stars=28000")
    assert text.splitlines()[0] == "Nothing changes."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "whatif: nothing is set; give --fact KEY=NUMBER, --weights or --policy"),
        (["--fact", "github_stars=1"], "--fact: whose? Name one framework"),
        (["jax", "--fact", "github_stars"], "--fact: expected KEY=NUMBER, as in github_stars=50000, found 'github_st"),
        (["jax", "--fact", "stars=1"], "--fact stars=1: unknown key"),
        (["jax", "--fact", "model_server_level=3"], "--fact model_server_level=3: 3 is none of 0, 2.5, 5, 7.5, 10"),
        (["jax", "--fact", "github_stars=nan"], "--fact github_stars=nan: value, low and high must be finite"),
    ],
)
def test_what_cannot_be_set_says_why(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert refused(capsys, "whatif", *arguments).startswith(message)


# ------------------------------------------------------------------------------------ a policy of one's own


def test_a_card_says_that_another_policy_was_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "own.toml").write_text("[policy]\nround_to = 1\n[weights]\nperformance = 3\n")
    for form in ("text", "markdown", "json"):
        text = " ".join(said(capsys, "card", "jax", *JANUARY, "--policy", "own.toml", "--format", form).split())
        text = text.replace("\\_", "_")  # as Markdown writes it
        assert "round_to 1.0 instead of 0.5" in text
        assert "weight of performance 3 instead of 1" in text
        assert "instead of" not in said(capsys, "card", "jax", *JANUARY, "--format", form)


def test_a_dimension_that_weighs_nothing_is_not_needed(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "card", "jax", *JANUARY, "--weights", "learning_curve=0", "--full")
    assert "(7.5 + 6.0 + 7.5 + 9.5) / 4 = 7.62" in text
