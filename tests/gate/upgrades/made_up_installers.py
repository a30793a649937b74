"""Installers that install nothing, and an environment to ask them about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.environments.made_environments import Runner


def environment(packages: dict[str, str], **requires: tuple[str, ...]) -> Environment:
    return Environment("python", "/env", platform="3", site_folders=(), packages=packages, requires=requires)


class Installers(Runner):
    """Takes the place of uv and pip: it keeps their command lines, and answers as a function says."""

    def __init__(self, answer: Callable[[Sequence[str]], str]) -> None:
        super().__init__("--gate-upgrade", "resolving", PRESENT, GateDeadline())
        self.commands: list[list[str]] = []
        self.pip_constraint: list[str] = []
        self._answer = answer

    def __call__(self, command: Sequence[str], *, variables: Mapping[str, str] | None = None) -> str:
        self.commands.append(list(command))
        if variables:
            self.pip_constraint.append(variables["PIP_CONSTRAINT"])
        said = self._answer(command)
        if "--report" in command:
            Path(command[command.index("--report") + 1]).write_text('{"install": []}')
        return said


PRESENT = environment({"pip": "26", "jax": "0.10", "flax": "1"}, flax=("jax>=0.9",))
