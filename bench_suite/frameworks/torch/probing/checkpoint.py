"""Checkpoints of a PyTorch program: ``torch.save`` and ``torch.load`` of both ``state_dict``s, and safetensors.

safetensors keeps tensors by name and nothing else, so the optimizer's nested dictionary is flattened here by hand, as
whoever takes that route has to; the options of its groups are those of the fresh optimizer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from speedscore.bench_suite.frameworks.checkpointing import Route


def read(program: Any) -> Any:
    return {"model": program.module.state_dict(), "optimizer": program.optimizer.state_dict()}


def write(program: Any, state: Any) -> None:
    program.module.load_state_dict(state["model"])
    program.optimizer.load_state_dict(state["optimizer"])


def name_arrays(state: Any) -> dict[str, Any]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in _name_tensors(state).items()}


def _name_tensors(state: Any) -> dict[str, Any]:
    slots = {
        f"optimizer.{index}.{slot}": value
        for index, values in state["optimizer"]["state"].items()
        for slot, value in values.items()
    }
    return {f"model.{name}": tensor for name, tensor in state["model"].items()} | slots


def _save(state: Any, path: Path) -> None:
    torch.save(state, path)


def _restore(template: Any, path: Path) -> Any:
    del template
    return torch.load(path, weights_only=True)


def _save_safetensors(state: Any, path: Path) -> None:
    from safetensors.torch import save_file

    save_file(_name_tensors(state), path)


def _restore_safetensors(template: Any, path: Path) -> Any:
    from safetensors.torch import load_file

    model: dict[str, Any] = {}
    slots: dict[int, dict[str, Any]] = {}
    for name, tensor in load_file(path).items():
        part, _, rest = name.partition(".")
        if part == "model":
            model[rest] = tensor
        else:
            index, _, slot = rest.partition(".")
            slots.setdefault(int(index), {})[slot] = tensor
    return {"model": model, "optimizer": {"state": slots, "param_groups": template["optimizer"]["param_groups"]}}


ROUTES = {
    "native": Route(_save, _restore, ()),
    "safetensors": Route(_save_safetensors, _restore_safetensors, ("safetensors",)),
}
