"""Promises about imports, kept by reading the source and by looking into a process; each check is itself checked.

A framework is imported in its own folder and nowhere else, collecting the matrix loads none, the arrows between the
packages point one way, and no modules wait for each other.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from tests.places import ROOT

FRAMEWORK_PACKAGES = frozenset(
    {"jax", "jaxlib", "flax", "haiku", "equinox", "optax", "torch", "torch_xla", "tensorflow", "keras"}
)
OF_A_DEVICE = frozenset({"torch_xla"})
"""Imported only once a case asks for the device; where it is missing, the device is unavailable."""
BACKENDS = ("jax", "tensorflow", "torch")
"""Of Keras."""
IMPORTING_FUNCTIONS = frozenset({"import_module", "__import__", "importorskip"})


class Import(msgspec.Struct, frozen=True):
    """One name that a module imports."""

    importer: str
    line: int
    target: str
    """Dotted; for ``from a import b`` it is ``a.b``, since ``b`` may be a module."""
    on_import: bool
    """True when it happens as the importing module is itself imported."""
    typing_only: bool
    """True under ``if TYPE_CHECKING``: it never happens."""

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


class Source(msgspec.Struct, frozen=True):
    """One module, read and not imported."""

    name: str
    text: str
    is_package: bool = False

    def imports(self) -> tuple[Import, ...]:
        return imports_of(self)

    def walk(self, nodes: Iterable[ast.AST], *, on_import: bool, typing_only: bool) -> Iterator[Import]:
        for node in nodes:
            for target in self._targets(node):
                yield Import(
                    importer=self.name,
                    line=getattr(node, "lineno", 0),
                    target=target,
                    on_import=on_import and not typing_only,
                    typing_only=typing_only,
                )
            if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
                yield from self.walk(node.body, on_import=on_import, typing_only=True)
                yield from self.walk(node.orelse, on_import=on_import, typing_only=typing_only)
            else:
                deferred = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from self.walk(
                    ast.iter_child_nodes(node), on_import=on_import and not deferred, typing_only=typing_only
                )

    def _targets(self, node: ast.AST) -> list[str]:
        match node:
            case ast.Import(names=names):
                return [alias.name for alias in names]
            case ast.ImportFrom(names=names):
                module = self._absolute(node)
                return [module if alias.name == "*" else f"{module}.{alias.name}" for alias in names]
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(attr=name), args=[ast.Constant(value=str(target)), *_]
            ):
                return [target] if name in IMPORTING_FUNCTIONS else []
        return []

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        package = parts[: len(parts) - node.level + self.is_package]
        return ".".join([*package, *([node.module] if node.module else [])])


@functools.cache
def imports_of(source: Source) -> tuple[Import, ...]:
    """Read once: several tests ask the same of every module there is."""
    return tuple(source.walk(ast.parse(source.text).body, on_import=True, typing_only=False))


def read_sources(*packages: str) -> list[Source]:
    sources = []
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):  # it does not follow links
            parts = path.relative_to(ROOT).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            below = parts[:-1] if is_package else parts
            name = ".".join(below if below[0] == "speedscore" else ("speedscore", *below))
            sources.append(Source(name=name, text=path.read_text(), is_package=is_package))
    return sources


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def framework_imports(sources: Iterable[Source]) -> list[str]:
    """Imports of a framework, wherever they stand, typing included: a checker is no reason to need one."""
    return [
        str(found)
        for source in sources
        for found in source.imports()
        if found.target.partition(".")[0] in FRAMEWORK_PACKAGES
    ]


def import_cycle(sources: Iterable[Source]) -> list[str]:
    """Modules that import each other as they are imported, first and last the same; empty when there are none."""
    everything = list(sources)
    names = {source.name for source in everything}
    graph: dict[str, set[str]] = {}
    for source in everything:
        waits_for = graph.setdefault(source.name, set())
        for found in source.imports():
            if found.on_import:
                target = _module_of(found.target, names)
                waits_for |= ({target} | _parents(target) - _parents(source.name)) & names
        waits_for.discard(source.name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return []


def _module_of(target: str, names: set[str]) -> str:
    """The module that holds the target: itself, or the one of which it is an attribute."""
    return max((name for name in names if is_within(target, name)), key=len, default=target)


def _parents(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts))}


OURS = read_sources("speedscore", "bench_suite", "scoring")


def test_the_scan_reads_the_whole_of_both_halves() -> None:
    names = {source.name for source in OURS}
    assert {
        "speedscore",
        "speedscore.bench_suite",
        "speedscore.bench_suite.plugin",
        "speedscore.bench_suite.workers.__main__",
        "speedscore.scoring.facts.snapshots",
    } <= names
    assert {f"{framework.package}.program" for framework in FRAMEWORKS.values()} <= names


def test_frameworks_are_imported_only_in_their_folders() -> None:
    conftest = Source(name="conftest", text=(ROOT / "conftest.py").read_text())
    outside = [source for source in OURS if not is_within(source.name, "speedscore.bench_suite.frameworks")]
    assert framework_imports([*outside, conftest]) == []
    shared = [source for source in OURS if source.name.rpartition(".")[0] == "speedscore.bench_suite.frameworks"]
    assert framework_imports([source for source in shared if not source.is_package]) == []


@pytest.mark.parametrize("framework", FRAMEWORKS.values(), ids=list(FRAMEWORKS))
def test_a_framework_folder_imports_only_the_packages_that_the_table_lists(framework: Framework) -> None:
    # Keras' folder has modules for each backend, and a line imports those of its own.
    own = framework.variant.partition("-")[0]
    others = tuple(f"{framework.package}.on_{name}" for name in BACKENDS if name != own)
    within = [
        source for source in OURS if is_within(source.name, framework.package) and not source.name.startswith(others)
    ]
    found = [each for source in within for each in source.imports()]
    imported = {each.target.partition(".")[0] for each in found} & FRAMEWORK_PACKAGES
    assert imported
    assert imported - OF_A_DEVICE <= set(framework.packages)
    assert not [str(each) for each in found if each.on_import and each.target.partition(".")[0] in OF_A_DEVICE]


def test_the_table_lists_only_frameworks_that_the_scan_knows() -> None:
    assert {name for framework in FRAMEWORKS.values() for name in framework.packages} <= FRAMEWORK_PACKAGES


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("import jax", id="plain"),
        pytest.param("import os, torch.nn as nn", id="submodule under another name"),
        pytest.param("from flax import linen", id="from"),
        pytest.param(
            "def build():\n    try:\n        import equinox\n    except ImportError:\n        pass", id="nested"
        ),
        pytest.param("class Model:\n    import haiku", id="in a class"),
        pytest.param("if TYPE_CHECKING:\n    import keras", id="for typing"),
        pytest.param("import importlib\nnumpy = importlib.import_module('jax.numpy')", id="by name"),
        pytest.param("build = lambda: __import__('tensorflow')", id="by the built-in"),
        pytest.param("optax = pytest.importorskip('optax')", id="by pytest"),
    ],
)
def test_the_scan_finds_a_planted_framework(text: str) -> None:
    assert len(framework_imports([Source(name="planted", text=text)])) >= 1


def test_the_scan_passes_over_names_that_only_look_like_a_framework() -> None:
    text = (
        "import jaxtyping\nfrom speedscore.bench_suite.frameworks import jax\n"
        "from .torch import layout\nname = 'import torch'\n"
    )
    assert framework_imports([Source(name="speedscore.bench_suite.frameworks.planted", text=text)]) == []


def test_no_modules_wait_for_each_other() -> None:
    assert import_cycle(OURS) == []


@pytest.mark.parametrize(
    "sources",
    [
        pytest.param([Source("a", "import b"), Source("b", "import a")], id="two"),
        pytest.param([Source("a", "import b"), Source("b", "from c import x"), Source("c", "import a")], id="three"),
        pytest.param(
            [Source("p", "from p import a", is_package=True), Source("p.a", "import p.b"), Source("p.b", "import p")],
            id="through a package",
        ),
        pytest.param(
            [
                Source("p", "", is_package=True),
                Source("p.a", "from . import b"),
                Source("p.b", "from .a import x"),
            ],
            id="relative",
        ),
        pytest.param(
            [
                Source("a", "try:\n    import b\nexcept ImportError:\n    b = None"),
                Source("b", "class C:\n    import a"),
            ],
            id="nested",
        ),
        pytest.param(
            [
                Source("p", "import q.b", is_package=True),
                Source("p.a", ""),
                Source("q", "", is_package=True),
                Source("q.b", "import p.a"),
            ],
            id="through a parent",
        ),
    ],
)
def test_the_cycle_check_finds_a_planted_cycle(sources: list[Source]) -> None:
    cycle = import_cycle(sources)
    assert cycle[0] == cycle[-1]
    assert len(set(cycle)) >= 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def later():\n    import a", id="in a function"),
        pytest.param("later = lambda: __import__('a')", id="in a lambda"),
        pytest.param("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a", id="for typing"),
    ],
)
def test_the_cycle_check_passes_over_imports_that_do_not_happen_on_import(text: str) -> None:
    assert import_cycle([Source("a", "import b"), Source("b", text)]) == []


def test_a_package_may_import_its_modules_and_they_each_other() -> None:
    package = Source("p", "from p import a", is_package=True)
    assert import_cycle([package, Source("p.a", "from p import b"), Source("p.b", "x = 1")]) == []
    assert import_cycle([package, Source("p.a", "from p import x"), Source("p.b", "x = 1")]) != []


PYTEST_MODULES = (
    "speedscore.plugin",
    "speedscore.gate.pytest_gate",
    "speedscore.gate.gate_command",
    "speedscore.gate.pytest_options",
    "speedscore.gate.parts.arguments",
    "speedscore.gate.reporting.report_building",
    "speedscore.gate.pairs.plan",
    "speedscore.gate.request",
    # Loaded by file name into a pytest that may be another checkout's.
    "speedscore.gate.sides.plugin.speedscore_gate_codspeed",
    "speedscore.gate.sides.plugin.speedscore_gate_failures",
    "speedscore.gate.sides.plugin.speedscore_gate_fixtures",
    "speedscore.gate.sides.plugin.speedscore_gate_side",
    "speedscore.bench_suite.session.beginning",
    "speedscore.bench_suite.session.saving.document",
    "speedscore.bench_suite.session.ending",
    "speedscore.bench_suite.session.fleet.opening",
    "speedscore.bench_suite.matrix.hooks",
    "speedscore.bench_suite.session.options",
    "speedscore.bench_suite.session.running.paired_case",
    "speedscore.bench_suite.plugin",
    "speedscore.bench_suite.matrix.registering",
    "speedscore.bench_suite.session.replaying",
    "speedscore.bench_suite.session.saving.run_files",
    "speedscore.bench_suite.session.printing.screen",
    "speedscore.bench_suite.session.stash",
    "speedscore.bench_suite.session.printing.terminal_report",
    "speedscore.scoring.evidence.session",
    "speedscore.scoring.rubric.hooks",
    "speedscore.scoring.plugin",
    "speedscore.report.plugin",
)


def test_the_layers_hold() -> None:
    """The contracts stand in pyproject.toml, under [tool.importlinter]."""
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_the_layers_find_planted_arrows(tmp_path: Path) -> None:
    for name in ("speedscore", "bench_suite", "scoring"):
        shutil.copytree(
            ROOT / name, tmp_path / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.json")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    arrows = {
        "bench_suite/workloads/planted_upwards": "from speedscore.bench_suite.frameworks import program",
        "bench_suite/matrix/planted_across": "def late():\n    import speedscore.scoring.facts.fact",
        "scoring/facts/planted_upwards": "import speedscore.scoring.rubric.rubric",
        "speedscore/host/planted_upwards": "import speedscore.record.run_record",
        "speedscore/record/planted_from_the_ground": "import speedscore.bench_suite.matrix.cases",
        "speedscore/gate/sides/planted_upwards": "import speedscore.gate.pairs.plan",
    }
    for module, text in arrows.items():
        (tmp_path / f"{module}.py").write_text(f"{text}\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    named = {module: f"{module.replace('/', '.')} -> " in done.stdout for module in arrows}
    assert named == dict.fromkeys(arrows, True), done.stdout


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    # A line of its report is one arrow, however long the names are.
    return subprocess.run(
        [*command, "--no-cache"],
        cwd=root,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_plugins_are_imported_by_no_other_module() -> None:
    plugins = (
        "speedscore.plugin",
        "speedscore.bench_suite.plugin",
        "speedscore.scoring.plugin",
        "speedscore.report.plugin",
    )
    assert [
        str(found)
        for source in OURS
        for found in source.imports()
        if any(is_within(found.target, plugin) for plugin in plugins)
    ] == []


def test_pytest_is_known_only_to_the_modules_that_speak_to_it() -> None:
    knowing = {
        source.name
        for source in OURS
        for found in source.imports()
        if found.target.partition(".")[0] in ("pytest", "_pytest", "pytest_benchmark")
    }
    assert {name for name in knowing if not name.rpartition(".")[2].startswith("test_")} == set(PYTEST_MODULES)


COLLECT = """
import json, sys
import pytest

code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *sys.argv[2:]])
with open(sys.argv[1], "w") as file:
    json.dump({"code": int(code), "modules": sorted(sys.modules)}, file)
"""


def frameworks_loaded_by_collecting(answer: Path, *arguments: str, python_path: Path | None = None) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    if python_path is not None:
        environment["PYTHONPATH"] = str(python_path)
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, str(answer), *arguments],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(answer.read_text())
    assert seen["code"] == pytest.ExitCode.OK, done.stdout
    return sorted(FRAMEWORK_PACKAGES & set(seen["modules"]))


def test_collecting_the_whole_matrix_loads_no_framework(tmp_path: Path) -> None:
    assert frameworks_loaded_by_collecting(tmp_path / "answer.json", "bench_suite") == []


def test_the_look_into_the_process_finds_a_planted_framework(tmp_path: Path) -> None:
    (tmp_path / "equinox.py").touch()
    planted = tmp_path / "test_planted.py"
    planted.write_text("import equinox\n\ndef test_nothing():\n    pass\n")
    loaded = frameworks_loaded_by_collecting(tmp_path / "answer.json", str(planted), python_path=tmp_path)
    assert loaded == ["equinox"]
