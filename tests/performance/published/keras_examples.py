"""Published Keras models over TensorFlow with ``jit_compile=True``, one ``train_on_batch`` a step.

Only the published side imports this.
"""

from __future__ import annotations

import os
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow

from speedscore.bench_suite.workloads.bert import PADDING, SEGMENTS, Bert
from speedscore.bench_suite.workloads.gpt import Gpt
from speedscore.bench_suite.workloads.mlp import FEATURES, Mlp
from speedscore.bench_suite.workloads.resnet50 import CHANNELS, Resnet50
from speedscore.bench_suite.workloads.workload import AdamW, Sgd
from tests.performance.published.rows import Row


class KerasExample:
    """A compiled Keras model and the batch that it is trained on."""

    def __init__(
        self, origin: str, model: Any, options: AdamW | Sgd, batch: tuple[Any, Any], sample_weight: Any = None
    ) -> None:
        model.compile(
            optimizer=_make_optimizer(options),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            # Else keras-hub would have it compute the accuracy as well.
            weighted_metrics=None,
            jit_compile=True,
        )
        self.origin = origin
        self.parameters = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        self._model = model
        to_tensor = tensorflow.convert_to_tensor
        self._batch = tensorflow.nest.map_structure(to_tensor, batch)
        self._sample_weight = None if sample_weight is None else to_tensor(sample_weight)
        self._loss = float("nan")

    def step(self) -> None:
        self._loss = self._model.train_on_batch(*self._batch, self._sample_weight, return_dict=True)["loss"]

    def wait(self) -> None:
        """Nothing to do: the loss that ``train_on_batch`` returns is on the host."""

    def loss(self) -> float:
        return float(self._loss)


def _make_optimizer(options: AdamW | Sgd) -> Any:
    if isinstance(options, AdamW):
        return keras.optimizers.AdamW(
            learning_rate=options.learning_rate,
            weight_decay=options.weight_decay,
            beta_1=options.beta1,
            beta_2=options.beta2,
            epsilon=options.epsilon,
        )
    return keras.optimizers.SGD(
        learning_rate=options.learning_rate, momentum=options.momentum, weight_decay=options.weight_decay
    )


def _settle(threads: int) -> None:
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    keras.utils.set_random_seed(0)


def keras_sequential(workload: Mlp, row: Row, threads: int) -> KerasExample:
    del row
    _settle(threads)
    *hidden, (_, classes) = workload.layer_sizes
    layers = [keras.layers.Dense(outputs, activation="gelu") for _, outputs in hidden]
    model = keras.Sequential([keras.Input((FEATURES,)), *layers, keras.layers.Dense(classes)])
    batch = workload.inputs(), workload.targets()
    return KerasExample(f"keras {keras.__version__}, Sequential", model, workload.optimizer, batch)


def keras_resnet50(workload: Resnet50, row: Row, threads: int) -> KerasExample:
    del row
    _settle(threads)
    model = keras.applications.ResNet50(
        weights=None,
        input_shape=(workload.image_size, workload.image_size, CHANNELS),
        classes=workload.classes,
        classifier_activation=None,
    )
    batch = workload.inputs(), workload.targets()
    return KerasExample(f"keras {keras.__version__}, applications.ResNet50", model, workload.optimizer, batch)


def keras_hub_gpt2(workload: Gpt, row: Row, threads: int) -> KerasExample:
    del row
    _settle(threads)
    import keras_hub

    backbone = keras_hub.models.GPT2Backbone(
        vocabulary_size=workload.vocabulary,
        num_layers=workload.layers,
        num_heads=workload.heads,
        hidden_dim=workload.width,
        intermediate_dim=4 * workload.width,
        dropout=0.0,
        max_sequence_length=workload.context,
    )
    model = keras_hub.models.GPT2CausalLM(backbone=backbone, preprocessor=None)
    tokens = workload.inputs()
    batch = {"token_ids": tokens, "padding_mask": np.ones_like(tokens)}, workload.targets()
    return KerasExample(f"keras-hub {keras_hub.__version__}, GPT2CausalLM", model, workload.optimizer, batch)


def keras_hub_bert(workload: Bert, row: Row, threads: int) -> KerasExample:
    del row
    _settle(threads)
    import keras_hub

    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=workload.vocabulary,
        num_layers=workload.layers,
        num_heads=workload.heads,
        hidden_dim=workload.width,
        intermediate_dim=4 * workload.width,
        dropout=0.0,
        max_sequence_length=workload.context,
        num_segments=SEGMENTS,
    )
    model = keras_hub.models.BertMaskedLM(backbone=backbone, preprocessor=None)
    tokens, segments = workload.inputs().transpose(1, 0, 2)
    targets = workload.targets()
    features = {
        "token_ids": tokens,
        "segment_ids": segments,
        "padding_mask": (tokens != PADDING).astype(np.int32),
        "mask_positions": np.broadcast_to(np.arange(workload.context, dtype=np.int32), tokens.shape),
    }
    batch = features, np.maximum(targets, 0)
    origin = f"keras-hub {keras_hub.__version__}, BertMaskedLM"
    return KerasExample(origin, model, workload.optimizer, batch, (targets >= 0).astype(np.float32))
