"""GitLab: the notes under the merge request that a pipeline is about, by the pipeline's variables and GitLab's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import msgspec

from speedscore.gate.posting.one_comment import Comment
from speedscore.gate.posting.rest import PostingError, Rest


class _Account(msgspec.Struct, frozen=True):
    id: int


class _Note(msgspec.Struct, frozen=True):
    id: int
    body: str | None = None
    author: _Account | None = None
    system: bool = False
    """True for what GitLab wrote itself, as that somebody pushed."""


class _MergeRequest(msgspec.Struct, frozen=True):
    sha: str | None = None


class GitLabThread:
    """The notes under a merge request; see ``one_comment.Thread``."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Raises PostingError for what is missing."""
        # In a pipeline of a fork the merge request is the other project's.
        project = environment.get("CI_MERGE_REQUEST_PROJECT_ID") or environment.get("CI_PROJECT_ID", "")
        number, token = environment.get("CI_MERGE_REQUEST_IID", ""), environment.get("GITLAB_TOKEN", "")
        for variable, found in (("CI_PROJECT_ID", project), ("CI_MERGE_REQUEST_IID", number)):
            if not found.isdecimal():
                raise PostingError(
                    f"{variable}: expected a number, as in a merge request's pipeline, found {found!r}; give the job "
                    'rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]'
                )
        if not token:
            raise PostingError(
                "GITLAB_TOKEN is not set: make a project access token (role Reporter, scope api) and a masked variable "
                "of that name; a pipeline of a fork has none, and its report is the job's artifact"
            )
        self._rest = Rest(
            environment.get("CI_API_V4_URL", ""), headers={"PRIVATE-TOKEN": token, "User-Agent": "speedscore"}
        )
        self._merge_request = f"/projects/{project}/merge_requests/{number}"
        self._commit = environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environment.get("CI_COMMIT_SHA", "")

    def is_current(self) -> bool:
        """Whether nothing was pushed to the merge request since."""
        return self._rest.get(self._merge_request, _MergeRequest).sha == self._commit

    def comments(self) -> Iterator[Comment]:
        for each in self._rest.pages(f"{self._merge_request}/notes", _Note, sort="asc", order_by="created_at"):
            if not each.system:
                author = "" if each.author is None else str(each.author.id)
                yield Comment(id=each.id, text=each.body or "", author=author)

    def is_ours(self, comment: Comment) -> bool:
        return comment.author == self._own_id

    def add(self, text: str) -> str:
        return self._named(self._rest.send("POST", f"{self._merge_request}/notes", _Note, body={"body": text}))

    def change(self, comment: Comment, text: str) -> str:
        path = f"{self._merge_request}/notes/{comment.id}"
        return self._named(self._rest.send("PUT", path, _Note, body={"body": text}))

    def _named(self, note: _Note) -> str:
        return f"note {note.id} of merge request !{self._merge_request.rpartition('/')[2]}"

    @cached_property
    def _own_id(self) -> str:
        return str(self._rest.get("/user", _Account).id)
