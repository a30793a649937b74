"""What a git history says, on small repositories whose numbers are counted by hand."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from speedscore.scoring.collecting.collected import Collected, CollectedFact, CollectError
from speedscore.scoring.collecting.git_clone import repository_of
from speedscore.scoring.collecting.git_history import collect
from tests.git import git
from tests.scoring.collecting.sample_clone import (
    ANN,
    ANN_BEFORE,
    APP,
    BOB,
    CID,
    CID_BEFORE,
    DEE,
    MAILMAP,
    Commit,
    at,
    make_clone,
)

UNTIL = datetime.date(2024, 1, 31)
FIRST, LAST = at("2023-02-02T00:00:00"), at("2024-01-31T23:59:59")
"""The first and the last second of the 52 weeks."""
MAY = at("2023-05-01")

COMMITS = [
    Commit(DEE, at("2020-05-01"), files={".mailmap": MAILMAP}, tag="v0.0.1"),
    # A second too early.
    Commit(DEE, FIRST - datetime.timedelta(seconds=1)),
    Commit(ANN, FIRST),
    *[Commit(ANN, MAY)] * 30,
    *[Commit(ANN_BEFORE, MAY)] * 20,
    *[Commit(BOB, MAY)] * 26,
    *[Commit(CID, MAY)] * 10,
    *[Commit(CID_BEFORE, MAY)] * 4,
    *[Commit(APP, MAY)] * 40,
    # Written years before it landed.
    Commit(BOB, MAY, written=at("2019-01-01"), tag="alpha-v0.2.0"),
    # Landed by a merge, which is no commit of its own.
    *[Commit(CID, at("2023-06-01"), branch="topic", start="main")] * 1,
    *[Commit(CID, at("2023-06-02"), branch="topic")] * 10,
    Commit(DEE, at("2023-06-03"), merge="topic", tag="v0.2.0"),
    Commit(CID, LAST, tag="v0.2.1"),
    # Begun before, landed after.
    Commit(BOB, at("2024-01-30"), branch="late", start="main"),
    Commit(DEE, at("2024-02-01"), merge="late", tag="v0.3.0", files={"SECURITY.md": "write to us"}),
]
"""In the window: Ann 51, Bob 27, Cid 26: 104, two a week. Half are 52, for which it takes Ann and Bob."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clone(tmp_path_factory.mktemp("history") / "alpha", COMMITS)


def ask(clone: Path, *, until: datetime.date = UNTIL, repository: str | None = None) -> Collected:
    return collect(clone, framework="alpha", package=None, repository=repository, until=until)


def facts(collected: Collected) -> dict[str, CollectedFact]:
    return {fact.key: fact for fact in collected.facts}


def values(collected: Collected) -> dict[str, float]:
    return {fact.key: fact.value for fact in collected.facts}


def refused(clone: Path, *, until: datetime.date = UNTIL) -> str:
    with pytest.raises(CollectError) as caught:
        ask(clone, until=until)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_numbers_counted_by_hand(clone: Path) -> None:
    collected = ask(clone)
    assert values(collected) == {
        "commits_per_week": 2.8,
        "people_52_weeks": 3,
        "contributor_absence_factor": 2,
        "contributors_lifetime": 4,
        "releases_per_year": 2,
        "years_since_first_release": 3.75,
    }
    # Whether its organisation has a policy for it, a clone does not show.
    assert [missing.key for missing in collected.missing] == ["security_policy_level"]
    assert collected.notes == (
        "counted up to the newest commit on main, which is of 2024-01-31",
        "40 commits are of bots and service accounts: dependabot[bot]",
    )


def test_a_day_later_the_merge_has_landed_and_the_first_day_is_gone(clone: Path) -> None:
    day = datetime.date(2024, 2, 1)
    assert values(ask(clone, until=day)) == {
        # Ann's first commit fell out, Bob's late one came in.
        "commits_per_week": 2.8,
        "people_52_weeks": 3,
        "contributor_absence_factor": 2,
        "contributors_lifetime": 4,
        "releases_per_year": 3,
        "years_since_first_release": 3.75,
        "security_policy_level": 10,
    }


def test_one_commit_more_makes_half(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "alpha", [*COMMITS[:-2], Commit(ANN, LAST), Commit(ANN, LAST)])
    assert values(ask(clone))["contributor_absence_factor"] == 1


def test_every_fact_says_what_was_counted_and_where(clone: Path) -> None:
    for fact in ask(clone, repository="google/alpha").facts:
        assert fact.source.startswith("google/alpha, ")
        assert fact.as_of == "2024-01-31"
        assert str(clone.parent) not in fact.source + fact.method
    tip = git(clone, "rev-parse", "v0.2.1")[:10]
    assert facts(ask(clone))["commits_per_week"].source == f"alpha, full git history at {tip}"
    assert "2023-02-02 to 2024-01-31" in facts(ask(clone))["commits_per_week"].method


def test_facts_name_the_remote_and_not_what_somebody_takes_it_for(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "alpha", COMMITS)
    git(clone, "remote", "add", "origin", "https://me:secret@github.com/me/alpha.git")
    collected = ask(clone, repository="google/alpha")
    assert {fact.source.partition(",")[0] for fact in collected.facts} == {"me/alpha"}
    assert collected.notes[0] == "the clone's remote is me/alpha, not google/alpha; its facts name the remote"
    assert ask(clone, repository="Me/Alpha").notes == collected.notes[1:]


def test_only_what_is_committed_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = make_clone(tmp_path / "alpha", COMMITS)
    before = ask(clone)
    (clone / "SECURITY.md").write_text("not committed")
    (clone / ".mailmap").write_text(
        "Everybody <one@example.com> <ann@example.com>\nEverybody <one@example.com> <bob@example.com>\n"
    )
    mine = tmp_path / "mailmap"
    mine.write_text((clone / ".mailmap").read_text())
    git(clone, "config", "mailmap.file", str(mine))
    git(clone, "config", "log.showSignature", "true")
    # As inside a git hook.
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert ask(clone) == before


def test_a_worktree_and_a_bare_clone_say_the_same(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "alpha", COMMITS)
    git(clone, "worktree", "add", "--quiet", "--detach", str(tmp_path / "beside"), "v0.3.0")
    git(tmp_path, "clone", "--quiet", "--bare", str(clone), "bare.git")
    git(tmp_path / "bare.git", "remote", "remove", "origin")
    assert ask(tmp_path / "beside") == ask(clone) == ask(tmp_path / "bare.git")


def test_a_clone_counts_what_its_remote_has_and_not_what_was_done_on_top(tmp_path: Path) -> None:
    origin = make_clone(tmp_path / "origin", COMMITS)
    git(tmp_path, "clone", "--quiet", str(origin), "mine")
    mine = tmp_path / "mine"
    own = ("-c", "user.name=Me", "-c", "user.email=me@example.com")
    git(mine, *own, "commit", "--quiet", "--allow-empty", "--date=2024-01-30T00:00:00Z", "-m", "mine")
    assert ask(mine) == ask(origin)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("SECURITY.md", 10),
        ("security.rst", 10),
        ("SECURITY", 10),
        (".github/SECURITY.md", 10),
        ("docs/SECURITY.md", 10),
        ("src/SECURITY.md", None),
        ("SECURITY.md.orig", None),
        ("security/notes.md", None),
    ],
)
def test_where_a_security_policy_may_lie(tmp_path: Path, name: str, level: int | None) -> None:
    clone = make_clone(tmp_path / "alpha", [Commit(ANN, LAST, files={name: "write to us"})])
    assert values(ask(clone)).get("security_policy_level") == level


def test_releases_are_distinct_final_versions_of_this_project(tmp_path: Path) -> None:
    commits = [
        Commit(ANN, at("2023-01-01"), tag="v0.1"),
        Commit(ANN, MAY, tag="v0.2"),
        Commit(ANN, MAY, tag="alpha-v0.2"),
        Commit(ANN, MAY, tag="v0.3.0rc1"),
        Commit(ANN, MAY, tag="alphalib-v0.9"),
        Commit(ANN, MAY, tag="nightly-20230501"),
        # The tag's own date counts, not that of what it names.
        Commit(ANN, MAY, tagged=("v0.4", LAST)),
        Commit(ANN, LAST, tagged=("v0.5", at("2024-02-01"))),
    ]
    clone = make_clone(tmp_path / "alpha", commits)
    assert values(ask(clone))["releases_per_year"] == 2
    assert values(ask(clone, repository="google/alphalib"))["releases_per_year"] == 3


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        (None, "no tag at all names"),
        ("nightly-1", "none of its 1 tags (nightly-1) names"),
        ("v1.0rc1", "none of its 1 tags"),
    ],
)
def test_no_release_tag_is_missing_and_not_zero(tmp_path: Path, tag: str | None, reason: str) -> None:
    collected = ask(make_clone(tmp_path / "alpha", [Commit(ANN, LAST, tag=tag)]))
    assert [missing.key for missing in collected.missing][:2] == ["releases_per_year", "years_since_first_release"]
    assert reason in collected.missing[0].reason


def test_a_year_of_services_alone_has_no_absence_factor(tmp_path: Path) -> None:
    collected = ask(
        make_clone(tmp_path / "alpha", [Commit(ANN, at("2022-01-01"), tag="v1.0"), *[Commit(APP, LAST)] * 26])
    )
    assert values(collected) == {
        "commits_per_week": 0.5,
        "people_52_weeks": 0,
        "contributors_lifetime": 1,
        "releases_per_year": 0,
        "years_since_first_release": 2.08,
    }
    assert collected.missing[0].key == "contributor_absence_factor"


def test_a_name_joins_what_no_mailmap_does(tmp_path: Path) -> None:
    commits = [Commit(f"Eve Elm <eve@{place}.example>", LAST) for place in ("home", "work")]
    assert values(ask(make_clone(tmp_path / "alpha", [*commits, Commit(BOB, LAST)])))["people_52_weeks"] == 2


def test_a_shallow_clone_is_refused(clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", clone.as_uri(), "shallow")
    assert "git fetch --unshallow" in refused(tmp_path / "shallow")


def test_a_partial_clone_without_the_mailmap_is_refused(clone: Path, tmp_path: Path) -> None:
    git(clone, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", clone.as_uri(), "partial")
    assert "a partial clone that lacks the .mailmap" in refused(tmp_path / "partial")
    git(tmp_path / "partial", "checkout", "--quiet", "main")
    assert values(ask(tmp_path / "partial")) == values(ask(clone))


def test_a_history_that_does_not_reach_back_is_refused(clone: Path) -> None:
    assert "has no commit of 2019-12-31 or before" in refused(clone, until=datetime.date(2019, 12, 31))


def test_what_is_no_clone_is_refused(clone: Path, tmp_path: Path) -> None:
    (clone / "inside").mkdir(exist_ok=True)
    git(tmp_path, "init", "--quiet", "empty")
    (tmp_path / "file").touch()
    assert "no such folder" in refused(tmp_path / "nowhere")
    assert "no such folder" in refused(tmp_path / "file")
    assert "git cannot read it" in refused(tmp_path)
    assert "nothing says which branch is the main one" in refused(tmp_path / "empty")
    # A folder within a clone is not taken for the clone.
    assert "git cannot read it" in refused(clone / "inside")


def test_without_git_one_line_says_so(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in refused(clone)


@pytest.mark.parametrize(
    ("remote", "repository"),
    [
        ("https://github.com/google/flax.git", "google/flax"),
        ("https://github.com/google/flax/", "google/flax"),
        ("https://user:secret@github.com/google/flax", "google/flax"),
        ("git@github.com:google/flax.git", "google/flax"),
        ("ssh://git@github.com:22/google/flax.git", "google/flax"),
        ("https://gitlab.example.org/a/b/c.git", "gitlab.example.org/a/b/c"),
        ("/srv/git/flax.git", ""),
        ("../flax", ""),
        ("file:///srv/git/flax.git", ""),
        ("", ""),
    ],
)
def test_a_repository_is_named_by_its_remote_without_path_or_password(remote: str, repository: str) -> None:
    assert repository_of(remote) == repository
    assert not re.search("secret|srv", repository)


@pytest.mark.parametrize(
    "committed",
    ["", "-62135596800 +0000", "253402300800 +0000", "99999999999999999999 +0000", "soon +0000", "1 +9999"],
    ids=["empty", "negative", "year 10000", "no calendar", "a word", "no zone"],
)
def test_a_commit_of_an_odd_date_costs_no_other(tmp_path: Path, committed: str) -> None:
    clone = make_clone(tmp_path / "alpha", COMMITS[:-2])
    before = values(ask(clone))
    tip = git(clone, "rev-parse", "main")
    odd = written(clone, "commit", _commit_text(clone, tip), who="Eve\rEvil <eve@example.com>", when=committed)
    merge = written(
        clone,
        "commit",
        _commit_text(clone, tip, odd),
        who="Dee <dee@example.com>",
        when=f"{int(LAST.timestamp())} +0000",
    )
    git(clone, "update-ref", "refs/heads/main", merge)
    assert values(ask(clone)) == before | {"contributors_lifetime": before["contributors_lifetime"] + 1}


@pytest.mark.parametrize("tagged", ["253402300799 +0000", "253402300800 +0000", "99999999999999999999 +0000", ""])
def test_a_tag_of_an_odd_date_costs_no_other(tmp_path: Path, tagged: str) -> None:
    clone = make_clone(tmp_path / "alpha", COMMITS)
    before = values(ask(clone))
    tip = git(clone, "rev-parse", "main")
    odd = written(clone, "tag", f"object {tip}\ntype commit\ntag v9.9.9\n", who="Eve <eve@example.com>", when=tagged)
    git(clone, "update-ref", "refs/tags/v9.9.9", odd)
    assert values(ask(clone)) == before


def _commit_text(clone: Path, *parents: str) -> str:
    tree = git(clone, "rev-parse", f"{parents[0]}^{{tree}}")
    return "".join([f"tree {tree}\n", *(f"parent {parent}\n" for parent in parents)])


def written(clone: Path, kind: str, text: str, *, who: str, when: str) -> str:
    """The name of an object of bytes that git's own commands would refuse."""
    roles = ("author", "committer") if kind == "commit" else ("tagger",)
    text += "".join(f"{role} {who} {when}\n" for role in roles) + "\nodd\n"
    return git(clone, "hash-object", "-t", kind, "-w", "--literally", "--stdin", given=text)
