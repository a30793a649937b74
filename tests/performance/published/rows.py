"""The comparisons that there are, as text, and why others are not: nothing here imports a framework."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One of this suite's implementations and a published one of the same model."""

    framework: str
    """A line of the framework table: our side."""
    model: str
    preset: str
    example: str
    """``module:function`` of this package that makes the published side from a workload and a number of threads."""
    packages: tuple[str, ...] = ()
    """Importable names that the published side needs besides the framework's own."""
    source: str = ""
    """File that it is read from, as a pattern under ``SPEEDSCORE_PUBLISHED``; empty where a package holds it."""
    compiled: bool = False
    """The published side goes through ``torch.compile`` as well."""
    remark: str = ""
    """What differs from our model, and in whose favour."""
    same_parameters: bool = True
    """The numbers of trained scalars agree within one per cent."""

    @property
    def id(self) -> str:
        return f"{self.framework}-{self.model}-{self.preset}-{self.example.partition(':')[2]}"


_FUSED = "fused optimizer on both sides"
_HF = f"{_FUSED}, as the Trainer of transformers chooses it"
_NANOGPT = f"tanh GELU put in for the exact one; its own optimizer, that is, no decay of vectors; {_FUSED}"
_NCHW = f"NCHW as published, ours in the layout that is the faster one here; {_FUSED}"

_LINEN_GPT = "examples/lm1b with GELU put in for ReLU; no biases in attention; a mask of padding as well; logits scaled"
_UNTIED = "the head is a matrix of its own, with bias"
_MINIGPT = f"docs' miniGPT with GELU put in for ReLU; post-norm; {_UNTIED}; sharding annotations on a mesh of one"
_HAIKU_GPT = f"examples/transformer; {_UNTIED}"
_KERAS_RESNET = "version 1: the stride in the 1 × 1 convolution (about 7 % fewer FLOPs), biases in convolutions"
_KERAS_BERT = "head at all positions, as ours; has a pooler that the loss does not reach"
_EQUINOX_BERT = "its encoder with the exact GELU put in, under a head written here; has a pooler that is not used"
OBVIOUS = "no example has this shape: the library's own layers in its own Sequential"
_NNX_TUNED = "split and merge around jax.jit, as the guide on performance has it"


def _torch(variant: str, *, preset: str) -> tuple[Row, ...]:
    framework = "torch" if variant == "eager" else "torch-compile"
    compiled = variant == "compile"
    module = "torch_examples"

    def row(model: str, function: str, *, remark: str, packages: tuple[str, ...] = (), source: str = "") -> Row:
        # torchvision's ResNet has one width, that of the small preset.
        shape = "small" if model == "resnet50" else preset
        example = f"{module}:{function}"
        return Row(framework, model, shape, example, packages, source, compiled, remark)

    return (
        row("mlp", "sequential", remark=f"{OBVIOUS}; {_FUSED}"),
        row("gpt", "transformers_gpt2", packages=("transformers",), remark=_HF),
        row("gpt", "nanogpt", source="nanoGPT/model.py", remark=_NANOGPT),
        row("bert", "transformers_bert", packages=("transformers",), remark=_HF),
        row("resnet50", "torchvision_resnet50", packages=("torchvision", "PIL"), remark=_NCHW),
    )


_TABLE = (
    Row("jax", "mlp", "smoke", "jax_examples:stax_mlp", remark="jax.example_libraries.stax, with optax as ours"),
    *_torch("eager", preset="smoke"),
    *(row for row in _torch("eager", preset="small") if row.model in ("gpt", "bert")),
    *_torch("compile", preset="smoke"),
    Row("flax-linen", "mlp", "smoke", "linen_examples:linen_sequential", remark=OBVIOUS),
    Row(
        "flax-linen",
        "gpt",
        "smoke",
        "linen_examples:lm1b",
        source="flax-*/examples/lm1b/models.py",
        remark=_LINEN_GPT,
    ),
    Row(
        "flax-linen",
        "resnet50",
        "small",
        "linen_examples:imagenet",
        source="flax-*/examples/imagenet/models.py",
        remark="max-pool padded as SAME",
    ),
    Row("flax-nnx", "mlp", "smoke", "nnx_examples:nnx_sequential", remark=OBVIOUS),
    Row("flax-nnx-tuned", "mlp", "smoke", "nnx_examples:nnx_sequential_split", remark=f"{OBVIOUS}; {_NNX_TUNED}"),
    Row(
        "flax-nnx",
        "gpt",
        "smoke",
        "nnx_examples:minigpt",
        source="flax-*/docs_nnx/examples/minigpt.ipynb",
        remark=_MINIGPT,
        same_parameters=False,
    ),
    Row(
        "flax-nnx-tuned",
        "gpt",
        "smoke",
        "nnx_examples:minigpt_split",
        source="flax-*/docs_nnx/examples/minigpt.ipynb",
        remark=f"{_MINIGPT}; {_NNX_TUNED}",
        same_parameters=False,
    ),
    Row("haiku", "mlp", "smoke", "haiku_examples:haiku_mlp", remark="hk.nets.MLP"),
    Row(
        "haiku",
        "gpt",
        "smoke",
        "haiku_examples:transformer",
        source="dm_haiku-*/examples/transformer/model.py",
        remark=_HAIKU_GPT,
        same_parameters=False,
    ),
    Row("haiku", "resnet50", "small", "haiku_examples:haiku_resnet50", remark="padded as SAME"),
    Row("equinox", "mlp", "smoke", "equinox_examples:equinox_mlp", remark="eqx.nn.MLP under jax.vmap"),
    Row(
        "equinox",
        "bert",
        "smoke",
        "equinox_examples:bert_notebook",
        source="equinox/docs/examples/bert.ipynb",
        remark=_EQUINOX_BERT,
        same_parameters=False,
    ),
    Row("tensorflow", "mlp", "smoke", "keras_examples:keras_sequential", ("keras",), remark=OBVIOUS),
    Row("tensorflow", "gpt", "smoke", "keras_examples:keras_hub_gpt2", ("keras", "keras_hub")),
    Row(
        "tensorflow",
        "bert",
        "smoke",
        "keras_examples:keras_hub_bert",
        ("keras", "keras_hub"),
        remark=_KERAS_BERT,
        same_parameters=False,
    ),
    Row("tensorflow", "resnet50", "small", "keras_examples:keras_resnet50", ("keras",), remark=_KERAS_RESNET),
)

ROWS = {row.id: row for row in _TABLE}

ABSENT = {
    "jax gpt": "JAX publishes no model; the Flax models of transformers went with its version 5",
    "jax bert": "JAX publishes no model; the Flax models of transformers went with its version 5",
    "jax resnet50": "JAX publishes no model outside its repository's examples, which no package holds",
    "flax-linen bert": "Flax has no encoder with this loss among its examples",
    "flax-nnx bert, resnet50": "Flax has neither among its NNX examples",
    "haiku bert": "Haiku has no encoder among its examples",
    "equinox gpt, resnet50": "Equinox has neither among its examples",
}
"""Framework and model → why nothing published stands beside ours."""
