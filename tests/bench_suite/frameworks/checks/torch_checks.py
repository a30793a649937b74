"""What holds of the PyTorch programs on the host; see ``running`` for how it is run."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import torch
import torch._dynamo.utils
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.torch.compiling import Compiler
from speedscore.bench_suite.frameworks.torch.layout import read, write
from speedscore.bench_suite.frameworks.torch.make_references import find_method
from speedscore.bench_suite.frameworks.torch.probing import compilations
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.bench_suite.workloads.workload import IGNORED
from speedscore.record.phases import MODEL_ROLES
from tests.bench_suite.frameworks.checks import programs
from tests.bench_suite.frameworks.checks.programs import same

_build = partial(programs.build, "torch", variant="eager")


def the_verbs_keep_and_restore_the_canonical_state() -> dict[str, Any]:
    workload = make_workload("resnet50", "smoke")
    canonical = {**workload.parameters(), **workload.state()}
    program = _build("resnet50")
    facts: dict[str, Any] = {
        "built": same(program.weights(), canonical),
        "stages": list(program.compile()),
        "stages of another size": program.compile(),
        "stages of a pass": _build("mlp", "inference").compile(),
        "memory": program.memory(),
    }
    program.forward()
    program.loss_and_gradients()
    facts["passes keep it"] = same(program.weights(), canonical)
    program.step()
    program.wait()
    facts["steps move it"] = not same(program.weights(), canonical)
    facts["pending"] = program.pending()
    facts["loss"] = program.loss()
    program.load()
    facts["load restores it"] = same(program.weights(), canonical)
    program.step()
    facts["same loss again"] = program.loss() == facts["loss"]
    facts["describe"] = program.describe()
    inference = _build("resnet50", "inference")
    facts["too early"] = _refusal(inference.forward, RuntimeError)
    inference.infer()
    facts["logits"] = inference.forward().shape
    facts["inference keeps it"] = same(inference.weights(), canonical)
    return facts


def a_compiled_program_is_certified_and_may_not_recompile() -> dict[str, Any]:
    workload = make_workload("mlp", "smoke")
    facts: dict[str, Any] = {}
    for role in MODEL_ROLES:
        program = _build("mlp", role, variant="compile")
        facts[role] = certify(program, workload, role).passed
        facts[f"{role} part"] = program.describe()["compiled"]
        facts[f"{role} from cache"] = program.describe()["compiled_from_cache"]
        run = program.step if role == "training" else program.infer

        def run_steadily(program: Any = program, run: Callable[[], None] = run) -> None:
            with program.steady():
                run()

        run_steadily()
        facts[f"{role} counts"] = program.counts()
        inputs, targets = program._batch
        program._batch = inputs[:1].repeat(3, 1), targets[:3]
        facts[f"{role} recompiled"] = "recompil" in _refusal(run_steadily, RuntimeError)
        if role == "throughput":
            watch = compilations.watch(program)
            run()
            facts["recompilations"] = program.counts()["recompilations"]
            facts["watched"] = watch().compiled, (watch().seconds or 0.0) > 0.0
    facts["eager counts"] = _build("mlp", "inference").counts()
    return facts


def a_compilation_comes_from_the_cache_where_all_of_it_does() -> list[bool | None]:
    found: list[bool | None] = []
    for hits, misses in ((0, 0), (2, 0), (1, 1), (0, 2)):
        counted: dict[str, Counter[str]] = {name: Counter() for name in ("stats", "graph_break", "inductor")}
        with mock.patch.object(torch._dynamo.utils, "counters", counted):
            compiler = Compiler("compile", {})
            counted["inductor"].update(fxgraph_cache_hit=hits, fxgraph_cache_miss=misses)
            found.append(compiler.from_cache())
    return found


def a_tuned_program_is_compiled_with_what_was_found_for_its_model_and_role() -> dict[str, Any]:
    workload: Any = make_workload("mlp", "smoke")
    facts: dict[str, Any] = {}
    for role in MODEL_ROLES:
        program = _build("mlp", role, variant="tuned")
        facts[role] = certify(program, workload, role).passed
        program.step() if role == "training" else program.infer()
        described = program.describe()
        facts[f"{role} part"] = described["variant"], described["compiled"], described.get("compile_options")
        facts[f"{role} graphs"] = bool(program.counts())
        if role != "training":
            facts[f"{role} kernels frozen"] = not _answers_other_kernels(program)
    facts["other model"] = _refusal(
        lambda: _build("mlp", variant="tuned", workload=msgspec.structs.replace(workload, model="wide")), LookupError
    )
    return facts


def what_one_program_freezes_stays_unfrozen_in_the_next() -> list[bool]:
    inductor: Any = importlib.import_module("torch._inductor.config")
    found = []
    for variant, tuning in (
        ("tuned", {"freezing": True}),
        ("tuned", {}),
        ("tuned", {"freezing": True}),
        ("compile", None),
    ):
        Compiler(variant, {}, tuning=tuning).prepare(torch.sin)
        found.append(inductor.freezing)
    return found


def _answers_other_kernels(program: Any) -> bool:
    """Whether a pass after a change of the kernels answers otherwise."""
    program.infer()
    before = program.forward()
    with torch.no_grad():
        for parameter in program.module.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2.0)
    program.infer()
    return not np.array_equal(program.forward(), before)


def what_cannot_be_built_says_what_was_asked_for_and_found() -> list[str]:
    with mock.patch.object(torch.cuda, "is_available", return_value=False):
        return [
            _refusal(partial(_build, "mlp", device=device, variant=variant), DeviceUnavailable, ValueError)
            for device, variant in (
                ("gpu", "eager"),
                ("cpu", "cudagraphs"),
                ("tpu", "cudagraphs"),
                ("gpu", "tuned"),
                ("cpu", "fast"),
            )
        ]


def _refusal(action: Callable[[], object], *kinds: type[Exception]) -> str:
    """The error's name and message; empty where nothing is raised."""
    try:
        action()
    except kinds as error:
        return f"{type(error).__name__} {error}"
    return ""


def passes_by_hand_are_those_of_autograd_in_float64() -> None:
    tiny = {"vocabulary": 13, "context": 16, "layers": 2, "width": 8, "heads": 2, "batch": 2}
    for name in ("gpt", "bert"):
        workload: Any = msgspec.structs.replace(make_workload(name, "smoke"), **tiny)  # type: ignore[type-var]
        parameters = {key: values.astype(np.float64) for key, values in workload.parameters().items()}
        by_hand = find_method(workload).train(parameters, {}, workload.inputs(), workload.targets())
        model = importlib.import_module(f"{programs.FRAMEWORKS}.torch.{name}").make(workload)
        tensors = dict(model.module.double().named_parameters())
        write(model.places, tensors, parameters)
        logits = model.module(torch.from_numpy(workload.inputs()).long())
        targets = torch.from_numpy(workload.targets()).long().flatten()
        loss: Any = functional.cross_entropy(logits.flatten(0, -2), targets, ignore_index=IGNORED)
        loss.backward()
        gradients = read(model.places, {key: tensor.grad for key, tensor in tensors.items()})
        np.testing.assert_allclose(logits.detach().numpy(), by_hand.outputs, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(loss.item(), by_hand.loss, rtol=1e-12)
        assert gradients.keys() == by_hand.gradients.keys()
        for key, values in gradients.items():
            np.testing.assert_allclose(values, by_hand.gradients[key], rtol=1e-9, atol=1e-12, err_msg=key)


def flops_are_counted_by_pytorchs_own_counter() -> dict[str, list[int]]:
    return {f"{model}-{preset}": _count_flops(model, preset) for model in MODELS for preset in PRESETS}


def _count_flops(model: str, preset: str) -> list[int]:
    """Of a training step, of a pass of the single input and of one of the batch, on tensors without memory."""
    workload = make_workload(model, preset)
    with torch.device("meta"):
        module = importlib.import_module(f"{programs.FRAMEWORKS}.torch.{model}").make(workload).module
    values = workload.inputs()
    kind = torch.long if values.dtype == np.int32 else torch.float32
    inputs = torch.empty(values.shape, dtype=kind, device="meta")
    if inputs.ndim == 4:
        inputs = inputs.permute(0, 3, 1, 2)

    def train() -> None:
        logits = module(inputs)
        targets = torch.empty(logits.shape[:-1], dtype=torch.long, device="meta")
        loss: Any = functional.cross_entropy(logits.flatten(0, -2), targets.flatten())
        loss.backward()

    trained = _counted(train)
    module.eval().requires_grad_(False)
    return [trained, *(_counted(partial(module, batch)) for batch in (inputs[:1], inputs))]


def _counted(function: Callable[[], object]) -> int:
    with FlopCounterMode(display=False) as counter:
        function()
    return int(counter.get_total_flops())


def a_profile_is_taken_by_a_module_that_nothing_else_imports() -> None:
    built = _build("mlp", variant="eager")
    built.compile()
    assert programs.profile("torch", built) == ("trace.json.gz",)
