"""Shared programs that are wrong on purpose, for the tests; each runs in a probe's process and gives its ``Proof``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from speedscore.bench_suite.probes.scaling.in_process import SharingRequest, prove_task

HERE = __name__


def prove_all_in_jax(memory: dict[str, Any], *, task: dict[str, Any], reference: str) -> dict[str, Any]:
    """A proof of the program as it is, and of one whose parameters are nowhere split."""
    del memory
    from speedscore.bench_suite.frameworks.jax import scaling

    asked = msgspec.convert(task, SharingRequest)
    proofs: dict[str, Any] = {"right": prove_task(asked, Path(reference))}
    scaling.split_axis = lambda _: None  # type: ignore[attr-defined, assignment]
    proofs["replicated"] = prove_task(asked, Path(reference))
    built: dict[str, Any] = msgspec.to_builtins(proofs)
    return built


def prove_all_in_torch(memory: dict[str, Any], *, task: dict[str, Any], reference: str) -> dict[str, Any]:
    """A proof by data as it is, of one that adds the gradients, and of one whose processes tell each other nothing."""
    del memory
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel

    from speedscore.bench_suite.frameworks.torch import scaling

    def summed(module: Any, mesh: Any) -> Any:
        del mesh
        wrapped = DistributedDataParallel(module)
        # As many times the mean as there are processes. No hook of communication: a Python function that gloo's own
        # thread still held when the wrapper goes would lock both up.
        for parameter in module.parameters():
            parameter.register_hook(lambda gradient: gradient * distributed.get_world_size())
        return wrapped

    asked = msgspec.convert(task, SharingRequest)
    wraps: dict[str, Any] = {"right": scaling._WRAP["data"], "summed": summed, "silent": lambda module, _: module}
    proofs: dict[str, Any] = {}
    for name, wrap in wraps.items():
        assert asked.member is not None
        own = msgspec.structs.replace(asked.member, rendezvous=f"{asked.member.rendezvous}-{name}")
        scaling._WRAP["data"] = wrap
        proofs[name] = prove_task(msgspec.structs.replace(asked, member=own), Path(reference))
    built: dict[str, Any] = msgspec.to_builtins(proofs)
    return built


def fail_or_wait(memory: dict[str, Any], *, seconds: float) -> None:
    """Raises at once where there is nothing to wait for."""
    del memory
    import time

    if not seconds:
        raise LookupError("this one is wrong")
    time.sleep(seconds)
