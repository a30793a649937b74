"""What holds of the choice of PyTorch's memory layout; see ``running`` for how it is run.

Every check has a cache folder of its own, and none but the first measures anything.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from unittest import mock

import msgspec
import torch

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.torch import layout_trial, memory_layout
from speedscore.bench_suite.frameworks.torch.memory_layout import (
    CHANNELS_LAST,
    CONTIGUOUS,
    KEPT,
    VARIABLE,
    Layout,
    Measured,
    Trial,
)
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.host.caches import cache_folder
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32
from tests.bench_suite.frameworks.checks import programs
from tests.bench_suite.frameworks.checks.programs import require_refused

_FASTER_LAST = Measured(contiguous_ms=3.0, channels_last_ms=2.0, ratio=0.7)
_FASTER_CONTIGUOUS = Measured(contiguous_ms=2.5, channels_last_ms=3.0, ratio=1.2)


@contextlib.contextmanager
def _no_choice_yet() -> Iterator[Path]:
    """A cache folder that is empty, and no layout asked for."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"XDG_CACHE_HOME": folder}):
        os.environ.pop(VARIABLE, None)
        yield Path(folder)


def _choose(precision: Precision = FLOAT32) -> Layout:
    return memory_layout.choose_layout(
        make_workload("resnet50", "smoke", precision),
        implementation=f"{programs.FRAMEWORKS}.torch.resnet50",
        arguments={"width": 8, "classes": 10},
        device="cpu",
        kind="cpu",
    )


def a_layout_is_measured_in_a_process_of_its_own_and_kept() -> None:
    with _no_choice_yet() as folder:
        chosen = _choose()
        (kept,) = folder.rglob("*.json")
        measured = msgspec.json.decode(kept.read_bytes(), type=Measured)
        assert min(measured.contiguous_ms, measured.channels_last_ms) > 0
        assert chosen == measured.layout
        assert chosen.channels_last == (measured.ratio < 1)
        with mock.patch.object(memory_layout, "_measure", side_effect=AssertionError("measured again")):
            assert _choose() == chosen, "every later process runs the same"


def each_number_of_threads_chooses_for_itself() -> None:
    asked: list[int] = []

    def measure(trial: Any) -> Measured:
        asked.append(trial.threads)
        return _FASTER_LAST

    threads = torch.get_num_threads()
    with _no_choice_yet() as folder, mock.patch.object(memory_layout, "_measure", measure):
        for _ in range(2):
            assert _choose().name == CHANNELS_LAST
        with mock.patch.object(torch, "get_num_threads", return_value=threads + 1):
            _choose()
        assert asked == [threads, threads + 1]
        assert len(list(folder.rglob("*.json"))) == 2


def each_precision_chooses_for_itself() -> None:
    """What won in float32 says nothing of tensor cores."""

    def measure(trial: Any) -> Measured:
        return _FASTER_LAST if trial.precision == "bfloat16" else _FASTER_CONTIGUOUS

    with _no_choice_yet() as folder, mock.patch.object(memory_layout, "_measure", measure):
        for _ in range(2):
            chosen = [_choose(precision).name for precision in get_args(Precision)]
            assert chosen == [CONTIGUOUS, CONTIGUOUS, CHANNELS_LAST]
        assert len(list(folder.rglob("*.json"))) == 3


def a_trial_runs_in_the_precision_of_its_case() -> None:
    types: list[torch.dtype] = []

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = torch.nn.Conv2d(3, 4, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            convolved: torch.Tensor = self.convolution(images)
            types.append(convolved.dtype)
            return convolved.mean((2, 3))

    def measure(precision: Precision) -> set[torch.dtype]:
        types.clear()
        trial = Trial(
            implementation="a.module",
            arguments={},
            images=(2, 4, 4, 3),
            device="cpu",
            device_kind="cpu",
            threads=torch.get_num_threads(),
            torch=str(torch.__version__),
            precision=precision,
        )
        assert layout_trial.measure(trial).ratio > 0
        return set(types)

    with (
        mock.patch.multiple(layout_trial, PAIRS=1, ROUND_SECONDS=0.0),
        mock.patch.object(layout_trial, "importlib", mock.Mock(**{"import_module.return_value.make_trial": Network})),
    ):
        assert measure("float32") == {torch.float32}
        assert measure("bfloat16") == {torch.bfloat16}
        require_refused(lambda: measure("tf32"), DeviceUnavailable, "asked for TF32 on 'cpu'")


def the_first_process_decides_for_one_that_measured_at_the_same_time() -> None:
    def measure_while_another_finishes(trial: Any) -> Measured:
        (cache_folder(KEPT) / trial.file_name).write_bytes(msgspec.json.encode(_FASTER_CONTIGUOUS))
        return _FASTER_LAST

    with _no_choice_yet(), mock.patch.object(memory_layout, "_measure", measure_while_another_finishes):
        assert _choose().name == _choose().name == CONTIGUOUS


def where_nothing_can_be_kept_nothing_is_measured() -> None:
    with _no_choice_yet() as folder, mock.patch.object(memory_layout, "_measure", side_effect=AssertionError):
        (folder / "speedscore").write_text("no folder")
        chosen = _choose()
        assert chosen.name == CONTIGUOUS
        assert "PyTorch's default" in chosen.reason


def without_a_home_there_is_no_cache_and_nothing_is_measured() -> None:
    with _no_choice_yet(), mock.patch.object(memory_layout, "_measure", side_effect=AssertionError):
        del os.environ["XDG_CACHE_HOME"]
        with mock.patch.object(Path, "home", side_effect=RuntimeError("no home")):
            chosen = _choose()
    assert chosen.name == CONTIGUOUS
    assert "name one in XDG_CACHE_HOME" in chosen.reason


def a_damaged_choice_is_made_anew() -> None:
    with _no_choice_yet() as folder, mock.patch.object(memory_layout, "_measure", return_value=_FASTER_LAST):
        _choose()
        (kept,) = folder.rglob("*.json")
        for damaged in (b"", b'{"ratio": 0.7', b'{"ratio": "\xff"}', b"[]"):
            kept.write_bytes(damaged)
            assert _choose() == _FASTER_LAST.layout
            assert msgspec.json.decode(kept.read_bytes(), type=Measured) == _FASTER_LAST


def a_trial_that_fails_says_how_to_do_without_it() -> None:
    remedy = f"; set {VARIABLE} to NCHW or channels_last"
    with _no_choice_yet() as folder:
        with mock.patch.object(sys, "executable", shutil.which("false")):
            require_refused(_choose, RuntimeError, f"ended with exit code 1 (){remedy}")
        with mock.patch.object(sys, "executable", str(folder / "nothing")):
            require_refused(_choose, RuntimeError, "could not be started")
        late = subprocess.TimeoutExpired("trial", 250.0, stderr=b"still compiling")
        with mock.patch.object(subprocess, "run", side_effect=late):
            require_refused(_choose, RuntimeError, f"did not end within 250 s (still compiling){remedy}")
        odd = subprocess.CompletedProcess("trial", 0, stdout=b"no answer", stderr=b"")
        with mock.patch.object(subprocess, "run", return_value=odd):
            require_refused(_choose, RuntimeError, "gave an answer that cannot be read")
        assert not list(folder.rglob("*.json")), "nothing half measured is kept"


def both_layouts_are_certified_and_described_and_a_wrong_name_is_refused() -> None:
    workload = make_workload("resnet50", "smoke")
    for name in (CONTIGUOUS, CHANNELS_LAST):
        with mock.patch.dict(os.environ, {VARIABLE: name}):
            program = programs.build("torch", "resnet50", "inference", variant="eager")
        described = program.describe()
        assert (described["layout"], described["layout_chosen"]) == (name, f"asked for by {VARIABLE}")
        expected = torch.channels_last if name == CHANNELS_LAST else torch.contiguous_format
        weight = program._model.module.stages[0][0].conv1.weight
        assert weight.is_contiguous(memory_format=expected)
        assert program._batch[0].is_contiguous(memory_format=expected)
        program.infer()
        assert certify(program, workload, "inference").passed
    with mock.patch.dict(os.environ, {VARIABLE: "NHWC"}):
        require_refused(_choose, ValueError, f"{VARIABLE}: expected NCHW or channels_last, found 'NHWC'")


def the_trial_is_the_network_with_the_first_block_of_each_stage() -> None:
    model = importlib.import_module(f"{programs.FRAMEWORKS}.torch.resnet50")
    whole = model.make(make_workload("resnet50", "smoke"))
    shorter = model.make_trial(**whole.trial)
    kept = {name: tensor.shape for name, tensor in shorter.named_parameters()}
    assert kept.items() < {name: tensor.shape for name, tensor in whole.module.named_parameters()}.items()
