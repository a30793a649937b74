"""The action and the templates for continuous integration: their own scripts, run by bash in a real repository with a
slowdown that was planted there, against stand-ins for the hosts; and what linters say of them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.gate.made_up_runner import Runner, yaml
from tests.gate.posting.made_up_hosts import READS_ONLY, TOKEN, MadeUpGitHub, MadeUpGitLab, answering, archive
from tests.gate.sample_repository import AT_A_GLANCE, QUICK, Repository
from tests.places import ROOT

ACTION, COMMENT = ROOT / "action.yml", ROOT / "comment" / "action.yml"
EXAMPLES = ROOT / "examples" / "ci"
GATE_YML, COMMENT_YML = EXAMPLES / "speedscore.yml", EXAMPLES / "speedscore-comment.yml"
FORK = "stranger/name"
HEADLINE = "### speedscore gate: regressed: time of 1 case, units of 1 case"

BENCHMARK = """
import made_up_clock

UNITS = 10


@made_up_clock.counted
def test_slower(benchmark):
    benchmark.extra_info["speedscore_counts"] = {"units": UNITS}
    benchmark(made_up_clock.work, UNITS)


@made_up_clock.counted
def test_left_out(benchmark):
    benchmark(made_up_clock.work, UNITS)
"""

PYTHON = """#!/bin/sh
# Stands for the job's own interpreter. Nothing is installed: pip's words are kept, and what it would bring is here.
case "$*" in
*"-m pip install"*) printf '%s\\n' "$@" - >> "$PIP_WORDS" ;;
*"-m venv"*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
*) exec "{python}" "$@" ;;
esac
"""


class Job:
    """A pull request's merge commit, checked out by a runner."""

    def __init__(self, repository: Repository, host: MadeUpGitHub, temporary: Path) -> None:
        self.repository = repository
        self.host = host
        self.pip_words = temporary / "pip-words"
        self.head = repository.git("rev-parse", "HEAD^2")
        self._temporary = temporary
        self._programs = temporary / "programs"
        self._programs.mkdir()
        for name in ("python", "python3"):
            (self._programs / name).write_text(PYTHON.format(python=sys.executable))
            (self._programs / name).chmod(0o755)

    def environment(self, **variables: str) -> dict[str, str]:
        path = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        return self.repository.environment(PATH=path, PIP_WORDS=str(self.pip_words), **variables)

    def installed(self) -> list[list[str]]:
        """What pip was told to install, time after time."""
        calls = [part.splitlines() for part in self.pip_words.read_text().removesuffix("-\n").split("\n-\n")]
        assert all(words[:4] == ["-m", "pip", "install", "--quiet"] for words in calls)
        return [words[4:] for words in calls]

    def runner(self, event: dict[str, Any]) -> Runner:
        temporary = self._temporary / f"runner-{len(list(self._temporary.glob('runner-*')))}"
        temporary.mkdir()
        event_path = temporary / "event.json"
        event_path.write_text(json.dumps(event))
        environment = self.environment(
            GITHUB_ACTIONS="true",
            GITHUB_API_URL=self.host.address,
            GITHUB_SERVER_URL="https://github.example",
            GITHUB_REPOSITORY=self.host.repository,
            GITHUB_RUN_ID="77",
            GITHUB_EVENT_PATH=str(event_path),
        )
        return Runner(self.repository.folder, temporary, environment=environment)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A base, a branch that is slower, and the merge of the two, which is what a pull request checks out."""
    repository = Repository(tmp_path_factory.mktemp("action") / "repository", settings=QUICK)
    repository.commit({"test_it.py": BENCHMARK})
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit({"test_it.py": BENCHMARK.replace("UNITS = 10", "UNITS = 20")})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"notes.txt": "the base went on"})
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "topic")
    return repository


@pytest.fixture
def job(repository: Repository, tmp_path: Path) -> Iterator[Job]:
    host = MadeUpGitHub()
    with answering(host):
        yield Job(repository, host, tmp_path)


@pytest.fixture(scope="module")
def first(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, Runner, int]:
    """One run of the action in a workflow of the same repository, with words that a shell would split or run."""
    host = MadeUpGitHub()
    with answering(host):
        job = Job(repository, host, tmp_path_factory.mktemp("job"))
        runner = job.runner({"pull_request": host.open(7, sha=job.head)})
        code = runner.run(
            ACTION,
            event_name="pull_request",
            token=TOKEN,
            pytest_args="-k 'slower or other' -o 'markers=$(touch injected): a mark' test_it.py",
            install="-e '.[a b]' $(touch injected)",
            time_budget="5m",
        )
    return job, runner, code


def workflow(path: Path) -> dict[str, Any]:
    # YAML 1.1 takes the word "on" for true.
    read: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else str(key): value for key, value in read.items()}


def test_the_job_ends_with_the_exit_code_of_the_gate_once_the_comment_is_written(
    first: tuple[Job, Runner, int],
) -> None:
    job, runner, code = first
    assert code == 10, runner.printed
    (comment,) = job.host.comments
    lines = comment["body"].splitlines()
    assert lines[1] == HEADLINE
    slower = r"\| `test_it\.py::test_slower` \| time \| regressed \| [^|]+ \| [^|]+ \| \+100\.0\u00a0% \|"
    assert re.search(slower, comment["body"])
    assert "test_left_out" not in comment["body"]
    assert "commits that head lacks" not in comment["body"], "the base is that of the pull request"
    assert runner.summary.startswith("<!-- speedscore gate: gate -->\n### speedscore gate: regressed")


def test_the_artifact_holds_the_report_for_programs_and_for_readers(first: tuple[Job, Runner, int]) -> None:
    _, runner, _ = first
    files = runner.uploads["speedscore-gate"]
    can_draw = importlib.util.find_spec("jinja2") is not None
    assert sorted(files) == [*(["gate.html"] if can_draw else []), "gate.json", "gate.md"]
    assert json.loads(files["gate.json"])["exit_code"] == 10
    said = "the artifact has no gate.html; the line above says why"
    assert (said in runner.printed) is not can_draw


def test_no_input_is_run_by_the_shell(first: tuple[Job, Runner, int]) -> None:
    job, _, _ = first
    assert list(job.repository.folder.rglob("injected")) == []
    assert job.installed() == [[f"{ROOT}[why]", "-e", ".[a b]", "$(touch", "injected)"]]


def test_each_input_reaches_its_command_as_one_word(job: Job, tmp_path: Path) -> None:
    python, words = tmp_path / "python", tmp_path / "words"
    python.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" - >> '{words}'\n")
    python.chmod(0o755)
    inputs = {"base": "origin/a b", "build": "true", "inconclusive": "pass", "time_budget": "1h", "run": "a run.json"}
    inputs["pytest_args"] = "--gate-affected"
    runner = job.runner({})
    assert runner.run(ACTION, event_name="push", token=TOKEN, python=str(python), name="py312", **inputs) == 0
    install, gate, report = (part.splitlines() for part in words.read_text().removesuffix("-\n").split("\n-\n"))
    folder = runner.temporary / "speedscore-py312"
    assert install == ["-m", "pip", "install", "--quiet", f"{ROOT}[why,report]"]
    assert gate == [
        *("-P", "-m", "speedscore", "gate", "origin/a b", "--pytest-args=--gate-affected", "--build"),
        *("--inconclusive", "pass", "--time-budget", "1h"),
        *("--json", f"{folder}/gate.json", "--markdown", f"{folder}/gate.md"),
    ]
    assert report == ["-P", "-m", "speedscore", "report", "a run.json", "-o", f"{folder}/report.html"]
    assert runner.used["actions/upload-artifact"]["name"] == "speedscore-py312"


def test_an_upgrade_takes_the_place_of_the_base_and_each_line_is_one_claim(job: Job, tmp_path: Path) -> None:
    python, words = tmp_path / "python", tmp_path / "words"
    python.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" - >> '{words}'\n")
    python.chmod(0o755)
    inputs = {"upgrade": "jax==0.8.0\n\n  -r new.txt\n", "claim": "test_a faster 10%\n$(touch injected) unchanged\n\n"}
    assert job.runner({}).run(ACTION, event_name="push", token=TOKEN, python=str(python), **inputs) == 0
    gate = words.read_text().split("\n-\n")[1].splitlines()
    asked = ("--upgrade=jax==0.8.0", "--upgrade=-r new.txt", "--claim=test_a faster 10%")
    assert gate[4:9] == [*asked, "--claim=$(touch injected) unchanged", "--pytest-args="]


def test_the_token_is_the_commenting_step_s_alone() -> None:
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    assert [step["name"] for step in steps if "token" in json.dumps(step)] == ["Write the comment"]
    (checkout,) = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"]["persist-credentials"] is False


def test_the_fork_s_job_writes_no_comment_and_the_second_workflow_writes_one_however_often(
    first: tuple[Job, Runner, int], job: Job
) -> None:
    job.host.artifacts = {1: ("speedscore-gate", archive(first[1].uploads["speedscore-gate"]))}
    pull = job.host.open(9, sha=job.head, fork=FORK)
    run = {
        "id": 77,
        "event": "pull_request",
        "head_sha": job.head,
        "head_branch": "topic",
        "head_repository": {"full_name": FORK},
        "html_url": "https://github.example/owner/name/actions/runs/77",
    }
    for _ in range(2):
        runner = job.runner({"workflow_run": run})
        assert runner.run(COMMENT, event_name="workflow_run", token=TOKEN) == 0, runner.printed
    assert job.host.writes == ["POST", "PATCH"]
    (comment,) = job.host.comments
    assert HEADLINE in comment["body"]
    assert [request.path for request in job.host.requests if request.method == "POST"] == [
        f"/repos/owner/name/issues/{pull['number']}/comments"
    ]


def test_all_that_is_installed_beside_a_token_is_of_the_versions_that_were_tested(job: Job) -> None:
    """What builds the package too: it comes first, and then the package is built with nothing that pip finds itself."""
    job.runner({"workflow_run": {}}).run(COMMENT, event_name="workflow_run", token=TOKEN)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    builders = [Requirement(line).name for line in project["build-system"]["requires"]]
    constraints = ["--constraint", str(ROOT / "comment" / ".." / "constraints.txt")]
    assert job.installed() == [
        [*constraints, *builders],
        [*constraints, "--no-build-isolation", str(ROOT / "comment" / "..")],
    ]
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    for name in {*builders, *_needs("speedscore")}:
        assert re.search(rf"^{re.escape(name)}==", pinned, re.MULTILINE), f"{name} is installed in no tested version"


def _needs(name: str) -> set[str]:
    """The distributions that pip brings with one, by the names that constraints have."""
    found: set[str] = set()
    unread = {name}
    while unread:
        needed = [Requirement(line) for name in unread for line in metadata.requires(name) or ()]
        unread = {
            str(canonicalize_name(requirement.name))
            for requirement in needed
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        } - found
        found |= unread
    return found


def comment_step_alone(tmp_path: Path) -> Path:
    """The action with no step but that which writes the comment, and the one that ends the job."""
    text = yaml.safe_load(ACTION.read_text())
    gate = {"name": "Gate", "id": "gate", "shell": "bash", "run": 'echo "exit-code=10" >> "$GITHUB_OUTPUT"'}
    text["runs"]["steps"] = [gate, *text["runs"]["steps"][-2:]]
    path = tmp_path / "action.yml"
    path.write_text(yaml.safe_dump(text))
    return path


@pytest.mark.parametrize(
    ("fork", "token", "fails", "said"),
    [
        (FORK, READS_ONLY, 0, "the token of a fork's pull request may not; the report is in the step summary"),
        ("owner/name", READS_ONLY, 0, "give the job permissions: {pull-requests: write}"),
        ("owner/name", TOKEN, 500, "500 made up"),
        ("owner/name", "", 0, "GITHUB_TOKEN is not set"),
    ],
    ids=["fork", "forbidden", "server", "no token"],
)
def test_a_comment_that_cannot_be_written_takes_nothing_from_the_verdict(
    first: tuple[Job, Runner, int], job: Job, tmp_path: Path, fork: str, token: str, fails: int, said: str
) -> None:
    runner = job.runner({"pull_request": job.host.open(7, sha=job.head, fork=fork)})
    folder = runner.temporary / "speedscore-gate"
    folder.mkdir()
    for name, text in first[1].uploads["speedscore-gate"].items():
        (folder / name).write_bytes(text)
    job.host.fails_to_write = fails
    assert runner.run(comment_step_alone(tmp_path), event_name="pull_request", token=token) == 10
    assert said in runner.printed
    assert ("::warning title=speedscore::" in runner.printed) == (fork != FORK)
    assert job.host.comments == []


def test_the_template_for_forks_is_seventeen_lines_and_its_names_are_those_of_the_actions() -> None:
    lines = [line for path in (GATE_YML, COMMENT_YML) for line in path.read_text().splitlines()]
    assert len([line for line in lines if line.strip() and not line.lstrip().startswith("#")]) <= 17
    gate, comment = workflow(GATE_YML), workflow(COMMENT_YML)
    python, step = gate["jobs"]["gate"]["steps"]
    assert python["uses"].startswith("actions/setup-python@"), "a runner's own may refuse to install into itself"
    assert step["with"].keys() <= yaml.safe_load(ACTION.read_text())["inputs"].keys()
    assert (step["with"]["checkout"], step["with"]["comment"]) == (True, False)
    assert gate["permissions"] == {"contents": "read"}
    assert comment["on"]["workflow_run"]["workflows"] == [gate["name"]]
    (step,) = comment["jobs"]["comment"]["steps"]
    assert step["uses"].startswith("OWNER/speedscore/comment@")


@pytest.mark.parametrize("path", [GATE_YML, COMMENT_YML], ids=["gate", "comment"])
def test_the_page_shows_the_template_as_it_is(path: Path) -> None:
    page = (ROOT / "docs" / "pull-requests.md").read_text(encoding="utf-8")
    lines = [re.sub(r" # zizmor: .*", "", line) for line in path.read_text().splitlines() if not line.startswith("#")]
    assert "".join(f"    {line}\n" for line in lines) in page


def test_the_page_names_every_input_with_what_it_is_without_it() -> None:
    page = (ROOT / "docs" / "pull-requests.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| .* \| `?(.*?)`? \|$", page, flags=re.MULTILINE)
    inputs = yaml.safe_load(ACTION.read_text())["inputs"]
    assert [name for name, _ in rows] == list(inputs)
    told = {name: default for name, default in rows if inputs[name]["default"] == default}
    assert told.keys() == {"base", "python", "build", "inconclusive", "checkout", "name", "comment"}


# ------------------------------------------------------------------------------------------------- GitLab


def test_the_template_of_gitlab_gates_and_writes_one_note(repository: Repository, tmp_path: Path) -> None:
    """With settings for which one pair is enough: what was counted needs no second one."""
    repository.write({"pyproject.toml": AT_A_GLANCE})
    template = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())
    head = repository.git("rev-parse", "HEAD^2")
    host = MadeUpGitLab(commit=head)
    job = Job(repository, MadeUpGitHub(), tmp_path)
    base = repository.git("merge-base", "HEAD^1", "HEAD^2")
    variables = {name: str(value) for name, value in template["variables"].items()}
    with answering(host):
        environment = job.environment(
            **variables
            | {"SPEEDSCORE_PYTEST_ARGS": "-kslower"}
            | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_COMMIT_SHA": head, "CI_API_V4_URL": host.address}
            | {"CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "3", "GITLAB_CI": "true"}
        )
        environment.pop("GITHUB_ACTIONS", None)

        def run(name: str, **more: str) -> int:
            script = "\n".join(template[name]["script"])
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", script], cwd=repository.folder, env=environment | more, check=False
            )
            return done.returncode

        assert run("speedscore-gate") == 10
        assert {path.name for path in (repository.folder / "speedscore-report").iterdir()} == {
            "gate.json",
            "gate.md",
            "gate.html",
        }
        assert [run("speedscore-comment", GITLAB_TOKEN=TOKEN) for _ in range(2)] == [0, 0]
        assert run("speedscore-comment") == 2, "a fork's pipeline has no token"
    assert host.writes == ["POST", "PUT"]
    assert "### speedscore gate: regressed: units of 1 case" in host.comments[0]["body"]


# ------------------------------------------------------------------------------------------------- linters


def program(name: str) -> str:
    """Beside the interpreter, else on the path; the test is skipped where there is none."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f'{name} is not installed: python -m pip install "speedscore[dev]"')
    return found


def test_zizmor_finds_no_way_in() -> None:
    files = [ACTION, COMMENT, GATE_YML, COMMENT_YML]
    done = subprocess.run(
        [program("zizmor"), "--offline", "--no-progress", "--color=never", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings to report" in done.stdout + done.stderr
    ignored = re.findall(r"zizmor: ignore\[([\w-]+)\] \S", "".join(path.read_text() for path in files))
    assert sorted(ignored) == ["dangerous-triggers", "unpinned-uses", "unpinned-uses"], "each with its reason"


def test_actionlint_knows_every_key_input_and_expression(tmp_path: Path) -> None:
    """The actions are looked at as local ones, which is how actionlint reads what they take."""
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "comment").mkdir()
    shutil.copy(ACTION, tmp_path)
    shutil.copy(COMMENT, tmp_path / "comment")
    for path in (GATE_YML, COMMENT_YML):
        text = path.read_text().replace("OWNER/speedscore/comment@v0", "./comment").replace("OWNER/speedscore@v0", "./")
        assert "OWNER" not in text
        (workflows / path.name).write_text(text)
    command = [program("actionlint"), "-no-color"]

    def lint() -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (not done.stdout.strip()), done.stdout + done.stderr
        return done.stdout

    assert lint() == ""
    (workflows / "wrong.yml").write_text((workflows / GATE_YML.name).read_text().replace("install:", "instal:"))
    assert 'input "instal" is not defined' in lint(), "the linter looks at what the action takes"
