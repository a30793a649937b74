"""GitHub: which pull request a workflow is about, and the comments under it.

All that is believed comes from the event that GitHub itself wrote down and from its API: in a workflow that
``workflow_run`` starts, nothing that the other run left behind says to which pull request it belongs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from speedscore.gate.posting.one_comment import Comment
from speedscore.gate.posting.rest import PostingError, RefusedError, Rest
from speedscore.host.files import read_file

_BOT = "Bot"
"""As a user's type; a person may be called so."""


class Repository(msgspec.Struct, frozen=True):
    full_name: str
    """``owner/name``"""


class Branch(msgspec.Struct, frozen=True):
    """One end of a pull request."""

    sha: str
    repo: Repository | None = None
    """None where the fork was deleted."""


class PullRequest(msgspec.Struct, frozen=True):
    number: int
    head: Branch
    base: Branch

    @property
    def is_from_fork(self) -> bool:
        return self.head.repo != self.base.repo


class WorkflowRun(msgspec.Struct, frozen=True):
    """The run whose end started this workflow."""

    id: int
    event: str
    head_sha: str
    html_url: str
    head_branch: str | None = None
    head_repository: Repository | None = None


class Event(msgspec.Struct, frozen=True):
    """What GitHub wrote down of the event that started this workflow, as far as it matters here."""

    pull_request: PullRequest | None = None
    workflow_run: WorkflowRun | None = None


def read_event(environment: Mapping[str, str]) -> Event:
    """Raises PostingError where there is none, or one that cannot be read."""
    path = environment.get("GITHUB_EVENT_PATH", "")
    if not path:
        raise PostingError("GITHUB_EVENT_PATH is not set: expected the file that a workflow of GitHub finds there")
    try:
        return msgspec.json.decode(read_file(Path(path)), type=Event)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PostingError(f"{path}: expected an event as GitHub writes it down: {error}") from None


class GitHub:
    """A repository, and the token that speaks for the workflow."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Raises PostingError for what is missing."""
        token, self.repository = environment.get("GITHUB_TOKEN", ""), environment.get("GITHUB_REPOSITORY", "")
        if not token:
            raise PostingError("GITHUB_TOKEN is not set: give the step env: GITHUB_TOKEN: ${{ github.token }}")
        if self.repository.count("/") != 1:
            raise PostingError(f"GITHUB_REPOSITORY: expected owner/name, found {self.repository!r}")
        self.rest = Rest(
            environment.get("GITHUB_API_URL") or "https://api.github.com",
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "User-Agent": "speedscore",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )

    def is_current(self, pull_request: PullRequest) -> bool:
        """Whether nothing was pushed to it since."""
        now = self.rest.get(f"/repos/{self.repository}/pulls/{pull_request.number}", PullRequest)
        return now.head.sha == pull_request.head.sha

    def pull_request_of(self, run: WorkflowRun) -> PullRequest | None:
        """The open pull request whose newest commit that run was about; None where there is none, or none any more.

        GitHub names it in the event only where its branch is in this repository. Raises PostingError where several
        pull requests have that commit.
        """
        if run.head_repository is None or not run.head_branch:
            return None
        owner = run.head_repository.full_name.partition("/")[0]
        path, of_branch = f"/repos/{self.repository}/pulls", f"{owner}:{run.head_branch}"
        found = [
            each
            for each in self.rest.pages(path, PullRequest, state="open", head=of_branch)
            if each.head.sha == run.head_sha and each.head.repo == run.head_repository
        ]
        if len(found) > 1:
            numbers = ", ".join(f"#{each.number}" for each in found)
            raise PostingError(
                f"several pull requests have the commit {run.head_sha[:9]}, so it is not said to which "
                f"the report belongs: {numbers}; close all but one"
            )
        return found[0] if found else None

    def thread(self, pull_request: PullRequest) -> GitHubThread:
        return GitHubThread(self.rest, self.repository, pull_request.number)


class _User(msgspec.Struct, frozen=True):
    login: str = ""
    type: str = ""


class _Comment(msgspec.Struct, frozen=True):
    id: int
    html_url: str
    body: str | None = None
    user: _User | None = None
    """None where whoever wrote it is gone."""


class GitHubThread:
    """The comments under a pull request; see ``one_comment.Thread``."""

    def __init__(self, rest: Rest, repository: str, number: int) -> None:
        self._rest = rest
        self._repository = repository
        self._number = number

    def comments(self) -> Iterator[Comment]:
        for each in self._rest.pages(f"/repos/{self._repository}/issues/{self._number}/comments", _Comment):
            user = each.user or _User()
            yield Comment(id=each.id, text=each.body or "", author=user.login, is_by_bot=user.type == _BOT)

    def is_ours(self, comment: Comment) -> bool:
        """A workflow's own token writes as a bot and may not ask who it is; nobody becomes a bot but by the
        repository's leave. Any other token may ask."""
        return comment.is_by_bot or (bool(comment.author) and comment.author == self._login)

    def add(self, text: str) -> str:
        path = f"/repos/{self._repository}/issues/{self._number}/comments"
        return self._rest.send("POST", path, _Comment, body={"body": text}).html_url

    def change(self, comment: Comment, text: str) -> str:
        path = f"/repos/{self._repository}/issues/comments/{comment.id}"
        return self._rest.send("PATCH", path, _Comment, body={"body": text}).html_url

    @cached_property
    def _login(self) -> str:
        try:
            return self._rest.get("/user", _User).login
        except RefusedError:
            return ""
