"""The frameworks there are, as text: nothing is imported until a worker builds one.

Adding a framework: 1. a folder here with ``program.py`` (a ``build`` that answers ``program.Builder``) and a file per
model; 2. a line below; 3. its packages as an extra in ``pyproject.toml``. What it lacks is declined with a reason.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import msgspec

from bench_suite.frameworks.program import Builder


class Framework(msgspec.Struct, frozen=True):
    """One line of the matrix."""

    id: str
    builder: str
    """``module:function`` that builds a program."""
    ecosystem: str
    """Whose facts it is scored with: a folder of ``fixtures/ecosystem``."""
    extra: str
    """``pip install "speedscore[extra]"`` brings its packages."""
    packages: tuple[str, ...]
    """Importable names that it needs. One that is missing is a skip; any other failure to import is a failure."""
    variant: str = ""
    """Passed to the builder: which way of running it this line is."""
    declined: dict[str, str] = {}
    """Device → why this framework is not measured there."""

    @property
    def folder(self) -> Path:
        """Where its models lie, found without importing the framework."""
        package = self.builder.partition(":")[0].rpartition(".")[0]
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise LookupError(f"framework {self.id!r}: there is no package {package!r}")
        return Path(spec.submodule_search_locations[0])

    def has_model(self, model: str) -> bool:
        return (self.folder / f"{model}.py").is_file()

    def missing_packages(self) -> tuple[str, ...]:
        return tuple(name for name in self.packages if importlib.util.find_spec(name) is None)

    def load(self) -> Builder:
        """Import the builder, and with it the framework. For workers only."""
        module, _, function = self.builder.partition(":")
        builder: Builder = getattr(importlib.import_module(module), function)
        return builder


_NO_TORCH_XLA = "PyTorch reaches a TPU only through torch_xla, which this suite does not drive yet"

FRAMEWORKS = {
    framework.id: framework
    for framework in (
        Framework(
            "jax",
            builder="bench_suite.frameworks.jax.program:build",
            ecosystem="jax",
            extra="jax",
            packages=("jax", "jaxlib", "optax"),
        ),
        Framework(
            "torch",
            builder="bench_suite.frameworks.torch.program:build",
            ecosystem="pytorch",
            extra="torch",
            packages=("torch",),
            variant="eager",
            declined={"tpu": _NO_TORCH_XLA},
        ),
        Framework(
            "torch-compile",
            builder="bench_suite.frameworks.torch.program:build",
            ecosystem="pytorch",
            extra="torch",
            packages=("torch",),
            variant="compile",
            declined={"tpu": _NO_TORCH_XLA},
        ),
    )
}
