"""What judging may see: the newest facts that a snapshot knows, and runs that may be ranked."""

from __future__ import annotations

import msgspec
import pytest

from speedscore.scoring.evidence.evidence import EvidenceError, NamedRun
from tests.scoring.sample_facts import make_evidence, make_fact, make_snapshot
from tests.scoring.sample_runs import make_run, measured_case, skipped_case, two_frameworks


def test_a_snapshot_sees_the_newest_of_each_key_and_nothing_younger() -> None:
    snapshots = (
        make_snapshot(make_fact("github_stars", 1.0), make_fact("github_forks", 2.0)),
        make_snapshot(make_fact("github_stars", 3.0, as_of="2024-05"), month="2024-06"),
        make_snapshot(make_fact("github_stars", 4.0, as_of="2025-01"), month="2025-01"),
    )
    facts = make_evidence(*snapshots, month="2024-06").facts["alpha"]
    assert {key: group[0].value for key, group in facts.items()} == {"github_stars": 3.0, "github_forks": 2.0}
    assert make_evidence(*snapshots).snapshot == "2025-01"


def test_within_a_snapshot_the_kind_decides_then_the_date() -> None:
    facts = make_evidence(
        make_snapshot(
            make_fact("github_stars", 1.0, kind="computed"),
            make_fact("github_stars", 2.0, kind="published", as_of="2023-12"),
            make_fact("github_stars", 3.0, kind="published", source="another"),
            make_fact("github_stars", 4.0, kind="reference", as_of="2023-06"),
        )
    ).facts["alpha"]["github_stars"]
    assert [fact.value for fact in facts] == [4.0, 3.0, 2.0, 1.0]


def test_an_older_reference_does_not_outrank_a_younger_snapshot() -> None:
    evidence = make_evidence(
        make_snapshot(make_fact("github_stars", 1.0, kind="reference")),
        make_snapshot(make_fact("github_stars", 2.0, kind="computed"), month="2024-06"),
    )
    assert [fact.value for fact in evidence.facts["alpha"]["github_stars"]] == [2.0]


def test_what_adds_to_a_month_answers_and_what_was_counted_otherwise_stands_behind_it() -> None:
    listed, tagged = (
        msgspec.structs.replace(make_fact("releases_per_year", value, source=way), definition=way)
        for value, way in ((1.0, "package index"), (2.0, "git tags"))
    )
    recounted = msgspec.structs.replace(tagged, value=3.0, kind="computed")
    month = make_snapshot(listed, tagged, make_fact("github_stars", 4.0), make_fact("github_forks", 5.0))
    day = msgspec.structs.replace(make_snapshot(recounted, make_fact("github_stars", 6.0)), day="2024-01-31")
    for snapshots in ((month, day), (day, month)):
        facts = make_evidence(*snapshots).facts["alpha"]
        assert {key: [fact.value for fact in known] for key, known in facts.items()} == {
            # Though a published fact goes before a computed one within a snapshot.
            "releases_per_year": [3.0, 1.0],
            "github_stars": [6.0],
            "github_forks": [5.0],
        }


def test_an_unknown_snapshot_is_refused_with_those_there_are() -> None:
    with pytest.raises(EvidenceError, match="unknown snapshot '1999-01'; there are 2024-01"):
        make_evidence(month="1999-01")


def test_a_run_inside_pytest_ranks_nothing() -> None:
    run = make_run(measured_case("alpha", 1.0), in_process=True)
    with pytest.raises(EvidenceError, match=r"a\.json: .* inside pytest"):
        make_evidence(runs=(NamedRun(name="a.json", record=run),))


def test_presets_never_mix() -> None:
    runs = tuple(
        NamedRun(name=f"{preset}.json", record=make_run(measured_case("alpha", 1.0), preset=preset))
        for preset in ("smoke", "full")
    )
    with pytest.raises(EvidenceError, match=r"smoke \(smoke\.json\), full \(full\.json\)"):
        make_evidence(runs=runs)


def test_what_was_measured_once_does_not_count_twice() -> None:
    case = msgspec.structs.replace(measured_case("alpha", 1.0), occasion="2026-11-22T12:00:00+00:00")
    runs = [NamedRun(name=name, record=make_run(case)) for name in ("a.json", "copy.json")]
    with pytest.raises(EvidenceError, match=r"copy\.json: holds .*\[alpha-mlp-cpu\] as a\.json does"):
        make_evidence(runs=tuple(runs))


def test_the_same_case_of_two_sessions_is_two_measurements() -> None:
    cases = [
        msgspec.structs.replace(measured_case("alpha", 1.0), occasion=f"2026-11-{day}T12:00:00+00:00")
        for day in (21, 22)
    ]
    runs = tuple(NamedRun(name=f"{place}.json", record=make_run(case)) for place, case in enumerate(cases))
    assert len(make_evidence(runs=runs).measured["cpu"]) == len(cases)


def test_only_measured_cases_are_evidence_and_the_rest_are_counted() -> None:
    run = make_run(measured_case("alpha", 1.0), skipped_case("beta", reason="not installed"))
    evidence = make_evidence(runs=(NamedRun(name="a.json", record=run),))
    assert evidence.frameworks_on("cpu") == ("alpha",)
    (line,) = evidence.coverage()
    assert (line.measured, line.selected) == (1, 2)
    assert line.missing == (("training beta-mlp-cpu", "not installed"),)


def test_coverage_is_told_for_each_device() -> None:
    evidence = make_evidence(runs=(NamedRun(name="a.json", record=two_frameworks()),))
    assert [(line.measured, line.selected) for line in evidence.coverage()] == [(27, 27), (0, 1)]
