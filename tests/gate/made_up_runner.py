"""Runs the steps of a composite action as GitHub's runner does, as far as ours need it: each script by bash, as it
stands in the file, with its expressions put in where GitHub puts them in. Other actions are not run; what they were
given is kept, and the uploads with what lay in their folder."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML comes with speedscore[docs]")
_TOKEN = re.compile(r"\s*('[^']*'|==|&&|\|\||[\w.-]+)")


class Runner:
    """One job: where it works, what it is told, and what came of it."""

    def __init__(self, workspace: Path, temporary: Path, *, environment: Mapping[str, str]) -> None:
        self.workspace = workspace
        self.temporary = temporary
        self.summary = ""
        self.printed = ""
        self.used: dict[str, dict[str, Any]] = {}
        """By name of the other action what it was given."""
        self.uploads: dict[str, dict[str, bytes]] = {}
        """By name of the artifact its files."""
        self._environment = environment
        self._event_name = ""

    def run(self, action: Path, *, event_name: str, token: str, **inputs: str) -> int:
        """Run all steps until one fails; the exit code of the last one that ran."""
        text = yaml.safe_load(action.read_text(encoding="utf-8"))
        values = {f"inputs.{name}": str(given.get("default", "")) for name, given in text["inputs"].items()}
        named = {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
        unknown = sorted(named.keys() - values.keys())
        assert not unknown, f"the action has no {unknown}"
        values |= {"github.token": token, "github.event_name": event_name, "runner.temp": str(self.temporary)}
        values |= named
        values = {name: self._put_in(value, values) for name, value in values.items()}
        for step in text["runs"]["steps"]:
            if "if" in step and not evaluate(step["if"], values):
                continue
            if "uses" in step:
                self._use(step, values)
            elif code := self._run_script(step, values, action=action):
                return code
        return 0

    def _use(self, step: dict[str, Any], values: Mapping[str, str]) -> None:
        name = step["uses"].partition("@")[0]
        given = {key: self._put_in(str(value), values) for key, value in step.get("with", {}).items()}
        self.used[name] = given
        if name == "actions/upload-artifact":
            folder = Path(given["path"])
            self.uploads[given["name"]] = {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}

    def _run_script(self, step: dict[str, Any], values: dict[str, str], *, action: Path) -> int:
        assert "${{" not in step["run"], "an expression in a script could be a part of it"
        assert step["shell"] == "bash"
        files = {name: self.temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.write_text("")
        done = subprocess.run(
            # As GitHub starts bash.
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace / self._put_in(step.get("working-directory", "."), values),
            env={
                **self._environment,
                **{name: str(path) for name, path in files.items()},
                "RUNNER_TEMP": str(self.temporary),
                "GITHUB_ACTION_PATH": str(action.parent),
                **{name: self._put_in(str(value), values) for name, value in step.get("env", {}).items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.printed += done.stdout
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        for line in files["GITHUB_OUTPUT"].read_text().splitlines():
            name, _, value = line.partition("=")
            values[f"steps.{step['id']}.outputs.{name}"] = value
        return done.returncode

    @staticmethod
    def _put_in(text: str, values: Mapping[str, str]) -> str:
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: evaluate(found[1], values), text)


def evaluate(expression: str, values: Mapping[str, str]) -> str:
    """An expression of names, texts, ``==``, ``&&`` and ``||``, as GitHub reads it; false is empty."""
    tokens = _TOKEN.findall(expression.strip())
    assert "".join(tokens) == re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", expression), f"not understood: {expression}"
    for choice in _split(tokens, "||"):
        result = ""
        for part in _split(choice, "&&"):
            left, *right = (_value(token, values) for token in part if token != "==")
            result = ("true" if left == right[0] else "") if right else left
            if not result:
                break
        if result:
            return result
    return ""


def _split(tokens: list[str], at: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == at:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _value(token: str, values: Mapping[str, str]) -> str:
    return token[1:-1] if token.startswith("'") else values[token]
