"""Times ways of tuning a PyTorch program side by side: ``python -m tests.performance.torch_tuning gpt inference``.

One process and one thread; the candidates take turns, in an order that is shuffled anew, and each is printed with its
processor time and its wall time beside those of the eager program. What a candidate answers, or its first loss, is
printed with them: it proves nothing that the certificate does not, but shows a candidate that computes another thing.
It chooses nothing: ``bench_suite/frameworks/torch/tuned.py`` holds what was chosen.
"""

from __future__ import annotations

import argparse
import importlib
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.fx.experimental.optimization import fuse

from speedscore.bench_suite.frameworks.torch.program import TorchProgram, build, make_objective
from speedscore.bench_suite.frameworks.torch.tuned import AUTOTUNED, CPP_WRAPPER, FREEZING
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.bench_suite.workloads.workload import AdamW
from speedscore.host.clock import seconds

ROUND_SECONDS = 0.03
Change = Callable[[TorchProgram], None]
"""Makes the tuned program of an eager one."""


def unchanged(program: TorchProgram) -> None:
    """The eager program itself."""


def compiled(options: dict[str, Any] | None = None) -> Change:
    """Model, loss and backward pass, or the pass alone, under ``torch.compile``."""

    def change(program: Any) -> None:
        function = make_objective(program.module) if program._trains else program._predict
        compile_whole = torch.compile(function, fullgraph=True, dynamic=False, options=options)
        setattr(program, "_objective" if program._trains else "_predict", compile_whole)

    return change


def folded(program: Any) -> None:
    """Batch normalisation folded into the convolutions, by PyTorch's own tool."""
    program._predict = fuse(program.module)


def compiled_and_folded(program: Any) -> None:
    folded(program)
    # Another option than the others have, or Dynamo would take what it compiled for one of them.
    compiled({"epilogue_fusion": True})(program)


def foreach(program: Any) -> None:
    """The optimizer over lists of tensors in the place of the fused one."""
    options, parameters = program._workload.optimizer, list(program.module.parameters())
    common = {"lr": options.learning_rate, "weight_decay": options.weight_decay, "foreach": True}
    if isinstance(options, AdamW):
        betas = options.beta1, options.beta2
        program._start_optimizer = lambda: torch.optim.AdamW(parameters, betas=betas, eps=options.epsilon, **common)
    else:
        program._start_optimizer = lambda: torch.optim.SGD(parameters, momentum=options.momentum, **common)
    program.load()


def whole(program: Any) -> None:
    """The step with its optimizer under ``torch.compile``, which leaves the call of ``backward`` to Python."""
    objective = program._objective

    def step() -> Any:
        program._optimizer.zero_grad(set_to_none=True)
        loss = objective(*program._batch)[0]
        loss.backward()
        program._optimizer.step()
        return loss.detach()

    compiled_step = torch.compile(step, dynamic=False)

    def run() -> None:
        program._loss = compiled_step()

    program.step = run


PASSES: dict[str, Change] = {
    "compile": compiled(),
    "compile, freezing": compiled(FREEZING),
    "compile, freezing, C++ wrapper": compiled(FREEZING | CPP_WRAPPER),
    "compile, freezing, max_autotune": compiled(AUTOTUNED),
    "folded": folded,
    "compile, folded": compiled_and_folded,
}
STEPS: dict[str, Change] = {
    "compile": compiled(),
    "compile, C++ wrapper": compiled(CPP_WRAPPER),
    "foreach": foreach,
    "compile, with the optimizer": whole,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("role", choices=("training", "inference", "throughput"))
    parser.add_argument("--preset", default="smoke")
    parser.add_argument("--seconds", type=float, default=12.0, help="of taking turns")
    parser.add_argument("--only", action="append", help="a candidate; may be given several times")
    given = parser.parse_args()
    candidates = STEPS if given.role == "training" else PASSES
    if given.model != "resnet50":
        candidates = {name: change for name, change in candidates.items() if "folded" not in name}
    chosen = {name: change for name, change in candidates.items() if name in (given.only or candidates)}
    runs = prepare(given, {"eager": unchanged, **chosen})
    for name, (processor, wall) in take_turns(runs, given.seconds).items():
        print(f"{given.model} {given.role} {given.preset} {name}: processor {processor:.3f}, wall {wall:.3f} of eager")


def prepare(given: argparse.Namespace, candidates: dict[str, Change]) -> dict[str, Callable[[], None]]:
    """Each candidate, compiled and warm."""
    workload = make_workload(given.model, given.preset)
    implementation = f"speedscore.bench_suite.frameworks.torch.{given.model}"
    inductor: Any = importlib.import_module("torch._inductor.config")
    runs = {}
    for name, change in candidates.items():
        program = build(
            workload, implementation=implementation, role=given.role, device="cpu", variant="eager", threads=1
        )
        change(program)
        run = program.step if given.role == "training" else program.infer
        started = seconds()
        with inductor.patch(freezing="freezing" in name):
            run()
        answered = program.loss() if given.role == "training" else float(np.linalg.norm(program.forward()))
        print(f"  {name}: {seconds() - started:.0f} s to the first, which gave {answered:.7g}", flush=True)
        for _ in range(5):
            run()
        runs[name] = run
    return runs


def take_turns(runs: dict[str, Callable[[], None]], limit_seconds: float) -> dict[str, tuple[float, float]]:
    """Processor and wall time of each beside the first one's: medians of the ratios of neighbouring rounds."""
    first, names = next(iter(runs)), list(runs)
    count = max(1, round(ROUND_SECONDS / time_round(runs[first], 1)[1]))
    turns: list[dict[str, tuple[float, float]]] = []
    end = seconds() + limit_seconds
    while seconds() < end or not turns:
        random.shuffle(names)
        turns.append({name: time_round(runs[name], count) for name in names})
    return {
        name: (
            statistics.median(turn[name][0] / turn[first][0] for turn in turns),
            statistics.median(turn[name][1] / turn[first][1] for turn in turns),
        )
        for name in runs
    }


def time_round(run: Callable[[], None], count: int) -> tuple[float, float]:
    """Seconds on the processor and by the clock."""
    processor, wall = time.process_time(), seconds()
    for _ in range(count):
        run()
    return time.process_time() - processor, seconds() - wall


if __name__ == "__main__":
    main()
