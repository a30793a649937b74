"""A badge says what a gate or a run says, and of what it cannot say it draws none."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.gate.reporting.report import SCHEMA_VERSION, GateReport, SideReport
from tests.places import ROOT

RUNS = ROOT / "fixtures" / "runs"
RUN = next(RUNS.glob("*-cpu-smoke.json"))


@pytest.fixture
def gate_json(tmp_path: Path) -> Path:
    return tmp_path / "gate.json"


def write_gate(path: Path, *, exit_code: int) -> None:
    side = SideReport("x")
    report = GateReport(SCHEMA_VERSION, "2026-11-26", side, side, 1.0, exit_code, "a headline")
    path.write_bytes(msgspec.json.encode(report))


@pytest.mark.parametrize(
    ("exit_code", "said", "colour"),
    [
        (0, "passed", "1a7f37"),
        (10, "regressed", "cf222e"),
        (11, "inconclusive", "9a6700"),
        (12, "coverage missing", "cf222e"),
        (13, "cannot run", "57606a"),
    ],
)
def test_every_verdict_of_a_gate_has_its_word_and_its_colour(
    gate_json: Path, tmp_path: Path, exit_code: int, said: str, colour: str
) -> None:
    write_gate(gate_json, exit_code=exit_code)
    assert main(["badge", str(gate_json), "-o", str(tmp_path / "a.svg"), str(tmp_path / "a.json")]) == 0
    assert f"<title>speed gate: {said}</title>" in (tmp_path / "a.svg").read_text()
    document = json.loads((tmp_path / "a.json").read_text())
    assert document == {"schemaVersion": 1, "label": "speed gate", "message": said, "color": colour}


TOGETHER = (str(RUN), str(RUNS / "2026-11-26-probes.json"))
"""Runs that answer enough for a score: the cases of one and the probes of the other."""


def score_of(card: Path) -> float:
    (framework,) = json.loads(card.read_text())["frameworks"].values()
    return float(framework["speed_score"])


def test_a_score_is_that_of_the_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", "jax", "--run", *TOGETHER, "--format", "json"]) == 0
    (tmp_path / "card.json").write_text(capsys.readouterr().out)
    assert main(["badge", *TOGETHER, "--framework", "JAX", "-o", str(tmp_path / "b.json")]) == 0
    score = f"{score_of(tmp_path / 'card.json'):.1f} of 10"
    assert capsys.readouterr().out == f"JAX Speed Score: {score}\n"
    assert json.loads((tmp_path / "b.json").read_text())["message"] == score


def test_without_probes_a_score_is_unknown(tmp_path: Path) -> None:
    assert main(["badge", str(RUN), "--framework", "jax", "-o", str(tmp_path / "b.json")]) == 0
    assert json.loads((tmp_path / "b.json").read_text())["message"] == "unknown"


def test_weights_of_one_s_own_are_named(tmp_path: Path) -> None:
    words = [
        "badge",
        *TOGETHER,
        "--framework",
        "jax",
        "--weights",
        "performance=3",
        "-o",
        str(tmp_path / "b.json"),
    ]
    assert main(words) == 0
    assert json.loads((tmp_path / "b.json").read_text())["message"].endswith(" of 10, own weights")


def test_a_label_of_one_s_own_stands_in_the_left_half(gate_json: Path, tmp_path: Path) -> None:
    write_gate(gate_json, exit_code=0)
    assert main(["badge", str(gate_json), "--label", "speed <3", "-o", str(tmp_path / "a.svg")]) == 0
    assert "<title>speed &lt;3: passed</title>" in (tmp_path / "a.svg").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{run}", "-o", "a.svg"], "whose score of {run}? Name it: --framework jax"),
        (["{run}", "--framework", "flax", "-o", "a.svg"], "flax is a layer on top of a framework"),
        (["{run}", "--framework", "none such", "-o", "a.svg"], "unknown framework 'none such'"),
        (["{run}", "--framework", "jax", "-o", "a.png"], "a.png: expected a name that ends in .svg or .json"),
        (["{gate}", "--framework", "jax", "-o", "a.svg"], "which scores no framework; leave out --framework"),
        (["{gate}", "-o", "/dev/null/a.svg"], "/dev/null/a.svg: not written"),
        (["{odd}", "-o", "a.svg"], "found 7"),
        (["missing.json", "-o", "a.svg"], "missing.json: cannot be read"),
        (["{gate}", "-o", "a.svg", "{gate}"], "{gate}: this is the file that is read"),
        (["{run}", "{gate}", "-o", "a.svg"], "{gate} is a gate's report, of which a badge shows one; leave out {run}"),
    ],
    ids=["whose", "layer", "unknown", "ending", "gate", "place", "code", "missing", "itself", "two"],
)
def test_what_cannot_be_drawn_is_said_in_one_line(
    gate_json: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_gate(gate_json, exit_code=0)
    write_gate(tmp_path / "odd.json", exit_code=7)
    names = {"run": str(RUN), "gate": str(gate_json), "odd": str(tmp_path / "odd.json")}
    assert main(["badge", *(word.format(**names) for word in words)]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert said.format(**names) in line
    assert list(tmp_path.glob("*.svg")) == []
