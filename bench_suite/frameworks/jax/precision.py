"""What a precision means to JAX: the type that a model computes in, and how XLA multiplies float32.

JAX has no switch that makes a model mixed: its users keep parameters in float32 and write the casts, and so do the
models here and in the libraries upon JAX. Nothing here knows a model.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import jax.numpy as jnp

from speedscore.bench_suite.frameworks.jax.watching import config
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision

_PRODUCTS: dict[Precision, str] = {
    # TF32 and bfloat16 passes would make float32 mean another thing here than elsewhere; convolutions obey it too.
    "float32": "highest",
    "tf32": "tensorfloat32",
    # Of factors that are of bfloat16 already there is nothing to choose.
    "bfloat16": "default",
}


def set_product_precision(precision: Precision) -> None:
    """Set how products and convolutions of float32 are computed in this process."""
    config.update("jax_default_matmul_precision", _PRODUCTS[precision])


def compute_type(precision: Precision) -> Any:
    """Of activations and of the factors of products; parameters stay in float32."""
    return jnp.bfloat16 if precision == "bfloat16" else jnp.float32


def describe_compute(precision: Precision) -> dict[str, Scalar]:
    """What of a program is in which type, where not all is float32."""
    if precision != "bfloat16":
        return {}
    return {
        "compute": "casts: activations, products and convolutions in bfloat16; statistics of normalisations, softmax, "
        "loss, parameters, gradients and optimizer in float32"
    }


_PRODUCT = re.compile(r" (?:dot|convolution)\(%?([\w.-]+)")
_DEFINED = re.compile(r"^\s*(?:ROOT )?%?([\w.-]+) = (\w+)\[", re.MULTILINE)
_LIBRARY_CALL = re.compile(r'custom_call_target="(__cublas[^"]*|__cudnn[^"]*|__onednn[^"]*)"')


def observe_products(text: str) -> str:
    """How many products and convolutions of a compiled program have factors of which type, as in ``bf16: 12, f32: 1``.

    On a host XLA may widen the factors after they were rounded: the numbers are then those of bfloat16, and the
    arithmetic that of float32. What is handed to a library is counted by its name.
    """
    types = dict(_DEFINED.findall(text))
    counts = Counter(types.get(name, "unknown") for name in _PRODUCT.findall(text))
    counts.update(_LIBRARY_CALL.findall(text))
    return ", ".join(f"{kind}: {count}" for kind, count in counts.most_common()) or "none"
