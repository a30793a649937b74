"""A GitHub of a test's own: it answers GraphQL queries over an excerpt of the documented schema, and refuses others.

Types, fields and arguments are those of GitHub's public schema (octokit/graphql-schema, schema.graphql). Only what a
query selects is answered; a field or an argument that the schema lacks is refused as GitHub refuses it, so that a
misspelt query fails here too.
"""

from __future__ import annotations

import base64
import datetime
import re
from typing import Any, NamedTuple

import msgspec

from tests.scoring.collecting.local_server import Reply, Request, as_json

_PAGING = {"after", "before", "first", "last"}
SCHEMA: dict[str, dict[str, tuple[str, set[str]]]] = {
    "Query": {"repository": ("Repository", {"owner", "name", "followRenames"}), "rateLimit": ("RateLimit", {"dryRun"})},
    "RateLimit": {name: ("", set()) for name in ("cost", "limit", "nodeCount", "remaining", "resetAt", "used")},
    "Repository": {
        **{name: ("", set()) for name in ("nameWithOwner", "stargazerCount", "forkCount", "hasDiscussionsEnabled")},
        "isSecurityPolicyEnabled": ("", set()),
        "defaultBranchRef": ("Ref", set()),
        "discussions": ("DiscussionConnection", _PAGING | {"answered", "categoryId", "orderBy", "states"}),
        "issues": ("IssueConnection", _PAGING | {"filterBy", "labels", "orderBy", "states"}),
    },
    "DiscussionConnection": {"totalCount": ("", set()), "pageInfo": ("PageInfo", set())},
    "IssueConnection": {"totalCount": ("", set()), "pageInfo": ("PageInfo", set()), "nodes": ("Issue", set())},
    "Ref": {"name": ("", set()), "target": ("GitObject", set())},
    "GitObject": {"oid": ("", set())},
    "Commit": {
        "oid": ("", set()),
        "history": ("CommitHistoryConnection", _PAGING | {"author", "path", "since", "until"}),
    },
    "CommitHistoryConnection": {"totalCount": ("", set()), "pageInfo": ("PageInfo", set())},
    "PageInfo": {name: ("", set()) for name in ("endCursor", "hasNextPage", "hasPreviousPage", "startCursor")},
    "Issue": {name: ("", set()) for name in ("number", "title", "createdAt", "closedAt", "closed", "state")},
}
_TOKEN = re.compile(r"[\s,]*(?:(?P<value>\$?\w+)|(?P<sign>\.\.\.|[{}():!=\[\]]))")


class Field(NamedTuple):
    name: str
    arguments: dict[str, Any]
    selection: list[Field]


class Refused(Exception):
    """The query is not one of this schema."""


class FakeGitHub:
    """One repository, one token, and an hour's points."""

    def __init__(self, *, token: str = "a-token", name: str = "google/flax") -> None:
        self.token = token
        self.name = name
        self.stars, self.forks, self.discussions = 5_144, 600, 1_500
        self.discussions_enabled = True
        self.security_policy: bool | None = False
        self.issues: list[tuple[str, str | None]] = []
        """Created and closed, as GitHub writes moments; the newest first."""
        self.commits: list[str] | None = []
        """Of the main branch, each by its moment; None where there is no such branch."""
        self.remaining = 5_000
        self.cost = 1
        self.reset_at = datetime.datetime(2024, 1, 31, 12, tzinfo=datetime.UTC)
        self.first: list[Reply] = []
        """Answered to the first requests, whatever they ask."""
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        if len(self.requests) <= len(self.first):
            return self.first[len(self.requests) - 1]
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return as_json({"message": "Bad credentials", "status": "401"}, status=401)
        self.remaining -= self.cost
        asked = msgspec.json.decode(request.body)
        try:
            selection = parse(asked["query"], asked["variables"])
            data, errors = self._query(selection)
        except Refused as error:
            return as_json({"errors": [{"message": str(error)}]})
        return as_json({"data": data} | ({"errors": errors} if errors else {}))

    def _query(self, selection: list[Field]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        data: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for field in selection:
            check(field, "Query")
            if field.name == "rateLimit":
                moment = self.reset_at.isoformat().replace("+00:00", "Z")
                data["rateLimit"] = select(
                    field, {"cost": self.cost, "limit": 5_000, "remaining": self.remaining, "resetAt": moment}
                )
            elif f"{field.arguments['owner']}/{field.arguments['name']}".lower() == self.name.lower():
                data["repository"] = select(field, self._repository(field.selection))
            else:
                data["repository"] = None
                message = f"Could not resolve to a Repository with the name '{field.arguments['owner']}/…'."
                errors.append({"type": "NOT_FOUND", "path": ["repository"], "message": message})
        return data, errors

    def _repository(self, selection: list[Field]) -> dict[str, Any]:
        values: dict[str, Any] = {
            "nameWithOwner": self.name,
            "stargazerCount": self.stars,
            "forkCount": self.forks,
            "hasDiscussionsEnabled": self.discussions_enabled,
            "isSecurityPolicyEnabled": self.security_policy,
            "discussions": {"totalCount": self.discussions},
        }
        for field in selection:
            if field.name in ("issues", "discussions") and not 1 <= field.arguments.get("first", 0) <= 100:
                raise Refused(f"You must provide a `first` or `last` value to properly paginate `{field.name}`.")
            if field.name == "issues":
                values["issues"] = self._page(**field.arguments)
            if field.name == "defaultBranchRef":
                values["defaultBranchRef"] = self._branch(*field.selection)
        return values

    def _branch(self, target: Field) -> dict[str, Any] | None:
        if self.commits is None:
            return None
        ((history,),) = (fragment.selection for fragment in target.selection)
        since, until = history.arguments["since"], history.arguments["until"]
        return {"target": {"history": {"totalCount": sum(since <= moment <= until for moment in self.commits)}}}

    def _page(self, *, first: int, after: str | None = None, orderBy: dict[str, str] | None = None) -> dict[str, Any]:  # noqa: N803
        issues = self.issues if orderBy == {"field": "CREATED_AT", "direction": "DESC"} else self.issues[::-1]
        start = int(base64.b64decode(after).decode().rpartition(":")[2]) if after else 0
        nodes = issues[start : start + first]
        end = start + len(nodes)
        return {
            "totalCount": len(issues),
            "nodes": [{"createdAt": created, "closedAt": closed} for created, closed in nodes],
            "pageInfo": {
                "hasNextPage": end < len(issues),
                "endCursor": base64.b64encode(f"cursor:{end}".encode()).decode() if nodes else None,
            },
        }


def parse(query: str, variables: dict[str, Any]) -> list[Field]:
    """The selection of the one operation in ``query``, with the variables put in."""
    tokens: list[str] = []
    place = 0
    while place < len(query.rstrip()):
        match = _TOKEN.match(query, place)
        if match is None:
            raise Refused(f"Parse error on {query[place]!r}")
        tokens.append(match["value"] or match["sign"])
        place = match.end()
    expect(tokens, "query")
    declared = _declared(tokens)
    if unknown := set(variables) - set(declared):
        raise Refused(f"Variables {sorted(unknown)} are not declared")
    return _selection(tokens, {name: variables.get(name) for name in declared})


def _declared(tokens: list[str]) -> dict[str, str]:
    declared = {}
    if tokens[0] == "(":
        tokens.pop(0)
        while tokens[0] != ")":
            name = tokens.pop(0).removeprefix("$")
            expect(tokens, ":")
            declared[name] = tokens.pop(0)
            if tokens[0] == "!":
                tokens.pop(0)
        tokens.pop(0)
    return declared


def _selection(tokens: list[str], variables: dict[str, Any]) -> list[Field]:
    expect(tokens, "{")
    fields = []
    while tokens[0] != "}":
        name = tokens.pop(0)
        if name == "...":
            expect(tokens, "on")
            name = f"... on {tokens.pop(0)}"
        arguments = _pairs(tokens, variables, end=")") if tokens[0] == "(" else {}
        fields.append(Field(name, arguments, _selection(tokens, variables) if tokens[0] == "{" else []))
    tokens.pop(0)
    return fields


def _pairs(tokens: list[str], variables: dict[str, Any], *, end: str) -> dict[str, Any]:
    tokens.pop(0)
    pairs: dict[str, Any] = {}
    while tokens[0] != end:
        name = tokens.pop(0)
        expect(tokens, ":")
        if tokens[0] == "{":
            pairs[name] = _pairs(tokens, variables, end="}")
            continue
        value = tokens.pop(0)
        if value.startswith("$"):
            if value[1:] not in variables:
                raise Refused(f"Variable {value} is used but not declared")
            pairs[name] = variables[value[1:]]
        else:
            pairs[name] = int(value) if value.isdecimal() else value
    tokens.pop(0)
    return pairs


def expect(tokens: list[str], token: str) -> None:
    if tokens.pop(0) != token:
        raise Refused(f"Parse error, expected {token!r}")


def check(field: Field, parent: str) -> None:
    """Refuse a field or an argument that ``parent`` lacks, and a selection where none or one belongs."""
    if field.name.startswith("... on "):
        for inner in field.selection:
            check(inner, field.name.removeprefix("... on "))
        return
    if field.name not in SCHEMA[parent]:
        raise Refused(f"Field '{field.name}' doesn't exist on type '{parent}'")
    kind, arguments = SCHEMA[parent][field.name]
    if unknown := set(field.arguments) - arguments:
        raise Refused(f"Field '{field.name}' doesn't accept argument {sorted(unknown)}")
    if bool(kind) != bool(field.selection):
        raise Refused(f"Field '{field.name}' must{'' if kind else ' not'} have selections")
    for inner in field.selection:
        check(inner, kind)


def select(field: Field, values: Any) -> Any:
    """Of ``values`` what the field's selection names."""
    if not field.selection or values is None:
        return values
    if isinstance(values, list):
        return [select(field, value) for value in values]
    if field.selection[0].name.startswith("... on "):
        return select(field.selection[0], values)
    return {inner.name: select(inner, values[inner.name]) for inner in field.selection}
