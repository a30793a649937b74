"""Counts the bytes that a forward pass in PyTorch leaves for its backward pass: the residuals.

Each piece of memory counts once, however many tensors share it; parameters, buffers, the batch and the result itself do
not count, for they are there anyway. It times nothing.
"""

# Where PyTorch is not installed, its classes are Any to the type checker; where it is, these have no annotations.
# mypy: allow-subclassing-any, allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Storages(TorchDispatchMode):
    """Notes the memory of whatever is computed inside it, without keeping it alive."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes_by_storage: dict[StorageWeakRef, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        del types
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                storage = leaf.untyped_storage()
                self.bytes_by_storage[StorageWeakRef(storage)] = storage.nbytes()
        return out


def count_living_bytes(objective: Callable[[], torch.Tensor], given: Iterable[torch.Tensor]) -> int:
    """What of all that an eager ``objective`` computes is alive when it has returned; ``given`` are its own tensors.

    It may be on the ``meta`` device, where nothing is computed or allocated.
    """
    with _Storages() as storages:
        loss = objective()
    apart = {StorageWeakRef(tensor.untyped_storage()) for tensor in (*given, loss)}
    return sum(
        size for storage, size in storages.bytes_by_storage.items() if storage not in apart and not storage.expired()
    )


def count_saved_bytes(objective: Callable[[], torch.Tensor], given: Iterable[torch.Tensor]) -> int:
    """What a compiled ``objective`` saves for its backward pass, by ``saved_tensors_hooks``."""
    saved: dict[int, int] = {}
    alive = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        # Kept, so that no other tensor gets the same memory meanwhile.
        alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        objective()
    apart = {tensor.untyped_storage().data_ptr() for tensor in given}
    return sum(size for pointer, size in saved.items() if pointer not in apart)
