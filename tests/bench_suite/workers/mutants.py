"""Certifies one framework's programs after one thing about them was changed, and prints what the certificate says.

Run as a process of its own, for the pytest process never imports a framework: ``python mutants.py FRAMEWORK MODEL …``.
A certificate sees numbers and no code, so wrong training, which takes longest to compile, is built in one line of each
ecosystem; the other idiomatic lines are wrong in inference. Of a tuned line only the honest programs are certified:
what it does not share with the idiomatic one is its layers, or how they are compiled. So it is of Keras on all backends
but one, for its models are the same on each, and of compiled PyTorch beside the eager one.
A mutation is what a careless port would do: an epsilon, GELU form, momentum or decay left at somebody's default, a
kernel loaded without its transposition, a bias forgotten, padding that is attended to. The mutations called ``none``
change nothing. It knows no framework's code: constants are changed in the modules of ``bench_suite/frameworks``,
weights and optimizer in the workload that the framework is given, and GELU in the library.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.bench_suite.workloads.workload import Weights, Workload
from speedscore.record.phases import MODEL_ROLES, Role

DEFAULT_DECAY = {"jax": 1e-4, "pytorch": 1e-2, "tensorflow": 4e-3, "keras": 4e-3}
"""AdamW's own, in optax, torch.optim and Keras. Of SGD it is nothing everywhere."""
GELU = {"jax": "jax.nn", "pytorch": "torch.nn.functional", "tensorflow": "tensorflow.nn", "keras": "keras.ops"}


class Altered:
    """A workload that gives other weights, or another optimizer, than it should."""

    def __init__(
        self, workload: Workload, *, change: Callable[[Weights], Weights] = dict, optimizer: Any = None
    ) -> None:
        self._workload = workload
        self._change = change
        self.optimizer = optimizer or workload.optimizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._workload, name)

    def parameters(self) -> Weights:
        return self._change(self._workload.parameters())


Mutation = Callable[[Workload, Framework], Iterator[Workload]]
"""While it is entered, the program that is built of what it gives is wrong."""


@contextmanager
def unchanged(workload: Workload, framework: Framework) -> Iterator[Any]:
    del framework
    yield workload


@contextmanager
def constant(workload: Workload, framework: Framework, *, name: str, value: float) -> Iterator[Any]:
    """In every module of the frameworks that imported it from the workload's."""
    importlib.import_module(implementation(framework, MODELS[workload.model]))
    modules = [module for path, module in sys.modules.items() if path.startswith("speedscore.bench_suite.frameworks.")]
    holders = [module for module in modules if hasattr(module, name)]
    assert holders, f"no module of {framework.id} has {name}"
    before = [getattr(module, name) for module in holders]
    for module in holders:
        setattr(module, name, value)
    try:
        yield workload
    finally:
        for module, old in zip(holders, before, strict=True):
            setattr(module, name, old)


@contextmanager
def other_gelu(workload: Workload, framework: Framework) -> Iterator[Any]:
    """The tanh form for the exact one, and the other way round."""
    library = importlib.import_module(GELU[written_in(framework)])
    right = library.gelu
    other = {True: False, False: True, "tanh": "none", "none": "tanh"}

    def gelu(x: Any, *, approximate: Any) -> Any:
        return right(x, approximate=other[approximate])

    with mock.patch.object(library, "gelu", gelu):
        yield workload


@contextmanager
def default_decay(workload: Workload, framework: Framework) -> Iterator[Any]:
    is_sgd = type(workload.optimizer).__name__ == "Sgd"
    decay = 0.0 if is_sgd else DEFAULT_DECAY[written_in(framework)]
    yield Altered(workload, optimizer=msgspec.structs.replace(workload.optimizer, weight_decay=decay))


@contextmanager
def transposed(workload: Workload, framework: Framework, *, kernel: str) -> Iterator[Any]:
    """A kernel with as many inputs as outputs, its last two axes exchanged."""
    del framework
    yield Altered(workload, change=lambda weights: weights | {kernel: weights[kernel].swapaxes(-1, -2).copy()})


@contextmanager
def without_bias(workload: Workload, framework: Framework, *, bias: str) -> Iterator[Any]:
    del framework
    yield Altered(workload, change=lambda weights: weights | {bias: 0 * weights[bias]})


HONEST: dict[str, tuple[Role, Any]] = {f"none, {role}": (role, unchanged) for role in MODEL_ROLES}
MUTATIONS: dict[str, dict[str, tuple[Role, Any]]] = {
    "mlp": {
        **HONEST,
        "other-gelu": ("inference", other_gelu),
        "transposed": ("inference", partial(transposed, kernel="dense1.kernel")),
        "no-bias": ("inference", partial(without_bias, bias="dense1.bias")),
        "default-decay": ("training", default_decay),
    },
    "gpt": {
        **HONEST,
        "other-gelu": ("inference", other_gelu),
        "epsilon": ("inference", partial(constant, name="NORM_EPSILON", value=1e-6)),
        "transposed": ("inference", partial(transposed, kernel="block0.attn.value.kernel")),
        "no-bias": ("inference", partial(without_bias, bias="block1.mlp.proj.bias")),
        "default-decay": ("training", default_decay),
    },
    "bert": {
        **HONEST,
        "other-gelu": ("inference", other_gelu),
        "epsilon": ("inference", partial(constant, name="NORM_EPSILON", value=1e-6)),
        "padding-seen": ("inference", partial(constant, name="PADDING", value=-7)),
        "transposed": ("inference", partial(transposed, kernel="layer0.attn.value.kernel")),
        "no-bias": ("inference", partial(without_bias, bias="head.bias")),
        "default-decay": ("training", default_decay),
    },
    "resnet50": {
        **HONEST,
        "epsilon": ("inference", partial(constant, name="NORM_EPSILON", value=1e-3)),
        "transposed": ("inference", partial(transposed, kernel="stage0.block1.conv1.kernel")),
        "momentum": ("training", partial(constant, name="BN_DECAY", value=0.99)),
        "default-decay": ("training", default_decay),
    },
}

WRONG_IN_TRAINING = ("jax", "torch", "tensorflow", "keras-torch")
"""One line of each ecosystem; Keras is its own."""


def mutations_of(framework: Framework, model: str) -> dict[str, tuple[Role, Any]]:
    mutations = MUTATIONS[model]
    if framework.id in WRONG_IN_TRAINING:
        return mutations
    if not is_honest_only(framework):
        return {name: case for name, case in mutations.items() if name in HONEST or case[0] == "inference"}
    # To compile more of what Keras writes once for all backends took a minute.
    return HONEST if framework.style == "tuned" else {"none, training": HONEST["none, training"]}


def is_honest_only(framework: Framework) -> bool:
    """Whether its wrong programs are left to another line of its folder."""
    is_on_other_backend = framework.style == "multi-backend" and framework.id not in WRONG_IN_TRAINING
    return framework.style == "tuned" or is_on_other_backend or framework.variant == "compile"


def is_compiled_anew(framework: Framework) -> bool:
    """Whether PyTorch's compiler makes other programs of the modules that it shares with the line ``torch``."""
    return framework.variant == "compile" or (framework.style == "tuned" and framework.ecosystem == "pytorch")


def written_in(framework: Framework) -> str:
    """Whose GELU its models call and whose decay is a default there."""
    return "keras" if "keras" in framework.packages else framework.ecosystem


def certify_mutants(framework: Framework, model: str) -> None:
    workload = make_workload(model, "smoke")
    for name, (role, mutation) in mutations_of(framework, model).items():
        with mutation(workload, framework) as given:
            mutant = framework.load()(
                given,
                implementation=implementation(framework, MODELS[model]),
                role=role,
                device="cpu",
                variant=framework.variant,
                threads=1,
            )
            mutant.compile()
            certificate = certify(mutant, workload, role)
        failure = certificate.first_failure
        print(json.dumps([model, name, failure.quantity if failure else "", certificate.worst_ratio]), flush=True)


if __name__ == "__main__":
    for chosen in sys.argv[2:]:
        certify_mutants(FRAMEWORKS[sys.argv[1]], chosen)
