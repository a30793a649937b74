"""Loss and gradients with ``tf.recompute_grad`` around each block, in TensorFlow.

Selective checkpointing is declined: ``tf.recompute_grad`` knows no policy. What is kept for the backward pass cannot be
counted before XLA has planned its memory, so there is no figure of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layers import attend, decode, dense, normalise
from speedscore.bench_suite.frameworks.tensorflow.resnet50 import batch_statistics, convolve, max_pool
from speedscore.bench_suite.frameworks.tensorflow.tasks import Named, TensorflowTask
from speedscore.bench_suite.workloads import gpt, resnet50
from speedscore.bench_suite.workloads.remat import Remat
from speedscore.bench_suite.workloads.task import TaskWorkload
from speedscore.bench_suite.workloads.transformer import ATTENTION_PARTS

Block = Callable[..., Any]
"""(parameters of the block, what comes in) → what goes out."""


def make(task: TaskWorkload, *, platform: str) -> TensorflowTask:
    """The task; a residual network on the host is run without XLA, as the model's own program is."""
    remat = cast(Remat, task)
    is_language = remat.network.model == "gpt"
    logits_of = partial(_language_model, remat) if is_language else partial(_residual_network, remat)

    def function(arguments: Named) -> Named:
        parameters = {
            name.partition(".")[2]: tensor for name, tensor in arguments.items() if name.startswith("parameter.")
        }
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(parameters)
            logits = logits_of(parameters, arguments["inputs"])
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=arguments["targets"], logits=logits)
            loss = arguments["scale"] * tf.reduce_mean(losses)
        gradients = tape.gradient(loss, parameters)
        dense_gradients = {f"gradient.{name}": tf.convert_to_tensor(value) for name, value in gradients.items()}
        return {"loss": loss, **dense_gradients}

    kept = {"none": "whatever it needs", "full": "the block's input"}[remat.policy]
    xla = is_language or platform != "cpu"
    return TensorflowTask(function, {"form": "blocks one after the other", "kept": kept}, xla=xla)


def _recomputed(task: Remat, block: Block) -> Block:
    wrapped: Block = tf.recompute_grad(block) if task.policy == "full" else block
    return wrapped


def _own(parameters: Named, block: str) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name.startswith(f"{block}.")}


def _language_model(task: Remat, parameters: Named, tokens: Any) -> Any:
    """Tokens [batch, length] to logits [batch, length, vocabulary]."""
    workload = cast(gpt.Gpt, task.network)
    length = tokens.shape[1]
    visible = tf.linalg.band_part(tf.ones((length, length), tf.bool), -1, 0)

    def block(own: Named, hidden: Any, *, name: str) -> Any:
        own = _fused(own, f"{name}.attn")
        normed = normalise(own, f"{name}.ln1", hidden, epsilon=gpt.NORM_EPSILON)
        attended = attend(own, f"{name}.attn", normed, visible, heads=workload.heads)
        hidden = hidden + dense(own, f"{name}.attn.proj", attended)
        normed = normalise(own, f"{name}.ln2", hidden, epsilon=gpt.NORM_EPSILON)
        inner = tf.nn.gelu(dense(own, f"{name}.mlp.fc", normed), approximate=True)
        return hidden + dense(own, f"{name}.mlp.proj", inner)

    hidden = tf.gather(parameters["wte.embedding"], tokens, axis=0) + parameters["wpe.embedding"][:length]
    for layer in range(workload.layers):
        name = f"block{layer}"
        hidden = _recomputed(task, partial(block, name=name))(_own(parameters, name), hidden)
    return decode(normalise(parameters, "ln_f", hidden, epsilon=gpt.NORM_EPSILON), parameters["wte.embedding"])


def _fused(own: Named, name: str) -> dict[str, Any]:
    """With query, key and value side by side, for the one product that the model's own program makes."""
    fused = {
        f"{name}.qkv.{kind}": tf.concat([own[f"{name}.{part}.{kind}"] for part in ATTENTION_PARTS], axis=-1)
        for kind in ("kernel", "bias")
    }
    return {**own, **fused}


def _residual_network(task: Remat, parameters: Named, images: Any) -> Any:
    """Images [batch, height, width, 3] to logits [batch, classes], in training mode without running statistics."""

    def conv_bn(own: Named, images: Any, conv: str, bn: str, stride: int = 1) -> Any:
        images = convolve(images, own[f"{conv}.kernel"], stride)
        mean, variance = batch_statistics(images)
        scale = own[f"{bn}.scale"] * tf.math.rsqrt(variance + resnet50.NORM_EPSILON)
        return (images - mean) * scale + own[f"{bn}.bias"]

    def block(own: Named, images: Any, *, name: str, stride: int) -> Any:
        shortcut = images
        if f"{name}.shortcut.conv.kernel" in own:
            shortcut = conv_bn(own, images, f"{name}.shortcut.conv", f"{name}.shortcut.bn", stride)
        images = tf.nn.relu(conv_bn(own, images, f"{name}.conv0", f"{name}.bn0"))
        images = tf.nn.relu(conv_bn(own, images, f"{name}.conv1", f"{name}.bn1", stride))
        return tf.nn.relu(conv_bn(own, images, f"{name}.conv2", f"{name}.bn2") + shortcut)

    images = max_pool(tf.nn.relu(conv_bn(parameters, images, "stem.conv", "stem.bn", 2)))
    for stage, blocks in enumerate(resnet50.STAGE_BLOCKS):
        for index in range(blocks):
            name, stride = f"stage{stage}.block{index}", 2 if stage and not index else 1
            recomputed = _recomputed(task, partial(block, name=name, stride=stride))
            images = recomputed(_own(parameters, name), images)
    return dense(parameters, "head", tf.reduce_mean(images, axis=(1, 2)))
