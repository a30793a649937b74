"""A score rests on ratios each of one machine, and says which machines these are."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
import pytest

from speedscore.host.fields import Scalar
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.scoring.cards import FORMATS, brief, measured_wording, short
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.findings.finding import Source
from speedscore.scoring.findings.standings import EcosystemRatios, cells, ecosystem_ratios
from speedscore.scoring.findings.variants import choose_variants
from speedscore.scoring.rubric.answer_rule import Measure
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from speedscore.scoring.scores.surroundings import Surroundings
from tests.record.sample_machines import MACHINES, on
from tests.scoring.sample_facts import RUBRIC, make_evidence
from tests.scoring.sample_runs import make_run, measured_case, two_frameworks

TRAINING = Measure(phase="training")


def fleet_run(*cases: CaseResult, versions: Mapping[str, dict[str, Scalar]] = {}) -> RunRecord:
    """``versions`` are what each machine has beside its hardware."""
    machines = {name: fields | versions.get(name, {}) for name, fields in MACHINES.items()}
    empty = msgspec.structs.replace(make_run(), machines=machines)
    return msgspec.structs.replace(empty, cases=cases)


def evidence_of(*cases: CaseResult, versions: Mapping[str, dict[str, Scalar]] = {}) -> Evidence:
    return make_evidence(runs=(NamedRun(name="fleet.json", record=fleet_run(*cases, versions=versions)),))


def ratios(evidence: Evidence) -> EcosystemRatios:
    variants = choose_variants(RUBRIC.policy, evidence, device="cpu")
    return ecosystem_ratios(evidence, device="cpu", measure=TRAINING, variants=variants)


def report_of(evidence: Evidence) -> ScoreReport:
    return build_report(RUBRIC, evidence, frameworks=list(evidence.measured_frameworks()))


def two_machines() -> tuple[CaseResult, ...]:
    """Twice as fast on one machine, and eight times on the other, which is a hundred times as fast as a whole."""
    return (
        *on("box-1", measured_case("alpha", 1.0, model="one"), measured_case("beta", 2.0, model="one")),
        *on("box-2", measured_case("alpha", 0.01, model="two"), measured_case("beta", 0.08, model="two")),
    )


def the_source(report: ScoreReport, framework: str = "alpha") -> Source:
    """Of the speed of training."""
    return next(
        source
        for card in report.cards
        if card.framework == framework
        for dimension in card.dimensions
        for finding in dimension.findings
        for source in finding.sources
        if source.nodeids
    )


def test_ratios_of_two_machines_are_joined_over_models_and_each_is_of_one() -> None:
    found = ratios(evidence_of(*two_machines()))
    assert found.ratios["alpha"].value == pytest.approx(4.0)
    assert found.ratios["alpha"].machines == (("fleet.json", "box-1"), ("fleet.json", "box-2"))
    assert [(cell.cell.model, cell.cell.machine) for cell in found.common] == [("one", "box-1"), ("two", "box-2")]


def test_frameworks_that_were_measured_on_two_machines_are_not_compared() -> None:
    apart = *on("box-1", measured_case("alpha", 1.0)), *on("box-2", measured_case("beta", 0.01))
    evidence = evidence_of(*apart)
    assert ratios(evidence).ratios == {}
    assert "that all of alpha, beta completed" in ratios(evidence).reason
    assert [list(cell.standings) for cell in cells(evidence, device="cpu", phase="training")] == [["alpha"], ["beta"]]


def test_a_case_that_was_measured_on_another_machine_takes_its_model_out_of_the_score() -> None:
    wandered = on("box-1", *two_machines()[3:])
    found = ratios(evidence_of(*two_machines()[:3], *wandered))
    assert found.ratios["alpha"].value == pytest.approx(2.0)
    assert found.left_out == "without two, no figures side by side"


def test_a_score_names_its_machines_and_how_they_are_joined() -> None:
    report = report_of(evidence_of(*two_machines()))
    source = the_source(report)
    assert source.machines == ("box-1", "box-2")
    assert source.text.endswith(", measured on box-1, box-2, each ratio of one machine and their geometric mean")
    (run,) = json.loads(FORMATS["json"](report, width=80))["runs"]
    assert run["machine"] == "EPYC, H100 and Xeon"
    assert run["machines"] == [
        {"name": "box-1", "hardware": "EPYC, H100", "measured": 2},
        {"name": "box-2", "hardware": "Xeon", "measured": 2},
    ]
    for form in ("text", "markdown"):
        text = " ".join(FORMATS[form](report, width=80).split())
        assert "box-1 (EPYC, H100): 2 cases, box-2 (Xeon): 2 cases" in text.replace("\\", "")
        assert "Every ratio is of cases beside each other on one of them" in text
    assert "(2 machines, each ratio of one)" in " ".join(
        short.render(report, Surroundings(report=report), width=80).split()
    )


def test_the_json_of_a_run_of_one_machine_says_nothing_of_machines() -> None:
    evidence = make_evidence(runs=(NamedRun(name="run.json", record=two_frameworks()),))
    document = json.loads(FORMATS["json"](report_of(evidence), width=80))
    assert [sorted(run) for run in document["runs"]] == [["created", "machine", "name", "preset"]]
    assert '"machines"' not in json.dumps(document)


def test_a_fleets_only_machine_is_named_and_not_the_one_that_led() -> None:
    report = report_of(evidence_of(*two_machines()[:2]))
    assert report.runs[0].machine == "EPYC, H100"
    assert the_source(report).text.endswith(", measured on box-1")


def words(text: str) -> str:
    """In one line, without what Markdown escapes."""
    return " ".join(text.replace("\\", "").split())


def test_every_form_says_where_the_versions_of_the_machines_differ() -> None:
    other: dict[str, dict[str, Scalar]] = {
        "box-1": {"package.alpha": "2.0", "python.version": "3.11.7"},
        "box-2": {"package.alpha": "1.9", "python.version": "3.12.1"},
    }
    report = report_of(evidence_of(*two_machines(), versions=other))
    for form in ("text", "markdown"):
        assert (
            "box-2 (Xeon): 2 cases). Versions differ: alpha 2.0 on box-1, 1.9 on box-2; "
            "Python 3.11.7 on box-1, 3.12.1 on box-2. Every ratio is of cases"
        ) in words(FORMATS[form](report, width=80))
    said = "2 machines, each ratio of one; alpha 2.0 on box-1, 1.9 on box-2; 1 more differs"
    assert f"({said})" in words(short.render(report, Surroundings(report=report), width=80))
    assert f"; {said}." in words(brief.render(report, width=80))
    (run,) = json.loads(FORMATS["json"](report, width=80))["runs"]
    assert run["differing_versions"] == {
        "package.alpha": {"box-1": "2.0", "box-2": "1.9"},
        "python.version": {"box-1": "3.11.7", "box-2": "3.12.1"},
    }


def test_the_brief_card_says_that_its_ratios_are_of_several_machines_and_of_one_nothing() -> None:
    report = report_of(evidence_of(*two_machines()))
    (ratios,) = (line for line in words(brief.render(report, width=500)).split(". ") if "above 1" in line)
    assert ratios.endswith("one 2.00, two 8.00; 2 machines, each ratio of one.")
    for alone in (evidence_of(*two_machines()[:2]), evidence_of(*on("", *two_machines()))):
        assert "machines" not in words(brief.render(report_of(alone), width=80))


def test_many_versions_on_many_machines_stay_one_short_clause() -> None:
    differing = {
        f"package.{letter}": {f"box-{number}": f"1.{number // 3}" for number in range(12)} for letter in "abcde"
    }
    said = measured_wording.versions_in_words(differing)
    each = "1.0 on 3 machines, 1.1 on 3 machines, 1.2 on 3 machines, 1 more"
    assert said == f"a {each}; b {each}; c {each}; 2 more differ"


def test_a_version_from_a_file_stays_in_its_line() -> None:
    said = measured_wording.versions_in_words({"package.a": {"": "1\nforged", "b": "\x1b[31m2"}})
    assert said == "a 1 forged on the machine that led the run, \\u001b[31m2 on b"
