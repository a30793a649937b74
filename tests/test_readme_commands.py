"""Every command of the README, in an environment that holds exactly what the README installs.

Each command is run as it is written, or with what shortens it and the reason; a new one must be given its line here.
"""

from __future__ import annotations

import datetime
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.matrix.cases import matrix
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.record.phases import PHASES
from tests.linked_environment import copy_checkout, execute, make_environment
from tests.places import ROOT

RUN = "fixtures/runs/RUN"
"""Stands for the saved run that comes with the suite."""
PROBES = "fixtures/runs/PROBES"
"""The same, with the answers of every probe."""
PLACEHOLDERS = {"RUN.json": RUN, "RUN_A": RUN, "RUN_B": "later.json", "RUN": RUN}


class Way(msgspec.Struct, frozen=True):
    """How a command is run here."""

    end: str = ""
    """Added to it, to shorten it."""
    why: str = ""
    """The reason, where it is shortened or not run."""
    runs: bool = True
    code: int = 0


COLLECTS = Way(end="--collect-only -q", why="measuring takes minutes; tox -e bench measures")
HELPS = Way(end="--help", why="needs a clone or a git ref of one's own; tests of their own run it on such")
OTHER_TOOLS = Way(end="--help", why="needs an extra that is not installed here; tests/test_other_tools.py runs it")
WAYS = {
    "python -m pip install tox && python -m tox run -e bench": Way(runs=False, why="makes an environment and measures"),
    "pytest --benchmark-only -k tpu": Way(),
    'pytest --benchmark-only -m "not speedscore_probe" -k "gpt and cpu"': COLLECTS,
    "pytest --benchmark-only --preset small": COLLECTS,
    "pytest --benchmark-only --processes 5": COLLECTS,
    'pytest --benchmark-only -m "not speedscore_probe" --time-budget 10m': COLLECTS,
    "pytest --benchmark-only --resume=RUN.json": COLLECTS,
    "pytest --benchmark-only -k tpu --require-device tpu": Way(code=1),
    'pytest --benchmark-only -k "training[jax-mlp-cpu]" --profile=DIR': COLLECTS,
    'pytest --benchmark-only -k "training[jax-mlp-cpu]" --in-process': COLLECTS,
    "pytest --benchmark-only --report=report.html": COLLECTS,
    "pytest --benchmark-only --fleet HEAD:6379": COLLECTS,
    "pytest --benchmark-only -m speedscore_probe -k onnx": COLLECTS,
    "python -m tox run -e probes": Way(runs=False, why="makes an environment and asks every probe"),
    "speedscore probes RUN.json": Way(),
    "python -m tox run -e capabilities": Way(runs=False, why="makes an environment and measures for minutes"),
    'pytest --benchmark-only -k "rl and cpu"': COLLECTS,
    "speedscore card": Way(),
    "speedscore card JAX PyTorch --run RUN.json": Way(),
    "speedscore card --brief --run RUN.json": Way(),
    "speedscore card jax --snapshot 2024-01": Way(),
    "speedscore card --run RUN.json --format json": Way(end="> card.json"),
    "speedscore card --weights performance=3": Way(),
    "speedscore trace jax performance --run RUN.json": Way(),
    "speedscore verify card.json": Way(),
    "speedscore whatif jax --fact github_stars=50000": Way(),
    "speedscore claims --run RUN.json": Way(),
    "speedscore facts check": Way(),
    "speedscore facts diff 2024-01 2026-11 jax": Way(),
    "speedscore facts collect flax --clone CLONE": HELPS,
    "speedscore facts collect --all --clones FOLDER": HELPS,
    "speedscore report RUN.json -o report.html": Way(),
    "speedscore report RUN_A RUN_B -o site": Way(),
    "speedscore plot RUN.json -o figures": Way(end="--figure rounds-cpu-training-mlp", why="draws one of them all"),
    "pytest --benchmark-only --gate origin/main": COLLECTS,
    "pytest --benchmark-only --gate path/to/checkout": COLLECTS,
    "speedscore gate origin/main -- -k fast": HELPS,
    "speedscore gate --upgrade jax==0.8.0": HELPS,
    'speedscore gate main --claim "test_parse faster 10%"': HELPS,
    "speedscore gate origin/main --fleet HEAD:6379": HELPS,
    "speedscore merge part-1.json part-2.json": Way(
        end="--help", why="needs two gates; tests/gate/parts/test_merge_command.py has their reports"
    ),
    "pytest --benchmark-only --gate-canary 5%": COLLECTS,
    "speedscore comment gate.json": Way(
        end="--help", why="writes from a workflow; tests/gate/posting/test_posting.py has one"
    ),
    "speedscore badge RUN.json --framework jax -o badge.svg badge.json": Way(),
    "speedscore compare RUN_A RUN_B": Way(),
    "speedscore baseline set RUN": Way(),
    'speedscore sql "select * from ratios" RUN.json': OTHER_TOOLS,
    "speedscore history add RUN --to history": OTHER_TOOLS,
    'speedscore history show "*gpt*" --from history': OTHER_TOOLS,
    "speedscore history export --from history --to all.csv": OTHER_TOOLS,
    "speedscore history changes FOLDER": Way(end="--help", why="needs many runs"),
    "speedscore log RUN --to mlflow": OTHER_TOOLS,
    "python -m pip install tox && python -m tox run -e test": Way(runs=False, why="is what runs this test"),
}


def readme_commands() -> Iterator[str]:
    """The lines of the indented blocks that begin like a command, without their comments."""
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines():
        if re.match(r" {4}(python|pytest|speedscore) ", line):
            yield re.sub(r"\s+#.*", "", line).strip()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, with an environment in it that holds what the README installs."""
    copy = copy_checkout(tmp_path_factory.mktemp("readme") / "checkout")
    make_environment(copy, extras=("default",))
    for kind, name in (("cpu-smoke", RUN), ("probes", PROBES)):
        (saved,) = (copy / "fixtures" / "runs").glob(f"*-{kind}.json")
        saved.rename(copy / name)
    (copy / "later.json").write_text(later((copy / RUN).read_text()))
    return copy


def later(run: str) -> str:
    """The same run as if it had been made two days later: what stands on both sides is not compared."""

    def two_days_later(day: re.Match[str]) -> str:
        return f"{datetime.date.fromisoformat(day[0]) + datetime.timedelta(days=2)}"

    return re.sub(r"\b20\d\d-\d\d-\d\d(?=T\d\d:)", two_days_later, run)


def run(command: str, place: Path) -> subprocess.CompletedProcess[str]:
    return execute(command, cwd=place, environment=place / ".venv")


def _with_run(word: str, runs: dict[str, str]) -> str:
    """The word with the run that it stands for, or that the value of an option does."""
    option, equals, value = word.rpartition("=")
    return f"{option}{equals}{runs.get(value, value)}"


def test_every_command_has_its_way_and_every_way_its_command() -> None:
    assert list(dict.fromkeys(readme_commands())) == list(WAYS)
    assert all(way.why for way in WAYS.values() if not way.runs or way.end.startswith("--"))


def test_the_environment_lacks_what_only_the_tests_need(place: Path) -> None:
    for module, missing in (("hypothesis", True), ("xdist", True), ("haiku", True), ("torch", False), ("flax", False)):
        look = f"python -c 'import importlib.util as u, sys; sys.exit(u.find_spec(\"{module}\") is None)'"
        assert (run(look, place).returncode != 0) == missing, module


def test_the_commands_run(place: Path) -> None:
    for command, way in WAYS.items():
        if not way.runs:
            continue
        runs = PLACEHOLDERS | ({"RUN.json": PROBES} if command.startswith("speedscore probes") else {})
        words = [_with_run(word, runs) for word in shlex.split(command.partition(" -- ")[0])]
        done = run(" ".join(filter(None, (shlex.join(words), way.end))), place)
        assert done.returncode == way.code, f"{command}\n{done.stdout}"
        if way.end == COLLECTS.end:
            assert re.search(r"test_\w+\[\S+-cpu\]", done.stdout), command


def test_the_accelerator_cases_are_selected_and_each_says_why_it_was_not_measured(place: Path) -> None:
    done = run("pytest --benchmark-only -k tpu -rs", place)
    assert done.returncode == 0, done.stdout
    skipped = re.search(r"(\d+) skipped, (\d+) deselected", done.stdout)
    assert skipped is not None, done.stdout
    cases = [case for phase in PHASES for case in matrix(phase)]
    probes = [probe for family in FAMILIES.values() for probe in family.list_cases()]
    devices = [*(case.device for case in cases), *(probe.device for probe in probes)]
    assert int(skipped[1]) == devices.count("tpu")
    assert int(skipped[1]) + int(skipped[2]) == len(cases) + len(probes)
    assert "found none of what was looked for: /dev/accel*" in " ".join(done.stdout.split())
