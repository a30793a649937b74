"""Loss and gradients with ``jax.checkpoint`` around each block, in raw JAX.

The language model's blocks are one ``lax.scan`` over stacked parameters, whatever the policy: unrolled, XLA's host
backend finds the repeated work and undoes most of it. The residual network's blocks differ in shape and cannot be
stacked. Selective keeps the products that have no batch of matrices (``dots_with_no_batch_dims_saveable``) in the one
and the convolutions in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import ad_checkpoint, lax

from speedscore.bench_suite.frameworks.jax.driver import make_loss
from speedscore.bench_suite.frameworks.jax.image_layers import batch_statistics, convolve, max_pool
from speedscore.bench_suite.frameworks.jax.layers import attend, dense, normalise
from speedscore.bench_suite.frameworks.jax.tasks import JaxTask
from speedscore.bench_suite.workloads import gpt, resnet50
from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.bench_suite.workloads.remat import Policy, Remat, largest_batch, with_batch
from speedscore.bench_suite.workloads.task import TaskWorkload
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar

Wrap = Callable[..., Any]
"""Puts ``jax.checkpoint`` around a block, or leaves it alone."""
# Without annotations in one release of JAX or another.
_Shape: Any = jax.ShapeDtypeStruct
_name: Any = ad_checkpoint.checkpoint_name
_BLOCK = "block0"
"""How the stacked parameters of all blocks are called: as those of the first."""
_CONVOLUTION = "convolution"


def make(task: TaskWorkload, *, platform: str) -> JaxTask:
    """The task as a function of its arguments; it is the same on every platform."""
    del platform
    remat = cast(Remat, task)
    network = _LanguageModel(remat) if remat.network.model == "gpt" else _ResidualNetwork(remat)
    mean_loss = make_loss(some_ignored=False)

    def scaled_loss(parameters: Any, inputs: Any, targets: Any, scale: Any) -> Any:
        return scale * mean_loss(network.logits(parameters, inputs), targets)

    def start(arguments: Mapping[str, Any]) -> tuple[Any, Any]:
        own = {name.partition(".")[2]: np.asarray(values) for name, values in arguments.items() if "parameter." in name}
        batch = arguments["inputs"], arguments["targets"], arguments["scale"]
        return (), (jax.tree.map(jnp.asarray, network.to_tree(own)), *batch)

    def function(carry: Any, constants: Any) -> tuple[Any, Any]:
        return carry, jax.value_and_grad(scaled_loss)(*constants)

    def read(_: Any, given: Any) -> dict[str, Any]:
        loss, gradients = given
        canonical = network.to_canonical(jax.tree.map(np.asarray, gradients))
        return {"loss": loss, **{f"gradient.{name}": values for name, values in canonical.items()}}

    def residual_bytes(batch: int) -> int:
        other = with_batch(remat, batch).network
        shapes = jax.tree.map(_shape, (network.to_tree(other.parameters()), other.inputs(), other.targets()))
        return count_residual_bytes(scaled_loss, *shapes, _Shape((), np.float32))

    def counts() -> dict[str, int]:
        own = len(remat.network.targets())
        return {"residual_bytes": residual_bytes(own), "largest_batch": largest_batch(residual_bytes, remat)}

    return JaxTask(start, function, read, network.description, counts)


def count_residual_bytes(function: Callable[..., Any], *shapes: Any) -> int:
    """Bytes of what ``jax.vjp`` of the function by its first argument keeps, for arguments of these shapes.

    Every array counts once; those that are the function's own arguments are there anyway and do not count. Nothing is
    computed: the function is traced.
    """

    def pullback(*arguments: Any) -> Any:
        return jax.vjp(lambda first: function(first, *arguments[1:]), arguments[0])[1]

    jaxpr = jax.make_jaxpr(pullback)(*shapes).jaxpr
    given = set(map(id, jaxpr.invars))
    kept = {id(variable): variable.aval for variable in jaxpr.outvars if not hasattr(variable, "val")}
    return sum(aval.size * aval.dtype.itemsize for key, aval in kept.items() if key not in given)


def _shape(values: Any) -> Any:
    return _Shape(values.shape, values.dtype)


class _LanguageModel:
    """``gpt`` with its blocks stacked."""

    def __init__(self, task: Remat) -> None:
        workload = cast(gpt.Gpt, task.network)
        self._heads, self._layers = workload.heads, workload.layers
        self._norm = partial(normalise, epsilon=gpt.NORM_EPSILON)
        self._wrap = _wrap(task.policy, jax.checkpoint_policies.dots_with_no_batch_dims_saveable)
        self.description: dict[str, Scalar] = {
            "form": "lax.scan over stacked blocks",
            "kept": _kept(task.policy, "results of products without a batch of matrices"),
        }

    def to_tree(self, parameters: Weights) -> Any:
        """Those of no block, and those of all blocks stacked: [layers, …]."""
        fused = fuse(parameters)
        alone = {name: values for name, values in fused.items() if not name.startswith("block")}
        names = [name.partition(".")[2] for name in fused if name.startswith(f"{_BLOCK}.")]
        stacked = {
            f"{_BLOCK}.{name}": np.stack([fused[f"block{layer}.{name}"] for layer in range(self._layers)])
            for name in names
        }
        return alone, stacked

    def to_canonical(self, tree: Any) -> Weights:
        alone, stacked = tree
        blocks = {
            f"block{layer}.{name.partition('.')[2]}": values[layer]
            for name, values in stacked.items()
            for layer in range(self._layers)
        }
        return split({**alone, **blocks})

    def logits(self, parameters: Any, tokens: Any) -> Any:
        """Tokens [batch, length] to logits [batch, length, vocabulary]."""
        alone, stacked = parameters
        length = tokens.shape[1]
        visible = jnp.tril(jnp.ones((length, length), dtype=bool))

        def block(hidden: Any, own: Any) -> tuple[Any, None]:
            attended = attend(
                own, f"{_BLOCK}.attn", self._norm(own, f"{_BLOCK}.ln1", hidden), visible, heads=self._heads
            )
            hidden = hidden + dense(own, f"{_BLOCK}.attn.proj", attended)
            inner = dense(own, f"{_BLOCK}.mlp.fc", self._norm(own, f"{_BLOCK}.ln2", hidden))
            return hidden + dense(own, f"{_BLOCK}.mlp.proj", jax.nn.gelu(inner, approximate=True)), None

        hidden = alone["wte.embedding"][tokens] + alone["wpe.embedding"][:length]
        hidden, _ = lax.scan(self._wrap(block), hidden, stacked)
        return self._norm(alone, "ln_f", hidden) @ alone["wte.embedding"].T


class _ResidualNetwork:
    """``resnet50`` in training mode, without its running statistics."""

    def __init__(self, task: Remat) -> None:
        self._wrap = _wrap(task.policy, jax.checkpoint_policies.save_only_these_names(_CONVOLUTION))
        self.description: dict[str, Scalar] = {
            "form": "blocks one after the other",
            "kept": _kept(task.policy, "results of convolutions"),
        }

    def to_tree(self, parameters: Weights) -> Any:
        return parameters

    def to_canonical(self, tree: Any) -> Weights:
        return cast(Weights, tree)

    def logits(self, parameters: Any, images: Any) -> Any:
        """Images [batch, height, width, 3] to logits [batch, classes]."""
        images = max_pool(jax.nn.relu(_conv_bn(parameters, images, "stem.conv", "stem.bn", 2)))
        for stage, blocks in enumerate(resnet50.STAGE_BLOCKS):
            for index in range(blocks):
                name, stride = f"stage{stage}.block{index}", 2 if stage and not index else 1
                own = {key: values for key, values in parameters.items() if key.startswith(f"{name}.")}
                images = self._wrap(partial(_bottleneck, name=name, stride=stride))(own, images)
        return images.mean((1, 2)) @ parameters["head.kernel"] + parameters["head.bias"]


def _conv_bn(parameters: Any, images: Any, conv: str, bn: str, stride: int = 1) -> Any:
    images = _name(convolve(images, parameters[f"{conv}.kernel"], stride), _CONVOLUTION)
    mean, variance = batch_statistics(images)
    scale = parameters[f"{bn}.scale"] * lax.rsqrt(variance + resnet50.NORM_EPSILON)
    return (images - mean) * scale + parameters[f"{bn}.bias"]


def _bottleneck(parameters: Any, images: Any, *, name: str, stride: int) -> Any:
    shortcut = images
    if f"{name}.shortcut.conv.kernel" in parameters:
        shortcut = _conv_bn(parameters, images, f"{name}.shortcut.conv", f"{name}.shortcut.bn", stride)
    images = jax.nn.relu(_conv_bn(parameters, images, f"{name}.conv0", f"{name}.bn0"))
    images = jax.nn.relu(_conv_bn(parameters, images, f"{name}.conv1", f"{name}.bn1", stride))
    return jax.nn.relu(_conv_bn(parameters, images, f"{name}.conv2", f"{name}.bn2") + shortcut)


def _wrap(policy: Policy, selective: Any) -> Wrap:
    if policy == "none":
        return lambda block: block
    return partial(jax.checkpoint, policy=selective if policy == "selective" else None)


def _kept(policy: Policy, selective: str) -> str:
    """What of a block the backward pass finds, in words."""
    return {"none": "whatever it needs", "full": "the block's input", "selective": f"the block's input, {selective}"}[
        policy
    ]
