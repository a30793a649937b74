"""The frameworks there are, as text: nothing is imported until a worker builds one.

Adding a framework: 1. a folder here with ``program.py`` (a ``build`` that answers ``program.Builder``) and a file per
model; 2. a line below; 3. its packages as an extra in ``pyproject.toml``. What it lacks is declined with a reason. From
another package: the hook ``pytest_speedscore_frameworks``.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import msgspec

from speedscore.bench_suite.frameworks.program import Builder
from speedscore.record.metrics import Metric


class Framework(msgspec.Struct, frozen=True):
    """One line of the matrix."""

    id: str
    builder: str
    """``module:function`` that builds a program."""
    ecosystem: str
    """Whose facts it is scored with: a folder of ``fixtures/ecosystem``."""
    extra: str
    """``pip install "speedscore[extra]"`` brings its packages; empty for a framework of another package."""
    packages: tuple[str, ...]
    """Importable names that it needs. One that is missing is a skip; any other failure to import is a failure."""
    variant: str = ""
    """Passed to the builder: which way of running it this line is."""
    declined: dict[str, str] = {}
    """Device → why this framework is not measured there."""
    metrics: tuple[Metric, ...] = ()
    """What its programs report in ``compile``, ``memory`` or ``counts`` beyond ``speedscore.record.metrics``."""

    @property
    def package(self) -> str:
        """The package that holds its builder and, in a module of the same name, each model that it has."""
        return self.builder.partition(":")[0].rpartition(".")[0]

    def has_model(self, model: str) -> bool:
        """True when its folder has the model; found without importing the framework.

        Raises LookupError when there is no such folder: the line of the table is wrong.
        """
        try:
            spec = importlib.util.find_spec(self.package)
        except (ModuleNotFoundError, ValueError):  # what it would lie in is missing, or has no name
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise LookupError(f"framework {self.id!r}: there is no package {self.package!r}")
        return (Path(spec.submodule_search_locations[0]) / f"{model}.py").is_file()

    def missing_packages(self) -> tuple[str, ...]:
        return tuple(name for name in self.packages if importlib.util.find_spec(name) is None)

    @property
    def remedy(self) -> str:
        """The command that brings its packages."""
        wanted = f'"speedscore[{self.extra}]"' if self.extra else " ".join(self.packages)
        return f"python -m pip install {wanted}"

    def load(self) -> Builder:
        """Import the builder, and with it the framework. For workers only."""
        module, _, function = self.builder.partition(":")
        builder: Builder = getattr(importlib.import_module(module), function)
        return builder


_FOLDER = "speedscore.bench_suite.frameworks"
_JAX = ("jax", "jaxlib", "optax")
_NO_TPU = "is not driven on a TPU by this suite"
_GRAPHS = "CUDA graphs are a way to launch work on an NVIDIA GPU; torch-compile is the same without them"

FRAMEWORKS = {
    framework.id: framework
    for framework in (
        Framework("jax", f"{_FOLDER}.jax.program:build", ecosystem="jax", extra="jax", packages=_JAX),
        Framework(
            "flax-nnx",
            f"{_FOLDER}.flax_nnx.program:build",
            ecosystem="jax",
            extra="flax",
            packages=(*_JAX, "flax"),
            variant="jit",
        ),
        Framework(
            "flax-nnx-tuned",
            f"{_FOLDER}.flax_nnx.program:build",
            ecosystem="jax",
            extra="flax",
            packages=(*_JAX, "flax"),
            variant="tuned",
        ),
        Framework(
            "flax-linen",
            f"{_FOLDER}.flax_linen.program:build",
            ecosystem="jax",
            extra="flax",
            packages=(*_JAX, "flax"),
        ),
        Framework("haiku", f"{_FOLDER}.haiku.program:build", ecosystem="jax", extra="haiku", packages=(*_JAX, "haiku")),
        Framework(
            "equinox",
            f"{_FOLDER}.equinox.program:build",
            ecosystem="jax",
            extra="equinox",
            packages=(*_JAX, "equinox"),
        ),
        Framework(
            "torch",
            f"{_FOLDER}.torch.program:build",
            ecosystem="pytorch",
            extra="torch",
            packages=("torch",),
            variant="eager",
        ),
        Framework(
            "torch-compile",
            f"{_FOLDER}.torch.program:build",
            ecosystem="pytorch",
            extra="torch",
            packages=("torch",),
            variant="compile",
        ),
        Framework(
            "torch-cudagraphs",
            f"{_FOLDER}.torch.program:build",
            ecosystem="pytorch",
            extra="torch",
            packages=("torch",),
            variant="cudagraphs",
            declined={"cpu": _GRAPHS, "tpu": _GRAPHS},
        ),
        Framework(
            "tensorflow",
            f"{_FOLDER}.tensorflow.program:build",
            ecosystem="tensorflow",
            extra="tensorflow",
            packages=("tensorflow",),
            declined={"tpu": f"TensorFlow {_NO_TPU}"},
        ),
    )
}
