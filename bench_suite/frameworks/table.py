"""The frameworks there are, as text: nothing is imported until a worker builds one.

Adding a framework: 1. a folder here with ``program.py`` (a ``build`` that answers ``program.Builder``) and a file per
model; 2. a line below; 3. its packages as an extra in ``pyproject.toml``. What it lacks is declined with a reason. From
another package: the hook ``pytest_speedscore_frameworks``.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import msgspec

from speedscore.bench_suite.frameworks.program import Builder, TaskBuilder
from speedscore.bench_suite.workloads.table import TASKS, Task
from speedscore.host.extras import install_command
from speedscore.host.peaks import Precision
from speedscore.record.metrics import Metric
from speedscore.record.phases import DEVICES, FLOAT32, PRECISIONS, DeviceName
from speedscore.record.run_record import Style


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
    distribution_names: dict[str, str] = {}
    """Package → the distribution that brings it, where that has another name."""
    variant: str = ""
    """Passed to the builder: which way of running it this line is."""
    style: Style = "idiomatic"
    """Whether its programs are written as its documentation teaches, or as the fastest way that was found, or in a
    library that runs on several frameworks: then neither is the framework scored as it nor do the probes ask it."""
    models: dict[str, str] = {}
    """Model → module of its package that writes it, for a line that has these models alone; empty: every model, each in
    the module of its name."""
    devices: tuple[DeviceName, ...] = DEVICES
    """Where it has cells at all. A tuned line has none where its program would be that of the line that it tunes."""
    declined: dict[str, str] = {}
    """Device → why this framework is not measured there."""
    precisions: tuple[Precision, ...] = (FLOAT32,)
    """What its programs are written in; there are no cases of another one."""
    declined_models: dict[str, str] = {}
    """Model → why this line cannot run it, though it is written in its folder, or is not to have it."""
    task_builder: str = ""
    """``module:function`` that builds a task; empty for a line that has none, as one that would repeat another's."""
    declined_tasks: dict[str, str] = {}
    """A task, or the module of tasks → why this framework cannot do them, or has no way of its own to."""
    importer: str = ""
    """``module:function`` that imports what ``variant`` names, given a device, where loading a builder does not."""
    metrics: tuple[Metric, ...] = ()
    """What its programs report in ``compile``, ``memory`` or ``counts`` beyond ``speedscore.record.metrics``."""

    @property
    def package(self) -> str:
        """The package that holds its builder and, in a module of the same name, each model that it has."""
        return self.builder.partition(":")[0].rpartition(".")[0]

    def module_of(self, model: str, module: str = "") -> str:
        """The module of its package that is to write the model, or the task whose line names ``module``.

        Empty for a line that never has it.
        """
        return self.models.get(model, "") if self.models else module or model

    def has_model(self, model: str, module: str = "") -> bool:
        """True when its folder has the model, or the task of ``module``; found without importing the framework.

        Raises LookupError when there is no such folder: the line of the table is wrong.
        """
        try:
            spec = importlib.util.find_spec(self.package)
        except (ModuleNotFoundError, ValueError):  # what it would lie in is missing, or has no name
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise LookupError(f"framework {self.id!r}: there is no package {self.package!r}")
        module = self.module_of(model, module)
        return bool(module) and (Path(spec.submodule_search_locations[0]) / f"{module}.py").is_file()

    def missing_packages(self) -> tuple[str, ...]:
        return tuple(name for name in self.packages if not is_importable(name))

    @property
    def distributions(self) -> tuple[str, ...]:
        """What brings its packages, in their order: what has a version, and what pip installs."""
        return tuple(self.distribution_names.get(package, package) for package in self.packages)

    @property
    def remedy(self) -> str:
        """The command that brings its packages."""
        return install_command(self.extra) if self.extra else f"python -m pip install {' '.join(self.distributions)}"

    def load(self) -> Builder:
        """Import the builder. For workers only, as all that imports."""
        builder: Builder = _find(self.builder)
        return builder

    def why_not(self, task: Task) -> str:
        """Why it declines the task; empty for one that it has, or has not written."""
        return self.declined_tasks.get(task.id) or self.declined_tasks.get(task.module, "")

    def load_task_builder(self) -> TaskBuilder:
        """The same of what builds its tasks."""
        builder: TaskBuilder = _find(self.task_builder)
        return builder

    def import_framework(self, *, task: bool, device: DeviceName) -> None:
        """Import all that its models, or its tasks, are written with."""
        _ = self.load_task_builder() if task else self.load()
        if self.importer:
            _find(self.importer)(self.variant, device=device)


def is_importable(name: str) -> bool:
    """Whether there is a package of that name. Of ``a.b`` that alone imports ``a``, without which there is none."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _find(path: str) -> Any:
    module, _, function = path.partition(":")
    return getattr(importlib.import_module(module), function)


_FOLDER = "speedscore.bench_suite.frameworks"
_NOT_KERAS = "Keras has no transformation for it: its users turn to the backend itself, which has a line of its own"
_NO_REMAT_IN_KERAS = "not written in Keras by this suite, though it has keras.RematScope"
_KERAS_COMPILED = (
    "torch.compile (2.13) cannot capture Keras' BatchNormalization (3.15) in training as one graph: it stops where the "
    "layer assigns the running statistics"
)
_GRAPHS = "CUDA graphs are a way to launch work on an NVIDIA GPU; torch-compile is the same without them"
_OPTIMIZERS_COMPILED = (
    "every fresh optimizer would be compiled anew, and each start of a case makes one; fused, as this line has it in "
    "training, it is that of the line torch"
)


_TUNED_RESNET = {"resnet50": "resnet50_tuned"}
_TUNED_IN_TORCH = ("mlp", "resnet50", "gpt", "bert")
"""The modules of the line itself, compiled otherwise."""
_TUNED_TRANSFORMERS = {"gpt": "gpt_tuned", "bert": "bert_tuned"}


def _on_jax(
    name: str, folder: str, *, extra: str, packages: tuple[str, ...] = (), variant: str = "", style: Style = "idiomatic"
) -> Framework:
    """A line whose library stands on JAX and needs ``packages`` beside it."""
    return Framework(
        name,
        f"{_FOLDER}.{folder}.program:build",
        ecosystem="jax",
        extra=extra,
        packages=("jax", "jaxlib", "optax", *packages),
        variant=variant,
        style=style,
    )


def _written_in_all(line: Framework) -> Framework:
    """The line with models that are written for every precision."""
    return msgspec.structs.replace(line, precisions=tuple(PRECISIONS))


def _tuned(line: Framework, models: dict[str, str]) -> Framework:
    """The line with the models whose layers are written for speed alone: on the host, where that was found to pay."""
    return msgspec.structs.replace(
        line,
        id=f"{line.id}-tuned",
        style="tuned",
        models=models,
        devices=("cpu",),
        precisions=(FLOAT32,),
        task_builder="",
    )


def _in_torch(name: str, *, variant: str, declined: dict[str, str] | None = None) -> Framework:
    return Framework(
        name,
        f"{_FOLDER}.torch.program:build",
        ecosystem="pytorch",
        extra="torch",
        packages=("torch",),
        precisions=tuple(PRECISIONS),
        variant=variant,
        declined=declined or {},
        task_builder=f"{_FOLDER}.torch.tasks:build",
        declined_tasks={} if variant == "eager" else {"optimizers": _OPTIMIZERS_COMPILED},
    )


def _in_keras(name: str, ecosystem: str, *, extra: str, packages: tuple[str, ...], variant: str) -> Framework:
    """A line whose models are Keras', on the backend that its variant names."""
    return Framework(
        name,
        f"{_FOLDER}.keras.program:build",
        ecosystem=ecosystem,
        extra=f"keras,{extra}",
        packages=("keras", *packages),
        variant=variant,
        style="multi-backend",
        declined={} if variant == "jax" else {"tpu": "Keras is driven on a TPU by this suite with JAX alone"},
        declined_models={"resnet50": _KERAS_COMPILED} if variant == "torch-compile" else {},
        # An optimizer is the same program with and without torch.compile.
        task_builder="" if variant == "torch-compile" else f"{_FOLDER}.keras.tasks:build",
        importer=f"{_FOLDER}.keras.program:import_backend",
        declined_tasks={
            **{task.module: _NOT_KERAS for task in TASKS.values() if task.module != "optimizers"},
            "remat": _NO_REMAT_IN_KERAS,
        },
    )


def _with_optimizers(line: Framework, way: str) -> Framework:
    """A line that has the tasks of optimizers alone, from the module of that way."""
    tasks = {task.id: f"optimizers_{way}" for task in TASKS.values() if task.module == "optimizers"}
    return msgspec.structs.replace(line, id=f"{line.id}-{way.replace('_', '-')}", models=tasks)


_TORCH = _in_torch("torch", variant="eager")
# The transformations are JAX's own: in the libraries upon it the tasks would be the same program.
_JAX = msgspec.structs.replace(
    _written_in_all(_on_jax("jax", "jax", extra="jax")), task_builder=f"{_FOLDER}.jax.tasks:build"
)
_LINEN = _written_in_all(_on_jax("flax-linen", "flax_linen", extra="flax", packages=("flax",)))
_HAIKU = msgspec.structs.replace(
    _written_in_all(_on_jax("haiku", "haiku", extra="haiku", packages=("haiku",))),
    distribution_names={"haiku": "dm-haiku"},
)
_EQUINOX = _on_jax("equinox", "equinox", extra="equinox", packages=("equinox",))
_TENSORFLOW = Framework(
    "tensorflow",
    f"{_FOLDER}.tensorflow.program:build",
    ecosystem="tensorflow",
    extra="tensorflow",
    packages=("tensorflow",),
    precisions=tuple(PRECISIONS),
    declined={"tpu": "TensorFlow is not driven on a TPU by this suite"},
    task_builder=f"{_FOLDER}.tensorflow.tasks:build",
    declined_tasks={
        f"remat-{network}-selective": "tf.recompute_grad computes all of a block again, and knows no policy"
        for network in ("gpt", "resnet50")
    }
    | {"optimizers": "TensorFlow's optimizers are Keras'; plain operations, as its models here have, are nobody's own"},
)

FRAMEWORKS = {
    framework.id: framework
    for framework in (
        _JAX,
        _tuned(_JAX, _TUNED_RESNET),
        _written_in_all(_on_jax("flax-nnx", "flax_nnx", extra="flax", packages=("flax",), variant="jit")),
        # Its driver differs, and so its program does for every model on every device.
        msgspec.structs.replace(
            _on_jax("flax-nnx-tuned", "flax_nnx", extra="flax", packages=("flax",), variant="tuned", style="tuned"),
            models={"mlp": "mlp", "gpt": "gpt", "bert": "bert"} | _TUNED_RESNET,
        ),
        _LINEN,
        _tuned(_LINEN, _TUNED_RESNET),
        _HAIKU,
        _tuned(_HAIKU, _TUNED_RESNET),
        _EQUINOX,
        _tuned(_EQUINOX, _TUNED_TRANSFORMERS | _TUNED_RESNET),
        # Fused optimizers and channels_last, where that is faster, are what PyTorch's own documentation advises.
        _TORCH,
        # How the others of PyTorch's own optimizers do beside the fused ones of the line before.
        _with_optimizers(_TORCH, "for_loop"),
        _with_optimizers(_TORCH, "foreach"),
        _in_torch("torch-compile", variant="compile"),
        msgspec.structs.replace(_tuned(_TORCH, {model: model for model in _TUNED_IN_TORCH}), variant="tuned"),
        _in_torch("torch-cudagraphs", variant="cudagraphs", declined={"cpu": _GRAPHS, "tpu": _GRAPHS}),
        _TENSORFLOW,
        _tuned(_TENSORFLOW, _TUNED_RESNET),
        # Compiled or not as Keras itself does it where nobody asks; run_eagerly is Keras' way to debug a model.
        _in_keras("keras-jax", "jax", extra="jax", packages=_JAX.packages, variant="jax"),
        _in_keras("keras-tensorflow", "tensorflow", extra="tensorflow", packages=("tensorflow",), variant="tensorflow"),
        _in_keras("keras-torch", "pytorch", extra="torch", packages=("torch",), variant="torch"),
        _in_keras("keras-torch-compile", "pytorch", extra="torch", packages=("torch",), variant="torch-compile"),
    )
}
