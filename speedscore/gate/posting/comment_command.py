"""Write a gate's report as the one comment under its pull request or merge request: changed, or posted where it is not.

It runs in a workflow of GitHub or a pipeline of GitLab, and takes from there what it needs to know. Without REPORT it
takes the report that another run of the workflow uploaded (on: workflow_run), so that the job which runs the code of a
pull request needs no token.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from speedscore.gate.posting.artifact import artifact_name, report_of_run
from speedscore.gate.posting.github import GitHub, PullRequest, WorkflowRun, read_event
from speedscore.gate.posting.gitlab import GitLabThread
from speedscore.gate.posting.one_comment import Thread, put
from speedscore.gate.posting.rest import PostingError, RefusedError
from speedscore.gate.reporting.comment import DEFAULT_NAME, NAME_PATTERN, markdown
from speedscore.gate.reporting.report import GateReport
from speedscore.gate.reporting.report_file import GateReportError, read_report
from speedscore.host.files import read_file
from speedscore.text.arguments import examples
from speedscore.text.cleaning import printable
from speedscore.text.output import COMMAND, write

EXAMPLES = examples(f"{COMMAND} comment gate.json", f"{COMMAND} comment gate.json --name py312", f"{COMMAND} comment")
ERRORS = (GateReportError, PostingError)
_NOT_ALLOWED = frozenset({401, 403, 404})
"""A token that may not write is told so, or that there is nothing there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "report",
        nargs="?",
        type=Path,
        metavar="REPORT",
        help="what --gate-json wrote; none in a workflow that another one started: then it is that one's artifact",
    )
    parser.add_argument(
        "--name",
        type=_name,
        default=DEFAULT_NAME,
        help="tells the gates of one pull request apart, each of which has a comment of its own (default: gate)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the comment, say where it is, and return 0; also where there is nothing to write, which is said.

    Raises GateReportError, PostingError.
    """
    environment = os.environ
    if environment.get("GITHUB_ACTIONS") == "true":
        done = _on_github(options.report, options.name, environment)
    elif environment.get("GITLAB_CI") == "true":
        done = _on_gitlab(options.report, options.name, environment)
    else:
        raise PostingError(
            "comment: expected a workflow of GitHub or a pipeline of GitLab, found neither; to look at "
            f"the comment here: {COMMAND} gate BASE --markdown gate.md"
        )
    return write(f"comment: {done}\n", what="answer")


def _on_github(path: Path | None, name: str, environment: Mapping[str, str]) -> str:
    event = read_event(environment)
    github = GitHub(environment)
    if event.workflow_run is not None:
        if path is not None:
            raise PostingError("leave out REPORT: in a workflow that another one started it is that one's artifact")
        return _of_other_run(github, event.workflow_run, name)
    if event.pull_request is None:
        raise PostingError("expected the event pull_request or workflow_run, found another: only they have a comment")
    return _of_this_run(github, event.pull_request, _read(path), name=name, environment=environment)


def _of_this_run(
    github: GitHub, pull_request: PullRequest, report: GateReport, *, name: str, environment: Mapping[str, str]
) -> str:
    server, number = (environment.get(variable, "") for variable in ("GITHUB_SERVER_URL", "GITHUB_RUN_ID"))
    address = f"{server}/{github.repository}/actions/runs/{number}"
    remark = _link(f"The run of {pull_request.head.sha[:9]}", address)
    try:
        if not github.is_current(pull_request):
            return "not written, for the pull request has a newer commit"
        return _put(github.thread(pull_request), report, name=name, remark=remark)
    except RefusedError as refused:
        if pull_request.is_from_fork and refused.status in _NOT_ALLOWED:
            return (
                "not written, for the token of a fork's pull request may not; the report is in the step summary. To "
                "have it as a comment, add the workflow that posts it: docs/pull-requests.md"
            )
        raise _with_advice(refused, "give the job permissions: {pull-requests: write}") from None


def _of_other_run(github: GitHub, run: WorkflowRun, name: str) -> str:
    if run.event != "pull_request":
        return f"not written, for the run was of the event {run.event} and not of pull_request"
    remark = _link(f"Measured by the code of {run.head_sha[:9]}, in a job without a token", run.html_url)
    try:
        pull_request = github.pull_request_of(run)
        if pull_request is None:
            return f"not written, for no open pull request has {run.head_sha[:9]} as its newest commit"
        report = report_of_run(github, run.id, name=name)
        if report is None:
            return f"not written, for run {run.id} left no artifact {artifact_name(name)}"
        # Options for pytest that a stranger wrote are not for pasting into a shell.
        stripped = msgspec.structs.replace(report, arguments=())
        return _put(github.thread(pull_request), stripped, name=name, remark=remark)
    except RefusedError as refused:
        raise _with_advice(refused, "give the job permissions: {actions: read, pull-requests: write}") from None


def _on_gitlab(path: Path | None, name: str, environment: Mapping[str, str]) -> str:
    report = _read(path)
    thread = GitLabThread(environment)
    try:
        if not thread.is_current():
            return "not written, for the merge request has a newer commit"
        return _put(thread, report, name=name, remark=_link("The job", environment.get("CI_JOB_URL", "")))
    except RefusedError as refused:
        advice = "GITLAB_TOKEN must be a project access token, role Reporter, scope api, that has not expired"
        raise _with_advice(refused, advice) from None


def _with_advice(refused: RefusedError, advice: str) -> PostingError:
    """What was refused for want of rights, with how to have them."""
    return PostingError(f"{refused}; {advice}") if refused.status in _NOT_ALLOWED else refused


def _put(thread: Thread, report: GateReport, *, name: str, remark: str) -> str:
    return put(thread, printable(markdown(report, name=name, remark=remark)))


def _read(path: Path | None) -> GateReport:
    if path is None:
        raise PostingError("name the REPORT, the file that --gate-json wrote")
    try:
        return read_report(read_file(path), what=str(path))
    except OSError as error:
        raise PostingError(f"{path}: cannot be read ({error.strerror}); did the gate end before it wrote it?") from None


def _link(text: str, address: str) -> str:
    return f"[{text}]({address})" if re.fullmatch(r"https?://[\w./:~-]+", address) else ""


def _name(text: str) -> str:
    if not re.fullmatch(NAME_PATTERN, text):
        raise argparse.ArgumentTypeError(
            f"expected up to 60 letters, digits, dots, dashes, underscores, found {text!r}"
        )
    return text
