"""First success: from a bare environment to a first gradient, really installed, really run.

The framework's packages are installed at the versions that are installed here, into an environment that goes away with
the probe. pip keeps and uses its cache as it is set up to, so the seconds of installing are those of a second time. The
program is the shortest one that was found which writes a model and takes its gradient as the documentation does:
``fixtures/learning/first_gradient/<framework>.py``.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.learning.counting import list_tokens, normalised_lines, strip_docstrings
from speedscore.bench_suite.probes.learning.files import learning_folder
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, ProbeUnavailable, probed_frameworks
from speedscore.bench_suite.probes.process import Lost, Raised
from speedscore.bench_suite.probes.tools import Tools

GRADIENT = (-9.0, -13.0)
"""Of mean((x·w − y)²) by w, for x = [[1, 2], [3, 4]], y = [1, 2], w = [½, −½]: xᵀ(x·w − y)."""
_PROCESS = "speedscore.bench_suite.probes.learning.first_process"
_RTOL = 1e-4


def list_cases() -> Sequence[ProbeCase]:
    """One for each framework that has a program."""
    return [ProbeCase("first", framework=line.id) for line in probed_frameworks() if program_of(line.id).is_file()]


def program_of(framework: str) -> Path:
    return learning_folder() / "first_gradient" / f"{framework}.py"


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Make, install, import, run; ``seconds`` are those of all four together."""
    line = FRAMEWORKS[case.framework]
    distributions = dict(zip(line.packages, line.distributions, strict=True))
    return take_first_gradient(program_of(case.framework), distributions, tools)


def take_first_gradient(program: Path, distributions: Mapping[str, str], tools: Tools) -> Answer:
    """``distributions`` are those of the framework's packages, by package.

    Raises ProbeUnavailable where they cannot be installed, with pip's own words.
    """
    # What JAX needs comes with it; optax is the suite's need, not that of a first gradient.
    needed = {package: distributions[package] for package in needed_packages(program, distributions)}
    requirements = [pin(distribution) for distribution in needed.values()]
    folder = tools.scratch / "environment"
    maker = tools.start()
    try:
        venv_seconds = maker.call(f"{_PROCESS}:make_environment", folder=str(folder))
        installed = maker.call(
            f"{_PROCESS}:install", folder=str(folder), requirements=requirements, constraints=list_constraints()
        )
    except (Raised, Lost) as error:
        words = str(error).partition("\n")[0]
        raise ProbeUnavailable(f"needs pip to install {' '.join(requirements)}, which failed here: {words}") from None
    maker.close()
    return run_first_program(
        program,
        needed,
        python=folder / "bin" / "python",
        tools=tools,
        spent={
            "venv_seconds": [venv_seconds],
            "install_seconds": [installed["seconds"]],
            "first_installed_bytes": [installed["bytes"]],
        },
    )


def run_first_program(
    program: Path, distributions: Mapping[str, str], *, python: Path, tools: Tools, spent: dict[str, list[float]]
) -> Answer:
    """Under the interpreter ``python``; ``spent`` is what was measured of all that came before.

    ``distributions`` are those of the packages that the program imports, by package.
    """
    runner = tools.start(python=python)
    lines = normalised_lines(strip_docstrings(ast.parse(program.read_text())))
    measurements = spent | {
        "first_lines": [len(lines)],
        "first_tokens": [len(list_tokens("\n".join(lines)))],
    }
    versions = runner.versions(*distributions.values())
    seconds = spent["venv_seconds"][0] + spent["install_seconds"][0]
    try:
        ran = runner.call(f"{_PROCESS}:run_program", path=str(program), packages=list(distributions))
    except (Raised, Lost) as error:
        return Answer("failed", (seconds,), versions, reason=str(error), measurements=measurements)
    seconds += ran["import_seconds"] + ran["gradient_seconds"]
    right = is_right(ran["gradient"])
    return Answer(
        "gradient" if right else "wrong gradient",
        (seconds,),
        versions,
        reason="" if right else f"expected {list(GRADIENT)}, found {ran['gradient']}",
        measurements=measurements
        | {
            "import_seconds": [ran["import_seconds"]],
            "first_gradient_seconds": [ran["gradient_seconds"]],
            "first_success_seconds": [seconds],
        },
    )


def needed_packages(program: Path, packages: Iterable[str]) -> list[str]:
    """Those of the framework's packages that the program imports."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(program.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    return [package for package in packages if package in imported]


def is_right(gradient: Sequence[float]) -> bool:
    return len(gradient) == len(GRADIENT) and all(
        math.isclose(found, expected, rel_tol=_RTOL) for found, expected in zip(gradient, GRADIENT, strict=True)
    )


def pin(distribution: str) -> str:
    """``name==version`` of what is installed here."""
    return f"{distribution}=={metadata.version(distribution)}"


def list_constraints() -> list[str]:
    """The versions of all that is installed here, so that what comes along is the same."""
    return sorted({f"{found.name}=={found.version}" for found in metadata.distributions() if found.name})
