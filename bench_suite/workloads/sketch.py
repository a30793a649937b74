"""A tensor's sketch: its L2 norm and sixteen random projections, enough to tell how far another tensor is from it.

With d the difference of two tensors and s a vector of independent signs, E[(s·d)²] = ‖d‖² (Johnson and Lindenstrauss
with the signs of Achlioptas 2003). The root of the mean over sixteen sign vectors therefore estimates ‖d‖, within about
18 % (one standard deviation), and is zero when the tensors are equal. A reference file can so hold a network of any
size. A sketch never rebuilds a tensor.
"""

from __future__ import annotations

from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

PROJECTIONS = 16
_SEED = 1706
_CHUNK = 1 << 18
"""Elements projected at once: the signs of one chunk take 32 MiB."""


class Sketch(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a tensor."""

    shape: tuple[int, ...]
    norm: float
    """The root of the sum of squares."""
    projections: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.projections) != PROJECTIONS:
            raise ValueError(f"a sketch has {PROJECTIONS} projections, but this one has {len(self.projections)}")


def project(name: str, values: NDArray[np.generic]) -> NDArray[np.float64]:
    """The sums of ``values`` under the sixteen sign vectors of ``name``; elements are taken in C order."""
    random = np.random.default_rng([_SEED, crc32(name.encode())])
    flat = np.ascontiguousarray(values).reshape(-1)
    sums = np.zeros(PROJECTIONS)
    for start in range(0, flat.size, _CHUNK):
        chunk = flat[start : start + _CHUNK].astype(np.float64)
        # Always a whole chunk of signs, so that an element's signs depend on its index alone.
        packed = np.frombuffer(random.bytes(_CHUNK * PROJECTIONS // 8), np.uint8)[: chunk.size * PROJECTIONS // 8]
        signs = np.unpackbits(packed).reshape(chunk.size, PROJECTIONS) * 2.0 - 1.0
        sums += chunk @ signs
    return sums


def make_sketch(name: str, values: NDArray[np.generic]) -> Sketch:
    """The sketch of a tensor of any shape and real or integer type."""
    norm = float(np.linalg.norm(values.astype(np.float64).reshape(-1)))
    return Sketch(values.shape, norm, tuple(project(name, values).tolist()))


def scale_sketch(sketch: Sketch, factor: float) -> Sketch:
    """The sketch of the same tensor times ``factor``."""
    return Sketch(
        sketch.shape, abs(factor) * sketch.norm, tuple(factor * projection for projection in sketch.projections)
    )


def distance(name: str, values: NDArray[np.generic], reference: Sketch) -> float:
    """The estimated L2 norm of ``values`` less the tensor that ``reference`` was made of, under the same ``name``.

    Not finite when a value is not. Raises ValueError when the shapes differ.
    """
    if values.shape != reference.shape:
        raise ValueError(f"{name}: the reference has shape {reference.shape}, but found {values.shape}")
    difference = project(name, values) - np.asarray(reference.projections)
    return float(np.sqrt(np.mean(difference**2)))
