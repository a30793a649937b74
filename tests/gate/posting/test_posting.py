"""The one comment under a pull request: posted once and changed after that, never in another's name or place, and from
a stranger's artifact nothing but figures and names that stay text."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.gate.reporting.comment import marker
from speedscore.gate.reporting.report import SCHEMA_VERSION, GateReport, SideReport
from speedscore.verdicts.verdict import Verdict
from tests.gate.posting.made_up_hosts import READS_ONLY, TOKEN, MadeUpGitHub, MadeUpGitLab, answering, archive

SHA, OLDER = "c" * 40, "d" * 40
FORK = "stranger/name"
REPORT = GateReport(
    schema_version=SCHEMA_VERSION,
    created="2026-11-26",
    base=SideReport("HEAD^1", commit="a" * 40),
    head=SideReport("/here", commit=SHA),
    seconds=1.0,
    exit_code=10,
    headline="regressed: time of 1 case",
    verdicts=(Verdict(case="test_a.py::test_a", metric="time", outcome="regressed", ratio=1.3, pairs=5),),
    arguments=("--rootdir", "/tmp"),
)


def as_bytes(**changed: Any) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(REPORT, **changed))


class Job:
    """A step that runs the command, with what GitHub gives it."""

    def __init__(
        self, github: MadeUpGitHub, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.github = github
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.report = folder / "gate.json"
        self.report.write_bytes(as_bytes())

    def run(self, event: dict[str, Any], *words: str, token: str = TOKEN) -> tuple[int, str]:
        """The exit code and what was said."""
        path = self.folder / "event.json"
        path.write_bytes(msgspec.json.encode(event))
        for name, value in {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.github.address,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": self.github.repository,
            "GITHUB_RUN_ID": "77",
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_TOKEN": token,
        }.items():
            self._monkeypatch.setenv(name, value)
        code = main(["comment", *words])
        captured = self._capsys.readouterr()
        return code, captured.out + captured.err

    def run_pull_request(self, pull: dict[str, Any], *words: str, token: str = TOKEN) -> tuple[int, str]:
        return self.run({"pull_request": pull}, str(self.report), *words, token=token)

    def run_after(self, *words: str, event: str = "pull_request", **run: Any) -> tuple[int, str]:
        """In the workflow that another one started."""
        given = {
            "id": 77,
            "event": event,
            "head_sha": SHA,
            "head_branch": "topic",
            "head_repository": {"full_name": FORK},
            "html_url": "https://github.example/owner/name/actions/runs/77",
            "pull_requests": [],
        }
        return self.run({"workflow_run": given | run}, *words)


@pytest.fixture
def github() -> Iterator[MadeUpGitHub]:
    host = MadeUpGitHub()
    with answering(host):
        yield host


@pytest.fixture
def job(
    github: MadeUpGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Job:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    for name in ("CI_API_V4_URL", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    return Job(github, tmp_path, monkeypatch, capsys)


# ------------------------------------------------------------------------------------------------- one comment


def test_two_runs_leave_one_comment_which_has_what_the_second_found(job: Job) -> None:
    pull = job.github.open(7, sha=SHA)
    code, said = job.run_pull_request(pull)
    assert (code, said) == (0, "comment: posted https://host.example/comment-1\n")
    job.report.write_bytes(as_bytes(headline="passed: nothing regressed"))
    code, said = job.run_pull_request(pull)
    assert (code, said) == (0, "comment: changed https://host.example/comment-1\n")
    (comment,) = job.github.comments
    assert comment["body"].startswith(f"{marker()}\n### speedscore gate: passed: nothing regressed\n")
    assert "[The run of ccccccccc](https://github.example/owner/name/actions/runs/77)" in comment["body"]
    assert job.github.writes == ["POST", "PATCH"]
    assert {request.headers["authorization"] for request in job.github.requests} == {f"Bearer {TOKEN}"}


def test_it_is_found_on_whatever_page_it_stands(job: Job) -> None:
    for number in range(250):
        job.github.add(f"a remark {number}", user={"login": "somebody", "type": "User"})
    job.github.add(f"{marker()}\nold", user={"login": "github-actions[bot]", "type": "Bot"})
    job.run_pull_request(job.github.open(7, sha=SHA))
    assert job.github.comments[-1]["body"].startswith(f"{marker()}\n### speedscore gate: regressed")
    assert job.github.writes == ["PATCH"]


@pytest.mark.parametrize(
    ("text", "user"),
    [
        (f"{marker()}\npassed", {"login": "stranger", "type": "User"}),
        (f"{marker()}\npassed", {"login": "Bot", "type": "User"}),
        (f"{marker()}\npassed", None),
        (f"> {marker()}\nquoted", {"login": "github-actions[bot]", "type": "Bot"}),
        (f"{marker('py312')}\nanother gate", {"login": "github-actions[bot]", "type": "Bot"}),
        (None, {"login": "github-actions[bot]", "type": "Bot"}),
    ],
    ids=["a stranger's", "one who is called so", "of nobody", "a quotation", "another gate's", "empty"],
)
def test_what_is_not_ours_is_left_alone(job: Job, text: str, user: dict[str, str] | None) -> None:
    job.github.add(text, user=user)
    assert job.run_pull_request(job.github.open(7, sha=SHA))[0] == 0
    assert job.github.comments[0]["body"] == text
    assert (len(job.github.comments), job.github.writes) == (2, ["POST"])


def test_gates_of_other_names_have_comments_of_their_own(job: Job) -> None:
    pull = job.github.open(7, sha=SHA)
    for name in ("py312", "py313", "py312"):
        assert job.run_pull_request(pull, "--name", name)[0] == 0
    assert [comment["body"].partition("\n")[0] for comment in job.github.comments] == [
        marker("py312"),
        marker("py313"),
    ]


# ------------------------------------------------------------------------------------------------- what goes wrong


def test_the_token_of_a_fork_may_not_and_that_is_no_error(job: Job) -> None:
    code, said = job.run_pull_request(job.github.open(7, sha=SHA, fork=FORK), token=READS_ONLY)
    assert code == 0
    assert "the token of a fork's pull request may not; the report is in the step summary" in said
    assert job.github.comments == []


def test_a_token_that_may_not_is_told_what_it_lacks(job: Job) -> None:
    code, said = job.run_pull_request(job.github.open(7, sha=SHA), token=READS_ONLY)
    assert code == 2
    assert "403 Resource not accessible by integration; give the job permissions: {pull-requests: write}" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(("token", "said"), [("", "GITHUB_TOKEN is not set: give the step env"), ("x", "401 Bad cred")])
def test_without_a_token_it_says_how_to_have_one(job: Job, token: str, said: str) -> None:
    code, printed = job.run_pull_request(job.github.open(7, sha=SHA), token=token)
    assert code == 2
    assert said in printed
    assert TOKEN not in printed


def test_a_server_that_stumbles_is_asked_again_and_nothing_is_posted_twice(job: Job) -> None:
    pull = job.github.open(7, sha=SHA)
    job.github.fails = [502, 503]
    assert job.run_pull_request(pull)[0] == 0
    job.github.requests.clear()
    job.github.comments.clear()
    job.github.fails_to_write = 500
    code, said = job.run_pull_request(pull)
    assert (code, job.github.writes) == (2, ["POST"])
    assert "POST " in said
    assert "500 made up" in said


def test_a_server_that_is_down_is_named(job: Job) -> None:
    pull = job.github.open(7, sha=SHA)
    job.github.fails = [503, 503, 503]
    code, said = job.run_pull_request(pull)
    assert (code, len(job.github.requests)) == (2, 3)
    assert f"{job.github.address}/repos/owner/name/pulls/7: 503 made up" in said


def test_what_is_no_report_is_refused_with_its_name(job: Job) -> None:
    job.report.write_text("{")
    code, said = job.run_pull_request(job.github.open(7, sha=SHA))
    assert code == 2
    assert f"{job.report}: expected a gate's report (--gate-json)" in said
    job.report.unlink()
    assert "did the gate end before it wrote it?" in job.run_pull_request(job.github.pulls[0])[1]
    assert job.github.requests == []


def test_an_older_run_does_not_write_over_a_newer_one(job: Job) -> None:
    pull = job.github.open(7, sha=SHA)
    code, said = job.run_pull_request(pull | {"head": pull["head"] | {"sha": OLDER}})
    assert (code, said) == (0, "comment: not written, for the pull request has a newer commit\n")
    assert job.github.writes == []


def test_elsewhere_it_says_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    assert main(["comment", "gate.json"]) == 2
    assert "expected a workflow of GitHub or a pipeline of GitLab, found neither" in capsys.readouterr().err


def test_an_event_without_a_pull_request_has_no_comment(job: Job) -> None:
    code, said = job.run({"ref": "refs/heads/main"}, str(job.report))
    assert code == 2
    assert "expected the event pull_request or workflow_run" in said


# ------------------------------------------------------------------------------------------------- after another run


def test_the_report_of_a_fork_is_posted_under_the_pull_request_that_the_run_was_about(job: Job) -> None:
    job.github.open(6, sha=OLDER, fork=FORK, branch="other")
    job.github.open(7, sha=SHA, fork=FORK)
    job.github.open(8, sha=SHA, fork="another/name")
    job.github.artifacts = {1: ("speedscore-gate", archive({"gate.json": b"{}"}))}
    job.github.artifacts[2] = ("speedscore-gate", archive({"gate.json": as_bytes(), "pr-number.txt": b"6"}))
    assert job.run_after() == (0, "comment: posted https://host.example/comment-1\n")
    assert [request.path for request in job.github.requests if request.method == "POST"] == [
        "/repos/owner/name/issues/7/comments"
    ]
    (comment,) = job.github.comments
    assert "### speedscore gate: regressed: time of 1 case" in comment["body"]
    assert (
        "by the code of ccccccccc, in a job without a token](https://github.example/owner/name/actions/runs/77)"
        in comment["body"]
    )
    assert "--rootdir" not in comment["body"], "options that a stranger wrote are not for pasting into a shell"
    assert job.run_after()[1].startswith("comment: changed ")
    assert len(job.github.comments) == 1


def test_the_token_stays_with_the_api_when_the_artifact_lies_elsewhere(job: Job) -> None:
    job.github.open(7, sha=SHA, fork=FORK)
    job.github.artifacts = {2: ("speedscore-gate", archive({"gate.json": as_bytes()}))}
    job.run_after()
    (headers,) = job.github.storage_headers
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"head_sha": OLDER}, f"no open pull request has {OLDER[:9]} as its newest commit"),
        ({"head_repository": None}, f"no open pull request has {SHA[:9]}"),
        ({"head_repository": {"full_name": "stranger/renamed"}}, f"no open pull request has {SHA[:9]}"),
        ({"event": "push"}, "the run was of the event push and not of pull_request"),
    ],
)
def test_a_run_that_no_pull_request_is_about_has_no_comment(job: Job, run: dict[str, Any], said: str) -> None:
    job.github.open(7, sha=SHA, fork=FORK)
    code, printed = job.run_after(**run)
    assert code == 0
    assert said in printed
    assert job.github.writes == []


def test_a_run_without_a_report_of_that_name_has_no_comment(job: Job) -> None:
    job.github.open(7, sha=SHA, fork=FORK)
    job.github.artifacts = {1: ("speedscore-other", archive({"gate.json": as_bytes()}))}
    assert job.run_after() == (0, "comment: not written, for run 77 left no artifact speedscore-gate\n")
    assert job.run_after("--name", "other")[1].startswith("comment: posted ")


def test_a_token_that_may_not_see_the_other_run_is_told_what_it_lacks(job: Job) -> None:
    job.github.fails = [403]
    code, said = job.run_after()
    assert code == 2
    assert "403 made up; give the job permissions: {actions: read, pull-requests: write}" in said


def test_two_pull_requests_of_one_commit_are_not_guessed_at(job: Job) -> None:
    for number in (7, 9):
        job.github.open(number, sha=SHA, fork=FORK)
    code, said = job.run_after()
    assert code == 2
    assert "several pull requests have the commit ccccccccc" in said
    assert "#7, #9" in said


def lying_archive() -> bytes:
    """One whose directory says that a file of a gigabyte has a hundred bytes."""
    packed = archive({"gate.json": b" " * 30_000_000})
    return packed.replace((30_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (b"", "no archive that can be read"),
        (b"PK\x05\x06" + bytes(18), "holds no gate.json"),
        (archive({"gate.json": as_bytes()})[:-40], "no archive that can be read"),
        (archive({"../gate.json": as_bytes()}), "holds no gate.json"),
        (archive({"gate.json": b"[" * 100_000}), "expected a gate's report"),
        (archive({"gate.json": b'{"schema_version": 1}'}), "expected a gate's report"),
        (archive({"gate.json": as_bytes(schema_version=9)}), "expected a report of schema version 1, found 9"),
        (archive({"gate.json": b"\xff\xfe"}), "expected a gate's report"),
        (archive({"gate.json": as_bytes(headline="x" * 6_000_000)}), "expected at most 5000000 bytes, found more"),
        (archive({"gate.json": b" " * 30_000_000}), "expected at most 5000000 bytes, found more"),
        (lying_archive(), "no archive that can be read"),
        (archive({"gate.json": bytes(21_000_000)}, compression=zipfile.ZIP_STORED), "at most 20000000 bytes"),
    ],
    ids=[
        "empty",
        "no file",
        "cut off",
        "outside",
        "deep",
        "incomplete",
        "schema",
        "no text",
        "long",
        "bomb",
        "liar",
        "big",
    ],
)
def test_an_artifact_that_is_hostile_is_refused_in_one_line(job: Job, packed: bytes, said: str) -> None:
    job.github.open(7, sha=SHA, fork=FORK)
    job.github.artifacts = {1: ("speedscore-gate", packed)}
    code, printed = job.run_after()
    assert code == 2
    assert said in printed
    assert len(printed.splitlines()) == 1
    assert job.github.writes == []


def test_a_report_with_thousands_of_hostile_cases_is_one_comment_of_a_size_that_github_takes(job: Job) -> None:
    case = Verdict(case="@everybody <img src=x> | `", metric="time", outcome="regressed")
    job.github.open(7, sha=SHA, fork=FORK)
    text = as_bytes(verdicts=(case,) * 15_000, headline="@everybody\n" * 1000)
    job.github.artifacts = {1: ("speedscore-gate", archive({"gate.json": text}))}
    assert job.run_after()[0] == 0
    (comment,) = job.github.comments
    assert len(comment["body"]) < 65_536
    assert "left out, for a comment may not be longer" in comment["body"]


def test_no_report_is_named_where_it_comes_from_another_run(job: Job) -> None:
    code, said = job.run_after(str(job.report))
    assert code == 2
    assert "leave out REPORT" in said


# ------------------------------------------------------------------------------------------------- GitLab


@pytest.fixture
def gitlab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MadeUpGitLab]:
    host = MadeUpGitLab(commit=SHA)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with answering(host):
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        for name, value in {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": host.address,
            "CI_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "3",
            "CI_COMMIT_SHA": SHA,
            "CI_JOB_URL": "https://gitlab.example/group/name/-/jobs/1",
            "GITLAB_TOKEN": TOKEN,
        }.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "gate.json").write_bytes(as_bytes())
        monkeypatch.chdir(tmp_path)
        yield host


def test_on_gitlab_two_runs_leave_one_note(gitlab: MadeUpGitLab, capsys: pytest.CaptureFixture[str]) -> None:
    gitlab.add(f"{marker()}\nforged", author={"id": 13}, system=False)
    gitlab.add(f"{marker()}\nof the system", author={"id": 42}, system=True)
    assert [main(["comment", "gate.json"]) for _ in range(2)] == [0, 0]
    assert capsys.readouterr().out.splitlines() == [
        "comment: posted note 3 of merge request !3",
        "comment: changed note 3 of merge request !3",
    ]
    assert (len(gitlab.comments), gitlab.writes) == (3, ["POST", "PUT"])
    assert gitlab.comments[0]["body"].endswith("forged")
    assert "[The job](https://gitlab.example/group/name/-/jobs/1)" in gitlab.comments[2]["body"]


def test_on_gitlab_an_older_pipeline_does_not_write_over_a_newer_one(
    gitlab: MadeUpGitLab, capsys: pytest.CaptureFixture[str]
) -> None:
    gitlab.commit = OLDER
    assert main(["comment", "gate.json"]) == 0
    assert "the merge request has a newer commit" in capsys.readouterr().out
    assert gitlab.writes == []


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("GITLAB_TOKEN", "", "make a project access token (role Reporter, scope api)"),
        ("GITLAB_TOKEN", "expired", "401 401 Unauthorized; GITLAB_TOKEN must be a project access token"),
        ("CI_MERGE_REQUEST_IID", "", "CI_MERGE_REQUEST_IID: expected a number"),
        ("CI_PROJECT_ID", "5/../6", "CI_PROJECT_ID: expected a number"),
        ("CI_API_V4_URL", "", "expected the address of an API"),
    ],
)
def test_on_gitlab_what_is_missing_is_said_with_what_to_do(
    gitlab: MadeUpGitLab,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(variable, value)
    assert main(["comment", "gate.json"]) == 2
    assert said in capsys.readouterr().err
    assert gitlab.writes == []


# ------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["", "a b", "a-->", "x" * 61, "ü"])
def test_a_name_that_could_end_the_marker_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["comment", "gate.json", "--name", name])
    assert "expected up to 60 letters, digits, dots" in capsys.readouterr().err
