"""Stand-ins for the interfaces of GitHub and of GitLab, as far as a comment needs them: lists in pages, comments that
are posted and changed, artifacts, tokens that may and may not. They answer here, and remember what was asked."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from tests.scoring.collecting.local_server import Reply, Request, as_json, serving

TOKEN = "a-token-that-may-write"
READS_ONLY = "a-token-that-may-read"
"""As that of a fork's pull request."""


def archive(files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """What an artifact is downloaded as."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as opened:
        for name, text in files.items():
            opened.writestr(name, text)
    return packed.getvalue()


class MadeUpHost:
    """What both have in common: comments, tokens, pages, and requests that are remembered."""

    def __init__(self) -> None:
        self.address = ""
        self.comments: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self.fails: list[int] = []
        """What the next requests are answered with, whatever they ask."""
        self.fails_to_write = 0
        """What requests that are to change something are answered with; 0 where they are heard."""

    @property
    def writes(self) -> list[str]:
        """The methods of all requests that were to change something."""
        return [request.method for request in self.requests if request.method != "GET"]

    def add(self, text: str, **fields: Any) -> dict[str, Any]:
        number = len(self.comments) + 1
        comment = {"id": number, "body": text, "html_url": f"https://host.example/comment-{number}"} | fields
        self.comments.append(comment)
        return comment

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        if self.fails:
            return as_json({"message": "made up"}, status=self.fails.pop(0))
        if self.fails_to_write and request.method != "GET":
            return as_json({"message": "made up"}, status=self.fails_to_write)
        return self.route(request, urlsplit(request.path).path, parse_qs(urlsplit(request.path).query))

    def route(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply:
        raise NotImplementedError

    def change(self, request: Request, number: int) -> Reply:
        (comment,) = [each for each in self.comments if each["id"] == number]
        comment["body"] = msgspec.json.decode(request.body)["body"]
        return as_json(comment)


def page(items: list[Any], query: dict[str, list[str]]) -> Reply:
    size, number = (int(query.get(name, [str(default)])[0]) for name, default in (("per_page", 30), ("page", 1)))
    return as_json(items[(number - 1) * size : number * size])


class MadeUpGitHub(MadeUpHost):
    """One repository, ``owner/name``."""

    repository = "owner/name"

    def __init__(self) -> None:
        super().__init__()
        self.pulls: list[dict[str, Any]] = []
        self.artifacts: dict[int, tuple[str, bytes]] = {}
        """By id the name and the archive; all of run 77."""
        self.storage_headers: list[Mapping[str, str]] = []

    def open(self, number: int, *, sha: str, fork: str = "owner/name", branch: str = "topic") -> dict[str, Any]:
        """A pull request."""
        head = {"sha": sha, "ref": branch, "repo": {"full_name": fork}}
        base = {"sha": "b" * 40, "ref": "main", "repo": {"full_name": self.repository}}
        pull = {"number": number, "state": "open", "head": head, "base": base}
        self.pulls.append(pull)
        return pull

    def route(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply:
        if path.startswith("/storage/"):
            self.storage_headers.append(request.headers)
            return Reply(200, self.artifacts[int(path.rpartition("/")[2])][1])
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in (TOKEN, READS_ONLY):
            return as_json({"message": "Bad credentials"}, status=401)
        if request.method != "GET" and token != TOKEN:
            return as_json({"message": "Resource not accessible by integration"}, status=403)
        below = f"/repos/{self.repository}"
        routes: list[tuple[str, str, Callable[..., Reply]]] = [
            ("GET", r"/user", lambda: as_json({"message": "Resource not accessible by integration"}, status=403)),
            ("GET", rf"{below}/pulls", lambda: page(self._pulls(query["head"][0]), query)),
            ("GET", rf"{below}/pulls/(\d+)", lambda number: as_json(self._pull(int(number)))),
            ("GET", rf"{below}/issues/\d+/comments", lambda: page(self.comments, query)),
            ("POST", rf"{below}/issues/\d+/comments", lambda: self._post(request)),
            ("PATCH", rf"{below}/issues/comments/(\d+)", lambda number: self.change(request, int(number))),
            ("GET", rf"{below}/actions/runs/77/artifacts", lambda: self._list_artifacts(query["name"][0])),
            ("GET", rf"{below}/actions/artifacts/(\d+)/zip", self._redirect),
        ]
        for method, pattern, reply in routes:
            if request.method == method and (match := re.fullmatch(pattern, path)):
                return reply(*match.groups())
        return as_json({"message": "Not Found"}, status=404)

    def _pulls(self, head: str) -> list[dict[str, Any]]:
        def names(pull: dict[str, Any]) -> str:
            return f"{pull['head']['repo']['full_name'].partition('/')[0]}:{pull['head']['ref']}"

        return [pull for pull in self.pulls if names(pull) == head]

    def _pull(self, number: int) -> dict[str, Any]:
        return next(pull for pull in self.pulls if pull["number"] == number)

    def _post(self, request: Request) -> Reply:
        bot = {"login": "github-actions[bot]", "type": "Bot"}
        return as_json(self.add(msgspec.json.decode(request.body)["body"], user=bot), status=201)

    def _list_artifacts(self, name: str) -> Reply:
        found = [{"id": number, "name": each} for number, (each, _) in self.artifacts.items() if each == name]
        return as_json({"total_count": len(found), "artifacts": found})

    def _redirect(self, number: str) -> Reply:
        return Reply(302, b"", {"Location": f"{self.address}/storage/{number}"})


class MadeUpGitLab(MadeUpHost):
    """Project 5 with merge request 3."""

    own_id = 42

    def __init__(self, *, commit: str) -> None:
        super().__init__()
        self.commit = commit

    def route(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply:
        if request.headers.get("private-token") != TOKEN:
            return as_json({"message": "401 Unauthorized"}, status=401)
        below = "/projects/5/merge_requests/3"
        if (request.method, path) == ("GET", "/user"):
            return as_json({"id": self.own_id, "username": "project_5_bot"})
        if (request.method, path) == ("GET", below):
            return as_json({"iid": 3, "sha": self.commit})
        if (request.method, path) == ("GET", f"{below}/notes"):
            return page(self.comments, query)
        if (request.method, path) == ("POST", f"{below}/notes"):
            text = msgspec.json.decode(request.body)["body"]
            return as_json(self.add(text, author={"id": self.own_id}, system=False), status=201)
        if request.method == "PUT" and (match := re.fullmatch(rf"{below}/notes/(\d+)", path)):
            return self.change(request, int(match[1]))
        return as_json({"message": "404 Not found"}, status=404)


@contextlib.contextmanager
def answering(host: MadeUpHost) -> Iterator[None]:
    """While the block runs, the host answers at its ``address``."""
    with serving(host.answer) as address:
        host.address = address
        yield
